// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/compare_runs.h"

#include <algorithm>
#include <set>

namespace vwb {
namespace {

const std::vector<CapturedRequest> NO_REQUESTS;

const std::vector<CapturedRequest>& requests_of(
    const CapturedRun& run, const CapturedRun::QueueKey& queue)
{
    const auto found = run.requests().find(queue);
    return found == run.requests().end() ? NO_REQUESTS : found->second;
}

Value pair_of(Value one, Value other)
{
    Value list = Value::list();
    list.append(std::move(one));
    list.append(std::move(other));
    return list;
}

Value request_value(const std::vector<CapturedRequest>& requests, size_t index)
{
    if (index >= requests.size())
        return {};
    const CapturedRequest& request = requests[index];
    Value value = Value::object();
    value.set("request", request.number);
    value.set("name", request.name);
    value.set("fields", request.fields);
    value.set("answer", request.answer);
    return value;
}

bool equal(const CapturedRequest& one, const CapturedRequest& other)
{
    return one.name == other.name && one.fields == other.fields
        && one.readable_bytes == other.readable_bytes && one.answer == other.answer;
}

Value compare_queue(
    const CapturedRun::QueueKey& key, const CapturedRun& one, const CapturedRun& other)
{
    const auto& ours = requests_of(one, key);
    const auto& theirs = requests_of(other, key);
    size_t index = 0;
    while (index < ours.size() && index < theirs.size() && equal(ours[index], theirs[index]))
        ++index;
    const bool same = index == ours.size() && index == theirs.size();
    Value value = Value::object();
    value.set("device", key.first);
    value.set("queue", key.second);
    value.set("requests", pair_of(ours.size(), theirs.size()));
    value.set("same", same);
    if (!same) {
        Value first = Value::object();
        first.set("index", index);
        first.set("one", request_value(ours, index));
        first.set("other", request_value(theirs, index));
        value.set("first", std::move(first));
    }
    return value;
}

void compare_features(const std::string& device, const Value& one, const Value& other, Value& out)
{
    std::set<std::string> names;
    for (const Value* side : { &one, &other }) {
        for (const auto& [name, accepted] : *side->as_object())
            names.insert(name);
    }
    for (const auto& name : names) {
        const Value* ours = one.find(name);
        const Value* theirs = other.find(name);
        if (ours && theirs && *ours == *theirs)
            continue;
        Value entry = Value::object();
        entry.set("device", device);
        entry.set("name", name);
        entry.set("one", ours ? *ours : Value());
        entry.set("other", theirs ? *theirs : Value());
        out.append(std::move(entry));
    }
}

Value latency_value(
    const CaptureStats::RequestKey& key, const Histogram& one, const Histogram& other)
{
    Value value = Value::object();
    value.set("device", std::get<0>(key));
    value.set("queue", std::get<1>(key));
    value.set("name", std::get<2>(key));
    value.set("count", pair_of(one.count(), other.count()));
    value.set("p50_ns", pair_of(one.quantile(0.5).count(), other.quantile(0.5).count()));
    value.set("p90_ns", pair_of(one.quantile(0.9).count(), other.quantile(0.9).count()));
    value.set("p99_ns", pair_of(one.quantile(0.99).count(), other.quantile(0.99).count()));
    value.set("max_ns", pair_of(one.maximum().count(), other.maximum().count()));
    return value;
}

} // namespace

Value compare_runs(const CapturedRun& one, const CapturedRun& other)
{
    std::set<CapturedRun::QueueKey> keys;
    for (const CapturedRun* run : { &one, &other }) {
        for (const auto& [key, requests] : run->requests())
            keys.insert(key);
    }
    bool same = true;
    Value queues = Value::list();
    for (const auto& key : keys) {
        queues.append(compare_queue(key, one, other));
        same &= *queues.as_list()->back().find("same") == Value(true);
    }
    Value features = Value::list();
    const Value none = Value::object();
    for (const auto& [device, accepted] : one.accepted()) {
        const auto theirs = other.accepted().find(device);
        compare_features(
            device, accepted, theirs == other.accepted().end() ? none : theirs->second, features);
    }
    Value latency = Value::list();
    for (const auto& [key, requests] : one.stats().requests()) {
        const auto theirs = other.stats().requests().find(key);
        if (theirs != other.stats().requests().end())
            latency.append(latency_value(key, requests.latency, theirs->second.latency));
    }
    Value value = Value::object();
    value.set("same", same && features.as_list()->empty());
    value.set("queues", std::move(queues));
    value.set("features", std::move(features));
    value.set("latency", std::move(latency));
    return value;
}

} // namespace vwb
