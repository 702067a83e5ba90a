// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/config_access.h"

#include <array>

namespace vwb {
namespace {

// Writes from the first byte to the last one that differ from what is there.
Result<void> write_changes(DeviceHost& host, uint32_t offset, std::span<const std::byte> bytes)
{
    std::array<std::byte, MAX_CONFIG_BYTES> current;
    const auto now = std::span(current).first(bytes.size());
    VWB_TRY(host.read_config(offset, now));
    size_t first = 0;
    while (first < bytes.size() && bytes[first] == now[first])
        ++first;
    if (first == bytes.size())
        return {};
    size_t end = bytes.size();
    while (bytes[end - 1] == now[end - 1])
        --end;
    return host.write_config(
        offset + static_cast<uint32_t>(first), bytes.subspan(first, end - first));
}

} // namespace

Result<std::vector<std::byte>> read_config(const DeviceHost& host, const Message& message)
{
    const auto config = message.read<ConfigPayload>();
    if (config.size > MAX_CONFIG_BYTES)
        return Error(ErrorKind::Limit,
            "asks for " + std::to_string(config.size) + " bytes, at most "
                + std::to_string(MAX_CONFIG_BYTES));
    std::vector<std::byte> reply(sizeof config + config.size);
    std::memcpy(reply.data(), &config, sizeof config);
    VWB_TRY(host.read_config(config.offset, std::span(reply).subspan(sizeof config)));
    return reply;
}

// Two front-ends send more than their driver wrote: QEMU's generic device sends the whole space for
// every write, and a migration brings the whole space with its read-only fields. There only what
// changes is a write.
Result<void> write_config(DeviceHost& host, const Message& message)
{
    const auto config = message.read<ConfigPayload>();
    const auto bytes = std::span(message.payload).subspan(sizeof config);
    if (bytes.size() != config.size)
        return Error(ErrorKind::Protocol,
            "says " + std::to_string(config.size) + " bytes and brings "
                + std::to_string(bytes.size()));
    if (config.flags != CONFIG_WRITE_OF_DRIVER && config.flags != CONFIG_WRITE_FOR_MIGRATION)
        return Error(ErrorKind::Invalid,
            "has flags " + std::to_string(config.flags) + ", expected 0 (write) or 1 (migration)");
    auto written = host.write_config(config.offset, bytes);
    const bool whole = config.offset == 0 && bytes.size() == host.traits().config_size;
    if (written || (!whole && config.flags != CONFIG_WRITE_FOR_MIGRATION))
        return written;
    return write_changes(host, config.offset, bytes);
}

} // namespace vwb
