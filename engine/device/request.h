// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Request: one piece of work for a device, from a guest's ring or injected by an observer; a device
// cannot tell which. Move-only: completing consumes it. One that is destroyed uncompleted is a
// programming error of the device, which its sink turns into an error answer and a problem record,
// never into a lost descriptor.
#pragma once

#include "engine/virtqueue/chain_cursor.h"
#include "engine/virtqueue/descriptor_chain.h"

namespace vwb {

// Where a request goes when its device is done with it. Outlives its requests.
class RequestSink {
public:
    virtual void complete_request(DescriptorChain chain, uint32_t written) = 0;
    virtual void give_back_request(DescriptorChain chain) = 0;
    virtual void abandon_request(DescriptorChain chain) = 0;

protected:
    ~RequestSink() = default;
};

class Request {
public:
    Request(RequestSink& sink, DescriptorChain chain)
        : m_sink(&sink)
        , m_chain(std::move(chain))
    {
    }
    Request(Request&& other) noexcept
        : m_sink(std::exchange(other.m_sink, nullptr))
        , m_chain(std::move(other.m_chain))
    {
    }
    Request& operator=(Request&& other) noexcept
    {
        abandon();
        m_sink = std::exchange(other.m_sink, nullptr);
        m_chain = std::move(other.m_chain);
        return *this;
    }
    ~Request() { abandon(); }

    // Number of the request on its device, from 1 on.
    uint32_t number() const { return m_chain.record().request; }
    uint32_t readable_bytes() const { return m_chain.record().readable_bytes; }
    uint32_t writable_bytes() const { return m_chain.record().writable_bytes; }
    // Each cursor starts at the beginning; they stay valid until the request is completed.
    ChainReader reader() const { return ChainReader(m_chain.record()); }
    ChainWriter writer() const { return ChainWriter(m_chain.record()); }

    // Done. written: bytes from the first writable one on, as the driver will read them in the used
    // length.
    void complete(uint32_t written) &&
    {
        std::exchange(m_sink, nullptr)->complete_request(std::move(m_chain), written);
    }
    // Not done, and the queue stops: the driver gets nothing, a later session may see it again.
    void give_back() && { std::exchange(m_sink, nullptr)->give_back_request(std::move(m_chain)); }

private:
    void abandon()
    {
        if (m_sink)
            std::exchange(m_sink, nullptr)->abandon_request(std::move(m_chain));
    }

    RequestSink* m_sink;
    DescriptorChain m_chain;
};

} // namespace vwb
