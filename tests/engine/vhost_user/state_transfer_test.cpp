// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DEVICE_STATE over the messages of a front-end: through a pipe, without ever blocking the loop.
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

struct Pipe {
    Pipe()
    {
        int ends[2];
        VWB_ASSERT(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
    }
    UniqueFd read_end;
    UniqueFd write_end;
};

// With more state than a pipe holds.
class LargeDevice final : public EchoDevice {
public:
    std::optional<std::vector<std::byte>> save_state() const override
    {
        return std::vector<std::byte>(SIZE, std::byte { 7 });
    }
    Result<void> load_state(std::span<const std::byte> state) override
    {
        loaded = state.size();
        return {};
    }
    static constexpr size_t SIZE = size_t { 1 } << 20;
    size_t loaded = 0;
};

class StatelessDevice final : public EchoDevice {
public:
    std::optional<std::vector<std::byte>> save_state() const override { return {}; }
};

class StateTransferTest : public SessionFixture {
protected:
    using SessionFixture::SessionFixture;

    uint64_t set_fd(uint32_t direction, int fd, uint32_t phase = 0)
    {
        return number(Id::SetDeviceStateFd, bytes(DeviceStatePayload { direction, phase }), { fd },
            MESSAGE_VERSION);
    }
    uint64_t check() { return number(Id::CheckDeviceState, {}, {}, MESSAGE_VERSION); }
    // All that the back-end has written by now.
    static Bytes read_all(const UniqueFd& fd)
    {
        Bytes all;
        std::byte piece[4096];
        for (ssize_t count; (count = ::read(fd.get(), piece, sizeof piece)) > 0;)
            all.insert(all.end(), piece, piece + count);
        return all;
    }
    Bytes save()
    {
        Pipe pipe;
        EXPECT_EQ(set_fd(DEVICE_STATE_SAVE, pipe.write_end.get()), DEVICE_STATE_NO_FD);
        pipe.write_end.reset();
        settle();
        const Bytes state = read_all(pipe.read_end);
        EXPECT_EQ(check(), 0u);
        return state;
    }
    uint64_t load(const Bytes& state)
    {
        Pipe pipe;
        EXPECT_EQ(set_fd(DEVICE_STATE_LOAD, pipe.read_end.get()), DEVICE_STATE_NO_FD);
        EXPECT_EQ(::write(pipe.write_end.get(), state.data(), state.size()),
            static_cast<ssize_t>(state.size()));
        pipe.write_end.reset();
        return check();
    }
    void stop_rings()
    {
        for (uint32_t i = 0; i < m_rings.size(); ++i)
            m_rings[i].base
                = call(Id::GetVringBase, bytes(VringState { i, 0 }))->read<VringState>().num;
    }
    std::string last_problem() { return problems().empty() ? "" : problems().back().message; }
};

class StateTransferOfMuch : public StateTransferTest {
protected:
    StateTransferOfMuch()
        : StateTransferTest(std::make_unique<LargeDevice>())
    {
        negotiate();
    }
};

class StateTransferOfNothing : public StateTransferTest {
protected:
    StateTransferOfNothing()
        : StateTransferTest(std::make_unique<StatelessDevice>())
    {
    }
};

TEST_F(StateTransferTest, WhatWasSavedCanBeLoaded)
{
    negotiate();
    m_device->config[3] = std::byte { 42 };
    const Bytes state = save();
    EXPECT_FALSE(state.empty());
    m_device->config[3] = std::byte { 0 };
    EXPECT_EQ(load(state), 0u);
    EXPECT_EQ(m_device->config[3], std::byte { 42 });
    EXPECT_EQ(rules(), "");
}

TEST_F(StateTransferTest, ParkedRequestsMoveAlong)
{
    start();
    submit(1, "one");
    submit(1, "two");
    kick(1);
    ASSERT_EQ(m_device->parked[1].size(), 2u);
    stop_rings();
    const Bytes state = save();
    connect(); // the device is reset, as a new one
    negotiate();
    ASSERT_EQ(load(state), 0u);
    ASSERT_EQ(share_memory(), 0u);
    set_up_ring(1);
    enable(1);
    EXPECT_EQ(m_device->parked[1].size(), 2u);
}

TEST_F(StateTransferTest, WithoutItsStateParkedRequestsAreNotGuessed)
{
    start();
    submit(1, "one");
    kick(1);
    stop_rings();
    connect();
    negotiate();
    ASSERT_EQ(share_memory(), 0u);
    set_up_ring(1);
    enable(1);
    EXPECT_EQ(m_device->parked[1].size(), 0u);
}

TEST_F(StateTransferTest, NeedsStoppedRings)
{
    start();
    const Pipe pipe;
    EXPECT_EQ(set_fd(DEVICE_STATE_SAVE, pipe.write_end.get()), 0x101u);
    EXPECT_EQ(rules(), "vhost-user.set-device-state-fd");
    EXPECT_EQ(request(0, "still here"), "still here");
}

TEST_F(StateTransferTest, DirectionAndPhaseAreChecked)
{
    negotiate();
    const Pipe pipe;
    EXPECT_EQ(set_fd(2, pipe.write_end.get()), 0x101u);
    EXPECT_EQ(set_fd(DEVICE_STATE_SAVE, pipe.write_end.get(), 1), 0x101u);
    EXPECT_EQ(check(), 1u);
}

TEST_F(StateTransferTest, FileThatCannotBeWaitedForIsRefused)
{
    negotiate();
    const UniqueFd regular(::memfd_create("state", MFD_CLOEXEC));
    EXPECT_EQ(set_fd(DEVICE_STATE_LOAD, regular.get()), 0x101u);
    EXPECT_NE(last_problem().find("neither a pipe nor a socket"), std::string::npos)
        << last_problem();
}

TEST_F(StateTransferTest, StateThatIsNoneIsRefusedAndTheDeviceReset)
{
    negotiate();
    const Bytes good = save();
    Bytes wrong_version = good;
    wrong_version[4] = std::byte { 9 };
    Bytes wrong_device = good;
    wrong_device[6] = std::byte { 41 };
    Bytes short_one = good;
    short_one.pop_back();
    Bytes long_one = good;
    long_one.push_back(std::byte { 0 });
    const struct {
        Bytes state;
        const char* reason;
    } cases[] = { { {}, "magic" }, { Bytes(100), "magic" }, { wrong_version, "version 9" },
        { wrong_device, "device id 41, expected 4" }, { short_one, "ends too soon" },
        { long_one, "left behind" } };
    for (const auto& one : cases) {
        const unsigned resets = m_device->resets;
        EXPECT_EQ(load(one.state), 1u);
        EXPECT_NE(last_problem().find(one.reason), std::string::npos) << last_problem();
        EXPECT_EQ(m_device->resets, resets + 1);
    }
}

TEST_F(StateTransferTest, CheckBeforeTheEndIsAnswered)
{
    negotiate();
    const Pipe pipe;
    EXPECT_EQ(set_fd(DEVICE_STATE_LOAD, pipe.read_end.get()), DEVICE_STATE_NO_FD);
    EXPECT_EQ(check(), 1u) << "the writer has its end open still";
    EXPECT_NE(last_problem().find("before the end of the state"), std::string::npos);
}

TEST_F(StateTransferTest, ReaderThatLeavesIsNoticed)
{
    negotiate();
    Pipe pipe;
    pipe.read_end.reset();
    set_fd(DEVICE_STATE_SAVE, pipe.write_end.get());
    EXPECT_EQ(check(), 1u);
}

TEST_F(StateTransferOfMuch, LoopGoesOnWhileTheReaderIsSlow)
{
    Pipe pipe;
    EXPECT_EQ(set_fd(DEVICE_STATE_SAVE, pipe.write_end.get()), DEVICE_STATE_NO_FD);
    pipe.write_end.reset();
    settle();
    EXPECT_TRUE(call(Id::GetFeatures)) << "the loop waits for the reader";
    size_t total = 0;
    for (size_t count = 1; count > 0; settle()) {
        count = read_all(pipe.read_end).size();
        total += count;
    }
    EXPECT_GT(total, LargeDevice::SIZE);
    EXPECT_EQ(check(), 0u);
}

TEST_F(StateTransferOfMuch, LoopGoesOnWhileTheWriterIsSlow)
{
    const Bytes state = [this] {
        Pipe pipe;
        set_fd(DEVICE_STATE_SAVE, pipe.write_end.get());
        pipe.write_end.reset();
        Bytes all;
        for (size_t count = 1; count > 0; settle()) {
            const Bytes some = read_all(pipe.read_end);
            count = some.size();
            all.insert(all.end(), some.begin(), some.end());
        }
        EXPECT_EQ(check(), 0u);
        return all;
    }();
    Pipe pipe;
    set_fd(DEVICE_STATE_LOAD, pipe.read_end.get());
    for (size_t done = 0; done < state.size();) {
        const ssize_t count
            = ::write(pipe.write_end.get(), state.data() + done, state.size() - done);
        ASSERT_GT(count, 0);
        done += static_cast<size_t>(count);
        EXPECT_TRUE(call(Id::GetFeatures));
    }
    pipe.write_end.reset();
    EXPECT_EQ(check(), 0u);
    EXPECT_EQ(static_cast<LargeDevice*>(m_device)->loaded, LargeDevice::SIZE);
}

TEST_F(StateTransferOfNothing, IsNotOffered)
{
    EXPECT_EQ(number(Id::GetProtocolFeatures) & protocol_bit(ProtocolFeature::DeviceState),
        uint64_t { 0 });
}

} // namespace
} // namespace vwb::test
