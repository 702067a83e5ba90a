// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ChainView: a chain as a record that filters understand: its first bytes copied out of guest
// memory, named by the schema. One at a time; decides nothing.
#pragma once

#include "engine/trace/trace_record.h"
#include "engine/virtqueue/descriptor_chain.h"

#include <array>

namespace vwb {

class ChainView {
public:
    // How much of each part is looked at.
    static constexpr size_t MAX_BYTES = 4096;

    explicit ChainView(const ObservedDevice& device)
        : m_device(device)
    {
    }

    // A chain that was popped. Keeps the beginning of its readable part in the chain, so that the
    // device acts on what was looked at. The record is valid until the next call.
    const TraceRecord& popped(unsigned queue, ChainRecord& chain, int64_t now_ns);
    // A chain whose device has written so much.
    const TraceRecord& completed(
        unsigned queue, ChainRecord& chain, uint32_t written, int64_t now_ns);

private:
    void look(unsigned queue, ChainRecord& chain);

    const ObservedDevice& m_device;
    std::array<std::byte, MAX_BYTES> m_readable;
    std::array<std::byte, MAX_BYTES> m_written;
    TraceRecord m_record;
};

// The first bytes of the writable part, at most so many and as many as there is room for.
std::span<const std::byte> copy_written(
    const ChainRecord& chain, uint32_t written, std::span<std::byte> room);

} // namespace vwb
