// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Message table: what the vhost-user document says about each message of a front-end, as data: what
// it needs to have been negotiated, its sizes, its descriptors, its reply. What a message does is
// in MessageHandlers.
#pragma once

#include "engine/base/result.h"
#include "engine/device/feature_dial.h"
#include "engine/vhost_user/connection.h"

#include <string>

namespace vwb {

// Protocol features that a front-end sees unless the dial of the device says otherwise.
inline constexpr uint64_t OFFERED_PROTOCOL_FEATURES = protocol_bit(ProtocolFeature::Mq)
    | protocol_bit(ProtocolFeature::LogShmfd) | protocol_bit(ProtocolFeature::ReplyAck)
    | protocol_bit(ProtocolFeature::BackendReq) | protocol_bit(ProtocolFeature::Config)
    | protocol_bit(ProtocolFeature::ResetDevice) | protocol_bit(ProtocolFeature::ConfigureMemSlots)
    | protocol_bit(ProtocolFeature::Status) | protocol_bit(ProtocolFeature::DeviceState)
    | protocol_bit(ProtocolFeature::InflightShmfd);

inline constexpr FeatureRange PROTOCOL_FEATURES { .usual = OFFERED_PROTOCOL_FEATURES,
    .optional = protocol_bit(ProtocolFeature::InbandNotifications)
        | protocol_bit(ProtocolFeature::Pagefault) | protocol_bit(ProtocolFeature::XenMmap)
        | protocol_bit(ProtocolFeature::SharedObject) | protocol_bit(ProtocolFeature::Shmem)
        | protocol_bit(ProtocolFeature::BackendSendFd) };

// What a front-end waits for after a message.
enum class ReplyKind : uint8_t {
    Ack, // nothing; a number (0: success) if it asked for one and REPLY_ACK was negotiated
    AckIfAsked, // the same, but QEMU asks without REPLY_ACK
    Always, // a reply of its own; of a refused message it is one without payload, as the document
            // has it for GET_CONFIG, so that the front-end neither waits nor takes it for success
    Number, // a reply of its own that is a number with 0 for success
    NumberIfNegotiated, // the same where its protocol feature was negotiated, otherwise as Ack
    DeviceStateFd, // a number with bits 0..7 for an error and bit 8 for "no descriptor"
};

struct MessageRule {
    FrontEndMessage id;
    // What must have been negotiated: a protocol feature; or something else that we do not offer.
    enum class Gate : uint8_t {
        None,
        Protocol,
        ProtocolFeaturesBit,
        AccessPlatform,
        NotOffered
    } gate;
    ProtocolFeature feature;
    const char* missing;
    uint32_t min_size;
    uint32_t max_size;
    uint8_t min_fds;
    uint8_t max_fds;
    ReplyKind reply;
};

// Null pointer if the document has no such message.
const MessageRule* find_rule(FrontEndMessage id);

// What was negotiated so far, as far as it decides about messages.
struct Negotiated {
    bool protocol_features_bit = false; // virtio bit 30
    bool access_platform = false; // virtio bit 33
    uint64_t protocol_features = 0;
    bool has(ProtocolFeature feature) const
    {
        return (protocol_features & protocol_bit(feature)) != 0;
    }
};

// Everything that can be said about a message without looking at its content. Errors: Unsupported
// if its feature was not negotiated, Protocol for wrong sizes, descriptors or flags; each says what
// was found and what was expected.
Result<void> check_message(const MessageRule& rule, const Message& message, const Negotiated& have);

// "vhost-user.set-vring-num" and "vhost-user, SET_VRING_NUM", for problem records.
std::string rule_name(FrontEndMessage id);
std::string clause_name(FrontEndMessage id);

} // namespace vwb
