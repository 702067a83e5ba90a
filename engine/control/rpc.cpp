// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/rpc.h"

#include "engine/control/json.h"

#include <array>

namespace vwb {
namespace {

struct KindCode {
    ErrorKind kind;
    RpcCode code;
};

constexpr std::array KIND_CODES { KindCode { ErrorKind::Invalid, RpcCode::InvalidParams },
    KindCode { ErrorKind::NotFound, RpcCode::NotFound },
    KindCode { ErrorKind::Unavailable, RpcCode::Unavailable },
    KindCode { ErrorKind::Io, RpcCode::Io }, KindCode { ErrorKind::Protocol, RpcCode::Protocol },
    KindCode { ErrorKind::Limit, RpcCode::Limit },
    KindCode { ErrorKind::Unsupported, RpcCode::Unsupported },
    KindCode { ErrorKind::Timeout, RpcCode::Timeout },
    KindCode { ErrorKind::Closed, RpcCode::Closed } };

Value envelope()
{
    Value value = Value::object();
    value.set("jsonrpc", "2.0");
    return value;
}

// Why the object is no request, or an empty text.
std::string complaint(const Value& value)
{
    if (!value.is_object())
        return std::string("a request is an object, not a ") + value.type_name();
    if (value.find("jsonrpc") == nullptr || value.find("jsonrpc")->string_or("") != "2.0")
        return R"(a request has "jsonrpc":"2.0")";
    if (value.find("method") == nullptr || !value.find("method")->is_string())
        return R"(a request has a "method", a string)";
    const Value* params = value.find("params");
    if (params && !params->is_object() && !params->is_list())
        return R"("params" is an object or a list)";
    const Value* id = value.find("id");
    if (id && !id->is_string() && !id->is_number() && !id->is_null())
        return R"("id" is a string, a number or null)";
    return {};
}

} // namespace

RpcCode rpc_code(ErrorKind kind)
{
    for (const auto& known : KIND_CODES) {
        if (known.kind == kind)
            return known.code;
    }
    return RpcCode::InternalError;
}

ErrorKind error_kind(int64_t rpc_code)
{
    for (const auto& known : KIND_CODES) {
        if (static_cast<int64_t>(known.code) == rpc_code)
            return known.kind;
    }
    if (rpc_code == static_cast<int64_t>(RpcCode::MethodNotFound))
        return ErrorKind::Unsupported;
    return ErrorKind::Protocol;
}

std::variant<RpcRequest, RpcRequestFault> read_rpc_request(Value value)
{
    if (const std::string text = complaint(value); !text.empty()) {
        const Value* id = value.find("id");
        const bool usable = id && (id->is_string() || id->is_number());
        return RpcRequestFault { usable ? *id : Value(), { RpcCode::InvalidRequest, text } };
    }
    RpcRequest request;
    request.method = *value.find("method")->as_string();
    if (const Value* id = value.find("id"))
        request.id = *id;
    if (const Value* params = value.find("params"))
        request.params = *params;
    return request;
}

std::string rpc_request_line(std::optional<int64_t> id, std::string_view method, Value params)
{
    Value value = envelope();
    value.set("method", method);
    if (!params.is_null())
        value.set("params", std::move(params));
    if (id)
        value.set("id", *id);
    return to_json(value);
}

std::string rpc_result_line(const Value& id, Value result)
{
    Value value = envelope();
    value.set("result", std::move(result));
    value.set("id", id);
    return to_json(value);
}

std::string rpc_error_line(const Value& id, const RpcError& error)
{
    Value detail = Value::object();
    detail.set("code", static_cast<int>(error.code));
    detail.set("message", error.message);
    Value data = error.data.is_null() ? Value::object() : error.data;
    data.set("kind", to_string(error_kind(static_cast<int64_t>(error.code))));
    detail.set("data", std::move(data));
    Value value = envelope();
    value.set("error", std::move(detail));
    value.set("id", id);
    return to_json(value);
}

} // namespace vwb
