// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ForeignBackEnd: the least that a vhost-user back-end of somebody else may be: one queue that
// echoes, no protocol feature unless told so, no config space, no confirmation. It asserts the
// order that the vhost-user document asks of a front-end.
#pragma once

#include "engine/virtqueue/notification.h"
#include "engine/virtqueue/virtqueue.h"
#include "tests/support/scripted_back_end.h"

#include <vector>

namespace vwb::test {

class ForeignBackEnd {
public:
    struct Options {
        uint64_t features;
        uint64_t protocol_features = 0; // needs bit 30 of the features
    };

    explicit ForeignBackEnd(const Options& options)
        : m_options(options)
        , m_peer([this](ScriptedBackEnd&, const Message& message) { handle(message); },
              [this] { m_kick_watch.reset(); })
    {
    }
    UniqueFd take_socket() { return m_peer.take_socket(); }

    // Read when the front-end has an answer to a message that it sent later.
    std::vector<FrontEndMessage> received;
    uint64_t accepted = 0;

private:
    void handle(const Message& message);
    void answer_number(const Message& message, uint64_t number);
    void map(const Message& message);
    void set_up_ring(FrontEndMessage id, const Message& message);
    void start(UniqueFd kick);
    void serve();
    std::byte* at(uint64_t user_address) const;

    Options m_options;
    std::shared_ptr<const GuestMemory> m_memory;
    VringAddr m_addr;
    VirtqueueConfig m_config;
    std::unique_ptr<Virtqueue> m_queue;
    UniqueFd m_kick;
    Watch m_kick_watch;
    Notification m_call;
    bool m_enabled = false;
    ScriptedBackEnd m_peer; // last: its thread uses all the others
};

} // namespace vwb::test
