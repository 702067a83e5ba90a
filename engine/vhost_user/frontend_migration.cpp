// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The messages of a front-end that migrates its guest.
#include "engine/vhost_user/frontend.h"
#include "engine/vhost_user/message_names.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace vwb {

Result<void> Frontend::set_log_base(int fd, uint64_t offset, uint64_t size)
{
    constexpr auto id = FrontEndMessage::SetLogBase;
    const LogPayload payload { size, offset };
    const auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION, bytes_of(payload), { &fd, 1 }));
    // Back-ends agree on a reply, and on nothing that is in it: libvhost-user sends the payload
    // back, DPDK nothing.
    const uint64_t verdict
        = reply.payload.size() == sizeof(uint64_t) ? reply.read<uint64_t>() : uint64_t { 0 };
    if (verdict != 0 && verdict != size)
        return Error(ErrorKind::Protocol,
            message_text(id) + ": the back-end refused it (verdict " + std::to_string(verdict)
                + ")");
    return {};
}

Result<void> Frontend::set_log_fd(int fd)
{
    return tell(FrontEndMessage::SetLogFd, {}, { &fd, 1 });
}

// --- postcopy ---

Result<UniqueFd> Frontend::postcopy_advise()
{
    constexpr auto id = FrontEndMessage::PostcopyAdvise;
    auto reply = VWB_TRY(call(id, {}, 0));
    if (reply.fds.size() != 1)
        return Error(ErrorKind::Protocol, message_text(id) + ": there is no userfaultfd");
    return std::move(reply.fds[0]);
}

Result<void> Frontend::postcopy_listen()
{
    return tell(FrontEndMessage::PostcopyListen, {});
}

Result<std::vector<uint64_t>> Frontend::set_postcopy_mem_table(
    std::span<const SharedRegion> regions)
{
    constexpr auto id = FrontEndMessage::SetMemTable;
    std::vector<std::byte> payload(sizeof(MemoryTablePayload));
    const MemoryTablePayload table { static_cast<uint32_t>(regions.size()), 0 };
    std::memcpy(payload.data(), &table, sizeof table);
    std::vector<int> fds;
    for (const SharedRegion& region : regions) {
        const MemoryRegionPayload entry { region.info.guest_address, region.info.size,
            region.info.user_address, region.info.mmap_offset };
        const auto bytes = bytes_of(entry);
        payload.insert(payload.end(), bytes.begin(), bytes.end());
        fds.push_back(region.fd);
    }
    const auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION, payload, fds));
    if (reply.payload.size() != payload.size())
        return Error(ErrorKind::Protocol,
            message_text(id) + ": the reply has " + std::to_string(reply.payload.size())
                + " bytes instead of " + std::to_string(payload.size()));
    std::vector<uint64_t> addresses;
    for (size_t i = 0; i < regions.size(); ++i)
        addresses.push_back(
            reply.read<MemoryRegionPayload>(sizeof table + i * sizeof(MemoryRegionPayload))
                .user_address);
    return addresses;
}

Result<uint64_t> Frontend::add_postcopy_region(const SharedRegion& region)
{
    constexpr auto id = FrontEndMessage::AddMemReg;
    const SingleRegionPayload payload { 0,
        { region.info.guest_address, region.info.size, region.info.user_address,
            region.info.mmap_offset } };
    const auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION, bytes_of(payload), { &region.fd, 1 }));
    if (reply.payload.size() != sizeof payload)
        return Error(ErrorKind::Protocol,
            message_text(id) + ": the reply has " + std::to_string(reply.payload.size())
                + " bytes instead of " + std::to_string(sizeof payload));
    return reply.read<SingleRegionPayload>().region.user_address;
}

Result<void> Frontend::confirm_postcopy_memory(FrontEndMessage id)
{
    return send(id, MESSAGE_REPLY_FLAGS, bytes_of(uint64_t { 0 }), {}, deadline());
}

Result<void> Frontend::postcopy_end()
{
    if (const uint64_t verdict = VWB_TRY(call_number(FrontEndMessage::PostcopyEnd)); verdict != 0)
        return Error(ErrorKind::Protocol, "POSTCOPY_END: the back-end refused it");
    return {};
}

// --- requests in flight ---

