// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/rpc_session.h"

#include "engine/control/json.h"

namespace vwb {

RpcCall::~RpcCall()
{
    if (m_link)
        std::move(*this).fail({ RpcCode::InternalError, "the call was dropped without an answer" });
}

RpcSession* RpcCall::take_session()
{
    const SessionLink link = std::exchange(m_link, nullptr);
    VWB_ASSERT(link); // a call is answered once
    return *link;
}

void RpcCall::reply(Value result) &&
{
    if (RpcSession* session = take_session())
        session->answer(
            m_batch, m_request.id ? rpc_result_line(*m_request.id, std::move(result)) : "");
}

void RpcCall::fail(RpcError error) &&
{
    if (RpcSession* session = take_session())
        session->answer(m_batch, m_request.id ? rpc_error_line(*m_request.id, error) : "");
}

void RpcCall::answer(Result<Value> outcome) &&
{
    if (outcome)
        std::move(*this).reply(std::move(outcome).value());
    else
        std::move(*this).fail(outcome.error());
}

Result<std::unique_ptr<RpcSession>> RpcSession::create(EventLoop& loop, UniqueFd socket,
    uint64_t client, RpcHandler& handler, const LineConnection::Limits& limits)
{
    std::unique_ptr<RpcSession> session(new RpcSession(client, handler));
    RpcSession* self = session.get();
    const std::string too_long = "a line is longer than " + std::to_string(limits.line) + " bytes";
    session->m_connection = VWB_TRY(LineConnection::create(loop, std::move(socket), limits,
        { [self](std::string_view line) { self->on_line(line); },
            [self, too_long] {
                self->refuse({ RpcCode::ParseError, too_long });
            },
            [self] { self->m_handler.session_closed(self->m_client); } }));
    return session;
}

RpcSession::RpcSession(uint64_t client, RpcHandler& handler)
    : m_client(client)
    , m_handler(handler)
    , m_link(std::make_shared<RpcSession*>(this))
{
}

RpcSession::~RpcSession()
{
    *m_link = nullptr;
}

void RpcSession::refuse(const RpcError& error)
{
    m_connection->send(rpc_error_line(nullptr, error));
    m_connection->finish();
}

void RpcSession::on_line(std::string_view line)
{
    auto value = parse_json(line);
    if (!value) {
        on_bad_line(value.error());
        return;
    }
    m_bad_lines = 0;
    if (auto* items = value->as_list()) {
        take_batch(std::move(*items));
    } else {
        const uint64_t batch = m_next_batch++;
        m_batches[batch].open = 1;
        take_request(batch, std::move(*value));
    }
    pump();
}

void RpcSession::on_bad_line(const Error& error)
{
    const RpcError parse_error(RpcCode::ParseError, error.message());
    if (++m_bad_lines >= MAX_BAD_LINES)
        refuse(parse_error);
    else
        m_connection->send(rpc_error_line(nullptr, parse_error));
}

void RpcSession::take_batch(Value::List items)
{
    if (items.empty() || items.size() > MAX_BATCH) {
        const std::string text = items.empty()
            ? "a batch has at least one request"
            : "a batch has at most " + std::to_string(MAX_BATCH) + " requests";
        m_connection->send(rpc_error_line(nullptr, { RpcCode::InvalidRequest, text }));
        return;
    }
    const uint64_t batch = m_next_batch++;
    m_batches[batch] = { true, items.size(), {} };
    for (auto& item : items)
        take_request(batch, std::move(item));
}

void RpcSession::take_request(uint64_t batch, Value value)
{
    auto request = read_rpc_request(std::move(value));
    if (const auto* fault = std::get_if<RpcRequestFault>(&request)) {
        ++m_open_calls; // as if it had been called
        answer(batch, rpc_error_line(fault->id, fault->error));
        return;
    }
    m_waiting.push_back({ batch, std::get<RpcRequest>(std::move(request)) });
}

// Calls are answered within this or later; each answer makes room for the next.
void RpcSession::pump()
{
    if (m_pumping)
        return;
    m_pumping = true;
    while (!m_waiting.empty() && m_open_calls < MAX_OPEN_CALLS && !closed()) {
        Waiting next = std::move(m_waiting.front());
        m_waiting.pop_front();
        ++m_open_calls;
        m_handler.handle_call(RpcCall(m_link, m_client, next.batch, std::move(next.request)));
    }
    m_pumping = false;
    // The next line would only wait here: it may as well wait in the socket.
    if (m_waiting.empty())
        m_connection->go_on();
    else
        m_connection->hold();
    m_connection->set_due(m_open_calls > 0);
}

void RpcSession::answer(uint64_t batch, const std::string& line)
{
    --m_open_calls;
    const auto found = m_batches.find(batch);
    VWB_ASSERT(found != m_batches.end() && found->second.open > 0);
    Batch& entry = found->second;
    --entry.open;
    if (!line.empty() && !entry.replies.empty())
        entry.replies += ',';
    entry.replies += line;
    if (entry.replies.size() > MAX_REPLY)
        m_connection->close();
    if (entry.open == 0) {
        if (!entry.replies.empty())
            m_connection->send(entry.is_list ? "[" + entry.replies + "]" : entry.replies);
        m_batches.erase(found);
    }
    pump();
}

} // namespace vwb
