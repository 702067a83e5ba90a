// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/late_answers.h"

namespace vwb {

LateAnswers::Answer LateAnswers::keep(RpcCall call, Duration timeout, std::string text)
{
    const uint64_t token = m_next++;
    const auto give_up
        = [this, token, text = std::move(text)] { answer(token, Error(ErrorKind::Timeout, text)); };
    auto waiting = std::make_unique<Waiting>(m_control, std::move(call), give_up);
    waiting->timer.start_after(timeout);
    m_waiting.emplace(token, std::move(waiting));
    return [&control = m_control, self = m_self, token](Result<Value> result) {
        control.post([self, token, outcome = std::move(result)]() mutable {
            if (LateAnswers* answers = *self)
                answers->answer(token, std::move(outcome));
        });
    };
}

void LateAnswers::answer(uint64_t token, Result<Value> result)
{
    const auto found = m_waiting.find(token);
    if (found == m_waiting.end())
        return;
    const auto waiting = std::move(found->second); // its timer may be what calls us
    m_waiting.erase(found);
    std::move(waiting->call).answer(std::move(result));
}

} // namespace vwb
