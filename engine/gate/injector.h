// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Injector: gives a device requests behind its guest's back: the same Request as from a ring, with
// memory of ours behind it. The guest's ring is never touched; traces show origin: injected. On the
// device's loop.
#pragma once

#include "engine/base/unique_function.h"
#include "engine/device/device_host.h"
#include "engine/trace/trace_record.h"

#include <list>
#include <vector>

namespace vwb {

// A request as an observer wants it, ready to be given to a device or to a driver.
struct WrittenRequest {
    unsigned queue = 0;
    const SchemaMessage* message = nullptr; // null pointer: raw bytes that are none
    std::vector<std::byte> readable;
    uint32_t writable_bytes = 0;
};

// Of {name, fields: {}} or {queue, bytes: "hex"}, and {writable: bytes of the answer}. Errors: as
// encode_request(), and Invalid for what does not go together.
Result<WrittenRequest> write_request(const Schema& schema, const Value& params);
// {name, queue, fields, answer, used_length, readable, written}
Value describe_answer(const Schema& schema, const WrittenRequest& request, uint32_t used_length,
    std::span<const std::byte> writable);

class Injector final : private RequestSink {
public:
    static constexpr size_t MAX_OPEN = 64;
    using Done = UniqueFunction<void(Result<Value>)>;

    Injector(DeviceHost& host, const ObservedDevice& identity)
        : m_host(host)
        , m_identity(identity)
    {
    }
    ~Injector() { VWB_ASSERT(m_open.empty()); }
    Injector(const Injector&) = delete;
    Injector& operator=(const Injector&) = delete;

    // Calls back once, now or later, with what describe_answer() tells and {device, request,
    // latency_ns}. Errors: Unavailable if the device keeps such requests for a driver and there is
    // none; Closed if the queue stopped first; Limit.
    void inject(WrittenRequest request, Done done);

private:
    struct Injected {
        WrittenRequest request;
        Done done;
        std::vector<std::byte> writable;
        ChainRecord chain {};
    };

    void complete_request(DescriptorChain chain, uint32_t written) override;
    void give_back_request(DescriptorChain chain) override;
    void abandon_request(DescriptorChain chain) override;

    int64_t now_ns() const;
    Injected& open(WrittenRequest request, Done done);
    Injected close(DescriptorChain chain);
    void trace(TraceKind kind, const Injected& injected, uint32_t used_length);

    DeviceHost& m_host;
    const ObservedDevice& m_identity;
    std::list<Injected> m_open;
    bool m_failing = false;
};

} // namespace vwb