Result<Frontend::InflightMemory> Frontend::get_inflight_fd(
    uint16_t queue_count, uint16_t queue_size)
{
    constexpr auto id = FrontEndMessage::GetInflightFd;
    const InflightPayload wanted { 0, 0, queue_count, queue_size };
    auto reply = VWB_TRY(call(id, bytes_of(wanted), sizeof wanted));
    InflightMemory memory { reply.read<InflightPayload>(), {} };
    if (reply.fds.empty() || memory.payload.mmap_size == 0)
        return Error(ErrorKind::Protocol, message_text(id) + ": the back-end has no memory for it");
    memory.fd = std::move(reply.fds[0]);
    return memory;
}

Result<void> Frontend::set_inflight_fd(const InflightMemory& memory)
{
    const int fd = memory.fd.get();
    return tell(FrontEndMessage::SetInflightFd, bytes_of(memory.payload), { &fd, 1 });
}

// --- device state ---

namespace {

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Result<Pipe> make_pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return Error::from_errno("pipe for the device state", errno);
    return Pipe { UniqueFd(ends[0]), UniqueFd(ends[1]) };
}

} // namespace

Result<UniqueFd> Frontend::set_device_state_fd(uint32_t direction, UniqueFd theirs, UniqueFd ours)
{
    constexpr auto id = FrontEndMessage::SetDeviceStateFd;
    const DeviceStatePayload payload { direction, DEVICE_STATE_PHASE_STOPPED };
    const int fd = theirs.get();
    auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION, bytes_of(payload), { &fd, 1 }));
    const uint64_t verdict = reply.payload.size() == sizeof(uint64_t) ? reply.read<uint64_t>() : 1;
    if ((verdict & 0xff) != 0)
        return Error(ErrorKind::Protocol,
            message_text(id) + ": the back-end refused it (verdict " + std::to_string(verdict)
                + ")");
    if (verdict & DEVICE_STATE_NO_FD)
        return ours;
    if (reply.fds.empty())
        return Error(ErrorKind::Protocol, message_text(id) + ": a descriptor is missing");
    return std::move(reply.fds[0]);
}

Result<void> Frontend::check_device_state()
{
    const uint64_t verdict = VWB_TRY(call_number(FrontEndMessage::CheckDeviceState));
    if (verdict != 0)
        return Error(ErrorKind::Protocol,
            message_text(FrontEndMessage::CheckDeviceState) + ": the back-end says that it failed");
    return {};
}

Result<void> Frontend::wait_for(int fd, short events, TimePoint until) const
{
    pollfd poll { fd, events, 0 };
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - m_clock.now());
    if (left.count() <= 0 || ::poll(&poll, 1, static_cast<int>(left.count())) == 0)
        return Error(ErrorKind::Timeout, "the device state does not move");
    if (poll.revents & POLLERR)
        return Error(ErrorKind::Closed, "the back-end has stopped reading the device state");
    return {};
}

Result<std::vector<std::byte>> Frontend::save_device_state()
{
    auto pipe = VWB_TRY(make_pipe());
    const auto source = VWB_TRY(set_device_state_fd(
        DEVICE_STATE_SAVE, std::move(pipe.write_end), std::move(pipe.read_end)));
    const TimePoint until = deadline();
    std::vector<std::byte> state;
    std::array<std::byte, 4096> piece;
    for (;;) {
        VWB_TRY(wait_for(source.get(), POLLIN, until));
        const ssize_t count = ::read(source.get(), piece.data(), piece.size());
        if (count == 0)
            break;
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return Error::from_errno("reading the device state", errno);
        if (count > 0)
            state.insert(state.end(), piece.begin(), piece.begin() + count);
    }
    VWB_TRY(check_device_state());
    return state;
}

Result<void> Frontend::load_device_state(std::span<const std::byte> state)
{
    auto pipe = VWB_TRY(make_pipe());
    auto target = VWB_TRY(set_device_state_fd(
        DEVICE_STATE_LOAD, std::move(pipe.read_end), std::move(pipe.write_end)));
    const TimePoint until = deadline();
    while (!state.empty()) {
        VWB_TRY(wait_for(target.get(), POLLOUT, until));
        const ssize_t count = ::write(target.get(), state.data(), state.size());
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return Error::from_errno("writing the device state", errno);
        if (count > 0)
            state = state.subspan(static_cast<size_t>(count));
    }
    target.reset(); // the end of the state
    return check_device_state();
}

} // namespace vwb
