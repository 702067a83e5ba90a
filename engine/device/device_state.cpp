// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The state of a DeviceHost for its successor: a header, the requests that were given back, queue
// by queue, and what the device itself has to say.
#include "engine/device/device_host.h"

namespace vwb {
namespace {

constexpr uint32_t STATE_MAGIC = 0x53425756; // "VWBS"
// 2: a request that was given back is kept whole; 1 had its head only.
constexpr uint16_t STATE_VERSION = 2;

Error mismatch(const std::string& what, uint64_t found, uint64_t expected)
{
    return { ErrorKind::Invalid,
        "state with " + what + " " + std::to_string(found) + ", expected "
            + std::to_string(expected) };
}

} // namespace

std::vector<std::byte> DeviceHost::save_state() const
{
    StateWriter state;
    state.put(STATE_MAGIC);
    state.put(STATE_VERSION);
    state.put(static_cast<uint16_t>(traits().device_id));
    state.put(static_cast<uint16_t>(m_queues.size()));
    for (const auto& queue : m_queues)
        queue->save_carried(state);
    state.put_sized(m_device->save_state().value_or(std::vector<std::byte>()));
    return std::move(state).take();
}

Result<void> DeviceHost::load_state(std::span<const std::byte> bytes)
{
    StateReader state(bytes);
    auto loaded = load_parts(state);
    if (!loaded)
        reset();
    return loaded;
}

Result<void> DeviceHost::load_parts(StateReader& state)
{
    if (const auto magic = state.get<uint32_t>(); magic != STATE_MAGIC)
        return mismatch("magic", magic, STATE_MAGIC);
    if (const auto version = state.get<uint16_t>(); version != STATE_VERSION)
        return mismatch("version", version, STATE_VERSION);
    if (const auto id = state.get<uint16_t>(); id != traits().device_id)
        return mismatch("device id", id, traits().device_id);
    if (const auto count = state.get<uint16_t>(); count != m_queues.size())
        return mismatch("queue count", count, m_queues.size());
    for (auto& queue : m_queues)
        VWB_TRY(queue->load_carried(state));
    const auto device = state.get_sized();
    VWB_TRY(state.finish());
    return m_device->load_state(device);
}

} // namespace vwb
