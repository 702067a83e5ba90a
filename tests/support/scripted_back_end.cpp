// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/scripted_back_end.h"

#include <sys/socket.h>

namespace vwb::test {

ScriptedBackEnd::ScriptedBackEnd(Script script, std::function<void()> at_end)
    : m_loop(EventLoop::create(m_clock).value())
{
    int ends[2];
    VWB_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    m_theirs.reset(ends[1]);
    m_connection = Connection::create(*m_loop, UniqueFd(ends[0]),
        { [this, said = std::move(script)](Message message) { said(*this, std::move(message)); },
            [](const Error&) {
            } }).value();
    m_thread = std::thread([this, end = std::move(at_end)] {
        m_loop->move_to_this_thread();
        m_loop->run();
        m_connection.reset();
        end();
    });
}

ScriptedBackEnd::~ScriptedBackEnd()
{
    m_loop->stop();
    m_thread.join();
}

void ScriptedBackEnd::reply_raw(const MessageHeader& header, std::span<const std::byte> payload)
{
    VWB_ASSERT(m_connection->send(header, payload));
}

void ScriptedBackEnd::reply(const Message& request, std::span<const std::byte> payload)
{
    reply_raw(
        { request.header.request, MESSAGE_REPLY_FLAGS, static_cast<uint32_t>(payload.size()) },
        payload);
}

void ScriptedBackEnd::acknowledge(const Message& request, uint64_t verdict)
{
    if (request.needs_reply())
        reply(request, bytes_of(verdict));
}

} // namespace vwb::test
