// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/gate/fault_action.h"

#include "engine/base/assignment.h"
#include "engine/base/config.h"
#include "engine/base/units.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <sstream>

namespace vwb {
namespace {

using Words = std::span<const std::string>;

struct Grammar {
    const char* name;
    FaultKind kind;
    const char* usage;
    Result<void> (*read)(Words, FaultAction&);
};

Error not_usage(const char* usage)
{
    return { ErrorKind::Invalid, std::string("expected '") + usage + "'" };
}

constexpr const char* DELAY = "delay DURATION [jitter DURATION]";
constexpr const char* USED_LENGTH = "used-length N, used-length +N or used-length -N";

Result<Duration> read_duration(const std::string& word)
{
    constexpr Duration longest = std::chrono::hours(1);
    const Duration duration = VWB_TRY(parse_duration(word));
    if (duration < Duration(0) || duration > longest)
        return Error(ErrorKind::Limit, "'" + word + "' is not from 0s to 60min");
    return duration;
}

Result<void> read_nothing(Words words, FaultAction&)
{
    if (words.empty())
        return {};
    return Error(ErrorKind::Invalid, "nothing may follow, found '" + words[0] + "'");
}

Result<void> read_delay(Words words, FaultAction& action)
{
    if (words.empty())
        return not_usage(DELAY);
    action.delay = VWB_TRY(read_duration(words[0]));
    if (words.size() == 1)
        return {};
    if (words.size() != 3 || words[1] != "jitter")
        return not_usage(DELAY);
    action.jitter = VWB_TRY(read_duration(words[2]));
    return {};
}

Result<void> read_stall(Words words, FaultAction& action)
{
    if (words.size() != 1)
        return not_usage("stall DURATION");
    action.delay = VWB_TRY(read_duration(words[0]));
    return {};
}

Result<void> read_length(Words words, FaultAction& action)
{
    if (words.size() != 1 || words[0].empty())
        return not_usage(USED_LENGTH);
    const char sign = words[0][0];
    action.relative = sign == '+' || sign == '-';
    const auto size = parse_size(words[0].substr(action.relative ? 1 : 0));
    if (!size || *size > std::numeric_limits<uint32_t>::max())
        return not_usage(USED_LENGTH);
    action.length = static_cast<int64_t>(*size) * (sign == '-' ? -1 : 1);
    return {};
}

Result<void> read_bits(Words words, FaultAction& action)
{
    constexpr uint64_t most = 4096;
    if (words.empty())
        return {};
    const auto bits = parse_unsigned(words[0]);
    if (!bits || *bits == 0 || *bits > most || words.size() > 1)
        return not_usage("corrupt [BITS], with 1 to 4096 of them");
    action.bits = static_cast<uint32_t>(*bits);
    return {};
}

Result<void> read_act(Words words, FaultAction& action)
{
    if (words.empty())
        return not_usage("call ACTION [KEY=VALUE...]");
    action.verb = words[0];
    for (const auto& word : words.subspan(1))
        action.assignments.push_back(VWB_TRY(split_assignment(word)));
    return {};
}

constexpr std::array GRAMMAR {
    Grammar { "delay", FaultKind::Delay, DELAY, read_delay },
    Grammar { "never", FaultKind::Never, "never", read_nothing },
    Grammar { "error", FaultKind::Error, "error", read_nothing },
    Grammar { "used-length", FaultKind::UsedLength, USED_LENGTH, read_length },
    Grammar { "corrupt", FaultKind::Corrupt, "corrupt [BITS]", read_bits },
    Grammar { "no-call", FaultKind::NoCall, "no-call", read_nothing },
    Grammar { "extra-call", FaultKind::ExtraCall, "extra-call", read_nothing },
    Grammar { "duplicate", FaultKind::Duplicate, "duplicate", read_nothing },
    Grammar { "reorder", FaultKind::Reorder, "reorder", read_nothing },
    Grammar { "stall", FaultKind::Stall, "stall DURATION", read_stall },
    Grammar { "disconnect", FaultKind::Disconnect, "disconnect", read_nothing },
    Grammar { "crash", FaultKind::Crash, "crash", read_nothing },
    Grammar { "call", FaultKind::Act, "call ACTION [KEY=VALUE...]", read_act },
};

Error unknown(const std::string& word)
{
    std::vector<std::string> names;
    std::string all;
    for (const auto& known : GRAMMAR) {
        names.emplace_back(known.name);
        all += (all.empty() ? "" : ", ") + names.back();
    }
    const auto near = nearest_word(word, names);
    return { ErrorKind::Invalid,
        "'" + word.substr(0, 100) + "' is no fault action"
            + (near.empty() ? "; there are " + all : "; did you mean '" + near + "'?") };
}

} // namespace

const char* to_string(GatePoint point)
{
    return point == GatePoint::Popped ? "popped" : "completed";
}

Result<GatePoint> parse_gate_point(const std::string& text)
{
    for (const auto point : { GatePoint::Popped, GatePoint::Completed }) {
        if (text == to_string(point))
            return point;
    }
    return Error(ErrorKind::Invalid,
        "at: expected popped or completed, found '" + text.substr(0, 100) + "'");
}

Result<FaultAction> parse_fault_action(const std::string& text)
{
    constexpr size_t longest = 1000;
    if (text.size() > longest)
        return Error(ErrorKind::Limit, "a fault action has at most 1000 characters");
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;)
        words.push_back(word);
    const std::string name = words.empty() ? "" : words[0];
    const auto found = std::ranges::find_if(
        GRAMMAR, [&name](const Grammar& known) { return name == known.name; });
    if (found == GRAMMAR.end())
        return unknown(name);
    FaultAction action;
    action.kind = found->kind;
    action.text = text;
    auto read = found->read(Words(words).subspan(1), action);
    if (!read)
        return std::move(read).error().within(found->name);
    return action;
}

bool possible_at(FaultKind kind, GatePoint point)
{
    switch (kind) {
    case FaultKind::Delay:
    case FaultKind::Disconnect:
    case FaultKind::Crash:
    case FaultKind::Act:
    case FaultKind::Never:
        return true;
    case FaultKind::Error:
    case FaultKind::Stall:
        return point == GatePoint::Popped;
    default:
        return point == GatePoint::Completed;
    }
}

GatePoint usual_point(FaultKind kind)
{
    return possible_at(kind, GatePoint::Popped) ? GatePoint::Popped : GatePoint::Completed;
}

} // namespace vwb
