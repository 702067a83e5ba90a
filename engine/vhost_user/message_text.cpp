// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/message_text.h"

#include "engine/base/inspector.h"
#include "engine/device/schema.h"
#include "engine/vhost_user/message_names.h"
#include "engine/vhost_user/message_payload.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace vwb {
namespace {

constexpr size_t MOST_BYTES = 32;
constexpr size_t MOST_REGIONS = 64;

template <typename T> std::optional<T> head_of(std::span<const std::byte> payload)
{
    if (payload.size() < sizeof(T))
        return {};
    T value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
}

Value raw_bytes(std::span<const std::byte> payload)
{
    static constexpr SchemaField bytes { "bytes", FieldKind::Bytes, 0, 0 };
    return decode_fields(std::span(&bytes, 1), payload.first(std::min(payload.size(), MOST_BYTES)));
}

Value ring_state(const VringState& state, const char* name)
{
    Value value = Value::object();
    value.set("queue", state.index);
    value.set(name, state.num);
    return value;
}

Value ring_address(const VringAddr& address)
{
    Value value = Value::object();
    value.set("queue", address.index);
    value.set("flags", address.flags);
    value.set("descriptors", hex_text(address.descriptor));
    value.set("driver", hex_text(address.available));
    value.set("device", hex_text(address.used));
    value.set("log", hex_text(address.log));
    return value;
}

Value region_value(const MemoryRegionPayload& region)
{
    Value value = Value::object();
    value.set("guest_address", hex_text(region.guest_address));
    value.set("size", hex_text(region.size));
    value.set("user_address", hex_text(region.user_address));
    value.set("mmap_offset", hex_text(region.mmap_offset));
    return value;
}

Value memory_table(const MemoryTablePayload& table, std::span<const std::byte> rest)
{
    Value regions = Value::list();
    const auto count = std::min<size_t>(table.region_count, MOST_REGIONS);
    for (size_t i = 0; i < count; ++i) {
        const auto region = head_of<MemoryRegionPayload>(rest);
        if (!region)
            break;
        regions.append(region_value(*region));
        rest = rest.subspan(sizeof *region);
    }
    Value value = Value::object();
    value.set("region_count", table.region_count);
    value.set("regions", std::move(regions));
    return value;
}

Value config_piece(const ConfigPayload& config, std::span<const std::byte> rest)
{
    Value value = rest.empty() ? Value::object() : raw_bytes(rest);
    value.set("offset", config.offset);
    value.set("size", config.size);
    value.set("flags", config.flags);
    return value;
}

Value ring_descriptor(uint64_t number)
{
    Value value = Value::object();
    value.set("queue", number & VRING_INDEX_MASK);
    value.set("without_descriptor", (number & VRING_NO_FD) != 0);
    return value;
}

// Of a message whose content has the size that it must have; null otherwise.
template <typename T, typename Describe>
Value described(std::span<const std::byte> payload, Describe&& describe)
{
    const auto head = head_of<T>(payload);
    return head ? describe(*head) : Value();
}

Value named_fields(FrontEndMessage id, std::span<const std::byte> payload)
{
    using Id = FrontEndMessage;
    const auto rest_behind = [&payload](size_t size) {
        return payload.size() > size ? payload.subspan(size) : std::span<const std::byte>();
    };
    switch (id) {
    case Id::SetVringNum:
        return described<VringState>(
            payload, [](auto& state) { return ring_state(state, "size"); });
    case Id::SetVringBase:
    case Id::GetVringBase:
        return described<VringState>(
            payload, [](auto& state) { return ring_state(state, "base"); });
    case Id::SetVringEnable:
        return described<VringState>(
            payload, [](auto& state) { return ring_state(state, "enable"); });
    case Id::SetVringAddr:
        return described<VringAddr>(payload, ring_address);
    case Id::SetVringKick:
    case Id::SetVringCall:
    case Id::SetVringErr:
        return described<uint64_t>(payload, ring_descriptor);
    case Id::SetMemTable:
        return described<MemoryTablePayload>(
            payload, [&](auto& table) { return memory_table(table, rest_behind(sizeof table)); });
    case Id::AddMemReg:
    case Id::RemMemReg:
        return described<SingleRegionPayload>(
            payload, [](auto& single) { return region_value(single.region); });
    case Id::GetConfig:
    case Id::SetConfig:
        return described<ConfigPayload>(payload,
            [&](auto& config) { return config_piece(config, rest_behind(sizeof config)); });
    case Id::GetProtocolFeatures:
    case Id::SetProtocolFeatures:
        return described<uint64_t>(payload, [](uint64_t bits) {
            Value value = Value::object();
            value.set("features", protocol_feature_names(bits));
            return value;
        });
    default:
        return {};
    }
}

} // namespace

Value describe_payload(FrontEndMessage id, std::span<const std::byte> payload)
{
    if (payload.empty())
        return {};
    if (Value fields = named_fields(id, payload); !fields.is_null())
        return fields;
    if (payload.size() != sizeof(uint64_t))
        return raw_bytes(payload);
    Value value = Value::object();
    value.set("value", hex_text(*head_of<uint64_t>(payload)));
    return value;
}

} // namespace vwb
