// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// JSON-RPC 2.0 as data: requests, replies, error codes and how our kinds of errors map to them.
// Both sides use it. No socket and no method here.
#pragma once

#include "engine/base/result.h"
#include "engine/base/value.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace vwb {

enum class RpcCode : int {
    ParseError = -32700,
    InvalidRequest = -32600,
    MethodNotFound = -32601,
    InvalidParams = -32602,
    InternalError = -32603,
    // Ours, one for each ErrorKind but Invalid, which is InvalidParams.
    NotFound = -32001,
    Unavailable = -32002,
    Io = -32003,
    Protocol = -32004,
    Limit = -32005,
    Unsupported = -32006,
    Timeout = -32007,
    Closed = -32008,
};

RpcCode rpc_code(ErrorKind kind);
// The kind that a peer meant; Protocol for codes that are about the protocol.
ErrorKind error_kind(int64_t rpc_code);

struct RpcError {
    RpcError(RpcCode error_code, std::string text, Value more = {})
        : code(error_code)
        , message(std::move(text))
        , data(std::move(more))
    {
    }
    RpcError(const Error& error, Value more = {})
        : RpcError(rpc_code(error.kind()), error.message(), std::move(more))
    {
    }

    RpcCode code;
    std::string message;
    Value data; // an object or null; "kind" is added on the wire
};

struct RpcRequest {
    std::optional<Value> id; // none: a notification, which gets no reply
    std::string method;
    Value params; // an object, a list, or null
};

// Consumes the value. A request that is none: what to answer, under the id that it has, if any.
struct RpcRequestFault {
    Value id;
    RpcError error;
};
std::variant<RpcRequest, RpcRequestFault> read_rpc_request(Value value);

// As one line, without its end.
std::string rpc_request_line(std::optional<int64_t> id, std::string_view method, Value params);
std::string rpc_result_line(const Value& id, Value result);
std::string rpc_error_line(const Value& id, const RpcError& error);

} // namespace vwb
