// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// LateAnswers: calls whose answer comes some time later, from any thread, or is given up. Lives on
// the control loop.
#pragma once

#include "engine/base/unique_function.h"
#include "engine/control/rpc_session.h"
#include "engine/event/event_loop.h"

#include <map>
#include <memory>

namespace vwb {

class LateAnswers {
public:
    using Answer = UniqueFunction<void(Result<Value>)>;

    explicit LateAnswers(EventLoop& control)
        : m_control(control)
        , m_self(std::make_shared<LateAnswers*>(this))
    {
    }
    ~LateAnswers() { *m_self = nullptr; }
    LateAnswers(const LateAnswers&) = delete;
    LateAnswers& operator=(const LateAnswers&) = delete;

    // Keeps the call. What comes back answers it, once, on any thread and whether or not we are
    // still here; after the time-out the call is answered with that and this text.
    Answer keep(RpcCall call, Duration timeout, std::string text);

private:
    struct Waiting {
        Waiting(EventLoop& loop, RpcCall rpc_call, std::function<void()> on_timeout)
            : call(std::move(rpc_call))
            , timer(loop, std::move(on_timeout))
        {
        }

        RpcCall call;
        Timer timer;
    };

    void answer(uint64_t token, Result<Value> result);

    EventLoop& m_control;
    std::map<uint64_t, std::unique_ptr<Waiting>> m_waiting;
    uint64_t m_next = 1;
    // Lets answers find out whether we are still here. Used on the control loop only.
    std::shared_ptr<LateAnswers*> m_self;
};

} // namespace vwb
