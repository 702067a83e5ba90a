// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/feature_outcome.h"

namespace vwb {
namespace {

// Whether the front-end let the driver see an offered bit.
Value kept(const FeatureNegotiation& negotiation, bool accepted)
{
    if (accepted || (negotiation.front_end_passes_all && negotiation.seen_by_driver))
        return true;
    return negotiation.seen_by_driver ? Value() : Value(false);
}

const char* who_dropped(const FeatureNegotiation& negotiation)
{
    if (!negotiation.seen_by_driver)
        return "the front-end did not accept it";
    return negotiation.front_end_passes_all
        ? "the driver did not accept it"
        : "the driver did not accept it, or its front-end dropped it";
}

Value outcome_of(const FeatureNegotiation& negotiation, unsigned bit, const FeatureNamer& name_of)
{
    const uint64_t mask = uint64_t { 1 } << bit;
    const bool offered = (negotiation.offered & mask) != 0;
    Value value = Value::object();
    value.set("bit", bit);
    value.set("name", name_of(bit));
    value.set("offered", offered);
    const bool known = offered && negotiation.accepted;
    const bool accepted = known && (*negotiation.accepted & mask) != 0;
    value.set("kept", known ? kept(negotiation, accepted) : Value());
    value.set("accepted", known ? Value(accepted) : Value());
    if (!offered)
        value.set("lost",
            negotiation.range.usual & mask ? "withheld by the feature dial"
                                           : "offered only if the feature dial says so");
    else
        value.set("lost", known && !accepted ? Value(who_dropped(negotiation)) : Value());
    return value;
}

} // namespace

Value feature_outcome(const FeatureNegotiation& negotiation, const FeatureNamer& name_of)
{
    Value list = Value::list();
    const uint64_t all = negotiation.range.usual | negotiation.range.optional;
    for (unsigned bit = 0; bit < 64; ++bit) {
        if (all >> bit & 1)
            list.append(outcome_of(negotiation, bit, name_of));
    }
    return list;
}

} // namespace vwb
