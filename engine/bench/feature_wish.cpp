// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/bench/feature_wish.h"

#include "engine/vhost_user/message_names.h"
#include "engine/vhost_user/message_table.h"

#include <algorithm>

namespace vwb {
namespace {

Result<FeatureWish::Names> read_names(ConfigReader& table, const char* key)
{
    auto names = VWB_TRY(table.strings(key));
    return table.has(key) ? FeatureWish::Names(std::move(names)) : FeatureWish::Names {};
}

Result<std::optional<int64_t>> read_number(ConfigReader& table, const char* key)
{
    const int64_t number = VWB_TRY(table.integer_or(key, 0, 0, MAX_QUEUE_SIZE));
    return table.has(key) ? std::optional(number) : std::nullopt;
}

Result<FeatureWish::Names> names_of(const Value& parameters, const char* key)
{
    const Value* given = parameters.find(key);
    if (!given)
        return FeatureWish::Names {};
    std::vector<std::string> names;
    const Value::List* list = given->as_list();
    for (const Value& item : list ? *list : Value::List { *given }) {
        const std::string* name = item.as_string();
        if (!name)
            return Error(ErrorKind::Invalid,
                std::string(key) + ": expected names of features, found: " + item.type_name());
        names.push_back(*name);
    }
    return FeatureWish::Names(std::move(names));
}

Result<std::optional<int64_t>> number_of(const Value& parameters, const char* key)
{
    const Value* given = parameters.find(key);
    if (!given)
        return std::optional<int64_t> {};
    const int64_t* number = given->as_integer();
    if (!number)
        return Error(ErrorKind::Invalid,
            std::string(key) + ": expected an integer, found: " + given->type_name());
    return std::optional<int64_t>(*number);
}

FeatureNamer names_of(const DeviceHost& host)
{
    return [&host](unsigned bit) { return feature_name(*host.traits().schema, bit); };
}

Result<void> turn_bits(uint64_t& bits, const FeatureWish::Names& names, uint64_t mask,
    const char* what, const FeatureNamer& name_of)
{
    if (names)
        bits = VWB_TRY(parse_feature_bits(*names, mask, what, name_of));
    return {};
}

Result<void> turn_cap(
    uint32_t& cap, const std::optional<int64_t>& number, const char* name, int64_t maximum)
{
    if (!number)
        return {};
    if (*number < 0 || *number > maximum)
        return Error(ErrorKind::Invalid,
            std::string(name) + ": expected 1 to " + std::to_string(maximum)
                + ", or 0 for no cap; found " + std::to_string(*number));
    cap = static_cast<uint32_t>(*number);
    return {};
}

// The bits that drafts of vhost-user have had, and the document's.
Result<void> turn_shmem_bit(uint32_t& bit, const std::optional<int64_t>& number)
{
    if (!number)
        return {};
    if (*number != 0 && (*number < 20 || *number > 22))
        return Error(ErrorKind::Invalid,
            "shmem_bit: expected 20, 21 or 22, or 0 for the document's; found "
                + std::to_string(*number));
    bit = static_cast<uint32_t>(*number);
    return {};
}

uint32_t largest_queue(const DeviceHost& host)
{
    uint32_t largest = 0;
    for (const QueueTraits& queue : host.traits().queues)
        largest = std::max(largest, queue.max_size);
    return largest;
}

} // namespace

Result<FeatureWish> read_feature_wish(ConfigReader& table)
{
    FeatureWish wish;
    wish.offer = VWB_TRY(read_names(table, "offer"));
    wish.withhold = VWB_TRY(read_names(table, "withhold"));
    wish.protocol_offer = VWB_TRY(read_names(table, "protocol_offer"));
    wish.protocol_withhold = VWB_TRY(read_names(table, "protocol_withhold"));
    wish.queues = VWB_TRY(read_number(table, "queues"));
    wish.queue_size = VWB_TRY(read_number(table, "queue_size"));
    wish.segments = VWB_TRY(read_number(table, "segments"));
    wish.shmem_bit = VWB_TRY(read_number(table, "shmem_bit"));
    VWB_TRY(table.finish());
    return wish;
}

Result<FeatureWish> feature_wish_of(const Value& parameters)
{
    FeatureWish wish;
    wish.offer = VWB_TRY(names_of(parameters, "offer"));
    wish.withhold = VWB_TRY(names_of(parameters, "withhold"));
    wish.protocol_offer = VWB_TRY(names_of(parameters, "protocol_offer"));
    wish.protocol_withhold = VWB_TRY(names_of(parameters, "protocol_withhold"));
    wish.queues = VWB_TRY(number_of(parameters, "queues"));
    wish.queue_size = VWB_TRY(number_of(parameters, "queue_size"));
    wish.segments = VWB_TRY(number_of(parameters, "segments"));
    wish.shmem_bit = VWB_TRY(number_of(parameters, "shmem_bit"));
    return wish;
}

Result<FeatureDial> turn(const FeatureDial& dial, const FeatureWish& wish, const DeviceHost& host)
{
    FeatureDial next = dial;
    const FeatureRange& range = host.feature_range();
    const FeatureNamer names = names_of(host);
    const uint64_t all = range.usual | range.optional;
    VWB_TRY(turn_bits(next.offer, wish.offer, all, "offered", names));
    VWB_TRY(turn_bits(next.withhold, wish.withhold, all, "withheld", names));
    const uint64_t protocol = PROTOCOL_FEATURES.usual | PROTOCOL_FEATURES.optional;
    VWB_TRY(turn_bits(
        next.protocol_offer, wish.protocol_offer, protocol, "offered", protocol_feature_name));
    VWB_TRY(turn_bits(next.protocol_withhold, wish.protocol_withhold, protocol, "withheld",
        protocol_feature_name));
    const auto queues = static_cast<int64_t>(host.traits().queues.size());
    VWB_TRY(turn_cap(next.queues, wish.queues, "queues", queues));
    VWB_TRY(turn_cap(next.queue_size, wish.queue_size, "queue_size", largest_queue(host)));
    VWB_TRY(turn_cap(next.segments, wish.segments, "segments", MAX_QUEUE_SIZE));
    VWB_TRY(turn_shmem_bit(next.shmem_bit, wish.shmem_bit));
    return next;
}

Value to_value(const FeatureDial& dial, const DeviceHost& host)
{
    const Schema& schema = *host.traits().schema;
    Value value = Value::object();
    value.set("offer", feature_names(schema, dial.offer));
    value.set("withhold", feature_names(schema, dial.withhold));
    value.set("protocol_offer", protocol_feature_names(dial.protocol_offer));
    value.set("protocol_withhold", protocol_feature_names(dial.protocol_withhold));
    value.set("queues", dial.queues);
    value.set("queue_size", dial.queue_size);
    value.set("segments", dial.segments);
    value.set("shmem_bit", dial.shmem_bit);
    return value;
}

} // namespace vwb
