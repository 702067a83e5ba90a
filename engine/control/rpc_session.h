// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RpcSession: JSON-RPC with one client: batches, notifications, bad requests, and no more calls at
// a time than MAX_OPEN_CALLS, so that one client cannot take all turns. What methods there are is
// RpcHandler's.
#pragma once

#include "engine/control/line_connection.h"
#include "engine/control/rpc.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace vwb {

class RpcSession;

// One call on its way: answered once, now or later. Dropped unanswered it answers with an internal
// error. It may outlive its session, and is then answered to nobody. Control loop only.
class RpcCall {
public:
    RpcCall(RpcCall&& other) noexcept = default;
    RpcCall& operator=(RpcCall&&) = delete;
    ~RpcCall();

    const std::string& method() const { return m_request.method; }
    const Value& params() const { return m_request.params; }
    void set_params(Value params) { m_request.params = std::move(params); }
    uint64_t client() const { return m_client; }

    void reply(Value result) &&;
    void fail(RpcError error) &&;
    void answer(Result<Value> outcome) &&;

private:
    friend class RpcSession;
    // Tells a call whether its session is still there.
    using SessionLink = std::shared_ptr<RpcSession*>;

    RpcCall(SessionLink link, uint64_t client, uint64_t batch, RpcRequest request)
        : m_link(std::move(link))
        , m_client(client)
        , m_batch(batch)
        , m_request(std::move(request))
    {
    }
    RpcSession* take_session();

    SessionLink m_link; // null: answered
    uint64_t m_client;
    uint64_t m_batch;
    RpcRequest m_request;
};

class RpcHandler {
public:
    virtual void handle_call(RpcCall call) = 0;
    // The session may be destroyed from now on, but not within this call.
    virtual void session_closed(uint64_t client) = 0;

protected:
    ~RpcHandler() = default;
};

class RpcSession {
public:
    static constexpr size_t MAX_OPEN_CALLS = 8;
    static constexpr size_t MAX_BATCH = 256;
    // What asks for more at a time is disconnected.
    static constexpr size_t MAX_REPLY = size_t { 16 } << 20;
    // So many lines in a row that are no JSON: whoever is there speaks something else.
    static constexpr unsigned MAX_BAD_LINES = 16;

    // client: a number of the handler's choice.
    static Result<std::unique_ptr<RpcSession>> create(EventLoop& loop, UniqueFd socket,
        uint64_t client, RpcHandler& handler, const LineConnection::Limits& limits = {});
    ~RpcSession();
    RpcSession(const RpcSession&) = delete;
    RpcSession& operator=(const RpcSession&) = delete;

    // For notifications; they are the caller's to drop if there is no room.
    bool has_room() const { return m_connection->has_room(); }
    void send(std::string_view line) { m_connection->send(line); }
    // Says why and closes.
    void refuse(const RpcError& error);
    bool closed() const { return m_connection->closed(); }
    size_t open_calls() const { return m_open_calls; }

private:
    friend class RpcCall;
    struct Batch {
        bool is_list = false;
        size_t open = 0; // requests without an answer
        std::string replies;
    };
    struct Waiting {
        uint64_t batch;
        RpcRequest request;
    };

    RpcSession(uint64_t client, RpcHandler& handler);

    void on_line(std::string_view line);
    void on_bad_line(const Error& error);
    void take_batch(Value::List items);
    void take_request(uint64_t batch, Value value);
    void pump();
    void answer(uint64_t batch, const std::string& line);

    uint64_t m_client;
    RpcHandler& m_handler;
    RpcCall::SessionLink m_link;
    std::unique_ptr<LineConnection> m_connection;
    uint64_t m_next_batch = 1;
    std::map<uint64_t, Batch> m_batches;
    std::deque<Waiting> m_waiting;
    size_t m_open_calls = 0;
    unsigned m_bad_lines = 0;
    bool m_pumping = false;
};

} // namespace vwb
