// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A guest that moves with its memory while it works (vhost-user, Migration): its pages are copied
// by the back-end's dirty log into memory of its own, the last ones and the state while nothing
// runs; then everything is compared, and the guest goes on.
#include "devices/gpio/gpio_wire.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/device_server.h"
#include "tests/support/echo_device.h"
#include "tests/support/i2c_harness.h"
#include "tests/support/test_bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

using namespace vwb;
using namespace vwb::test;

namespace {

constexpr unsigned ROUNDS = 6;

// What a driver has asked of EchoDevice, and what must come back: the same bytes.
class EchoLoad {
public:
    explicit EchoLoad(BuiltinDriver& driver)
        : m_driver(driver)
    {
    }

    uint64_t submit(char first, uint32_t size)
    {
        BuiltinDriver::Piece bytes(size, std::byte { 'x' });
        bytes[0] = static_cast<std::byte>(first);
        std::generate(bytes.begin() + 1, bytes.end(), [this] { return std::byte(m_random()); });
        const auto half = bytes.begin() + size / 2;
        const auto ticket = m_driver.submit_segments(
            0, { { bytes.begin(), half }, { half, bytes.end() } }, { size / 3, size });
        EXPECT_TRUE(ticket) << ticket.error().message();
        m_waiting[*ticket] = std::move(bytes);
        return *ticket;
    }
    void expect_answer(uint64_t ticket)
    {
        const auto bytes = std::move(m_waiting.extract(ticket).mapped());
        const auto answer = m_driver.wait(0, ticket);
        ASSERT_TRUE(answer) << answer.error().message();
        ASSERT_EQ(answer->used_length, bytes.size());
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), answer->bytes.begin()));
    }
    // Some are answered, one is kept by the device.
    void run()
    {
        std::vector<uint64_t> tickets;
        for (int i = 0; i < 10; ++i)
            tickets.push_back(submit('e', 8 + static_cast<uint32_t>(m_random() % 240)));
        kept.push_back(submit('k', 60));
        for (const uint64_t ticket : tickets)
            expect_answer(ticket);
    }

    std::vector<uint64_t> kept;

private:
    BuiltinDriver& m_driver;
    std::mt19937 m_random { 20261122 };
    std::map<uint64_t, BuiltinDriver::Piece> m_waiting;
};

// Answers what was kept with the bytes that came.
void answer_kept(DeviceServer& server, EchoDevice& device)
{
    server.run([&device](DeviceHost&, Listener&) {
        while (!device.parked[0].empty()) {
            Request request = std::move(device.parked[0].front());
            device.parked[0].pop_front();
            std::array<std::byte, 256> bytes;
            const size_t size = request.reader().read(bytes);
            auto writer = request.writer();
            writer.write(std::span(bytes).first(size));
            std::move(request).complete(writer.position());
        }
    });
}

// A look at memory that somebody else may write to.
class MemoryWatch {
public:
    explicit MemoryWatch(DriverMemory& memory)
        : m_fd(::fcntl(memory.fd(), F_DUPFD_CLOEXEC, 0))
        , m_mapping(FileMapping::map(m_fd.get(), memory.info().mmap_offset, memory.size()).value())
        , m_size(memory.size())
    {
    }
    std::vector<std::byte> contents() const
    {
        return { m_mapping->data(), m_mapping->data() + m_size };
    }
    bool is_file_of(const DriverMemory& memory) const
    {
        struct stat ours { };
        struct stat theirs { };
        EXPECT_EQ(::fstat(m_fd.get(), &ours), 0);
        EXPECT_EQ(::fstat(memory.fd(), &theirs), 0);
        return ours.st_ino == theirs.st_ino;
    }

private:
    UniqueFd m_fd;
    std::unique_ptr<FileMapping> m_mapping;
    size_t m_size;
};

struct MigratedRing {
    bool packed;
    bool indirect;
};

class LiveMigration : public testing::TestWithParam<MigratedRing> {
protected:
    LiveMigration()
        : m_source(std::unique_ptr<Device>(m_source_device = new EchoDevice))
        , m_target(std::unique_ptr<Device>(m_target_device = new EchoDevice))
    {
        DriverOptions options;
        options.packed = GetParam().packed;
        options.indirect = GetParam().indirect;
        options.queue_size = 1024; // so that used entries have pages of their own
        options.memory = size_t { 2 } << 20;
        m_driver = BuiltinDriver::connect(m_source.path(), options).value();
    }

    EchoDevice* m_source_device;
    EchoDevice* m_target_device;
    DeviceServer m_source;
    DeviceServer m_target;
    std::unique_ptr<BuiltinDriver> m_driver;
};

} // namespace

INSTANTIATE_TEST_SUITE_P(RingModes, LiveMigration,
    testing::Values(MigratedRing { false, false }, MigratedRing { false, true },
        MigratedRing { true, false }, MigratedRing { true, true }),
    [](const auto& mode) {
        return std::string(mode.param.packed ? "Packed" : "Split")
            + (mode.param.indirect ? "Indirect" : "Direct");
    });

TEST_P(LiveMigration, NoPageIsMissedUnderLoadAndRequestsInFlightMoveAlong)
{
    EchoLoad load(*m_driver);
    const MemoryWatch source_memory(m_driver->memory());
    const auto report = m_driver->migrate_memory(m_target.path(), ROUNDS, [&load] { load.run(); });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->missed, std::vector<uint64_t> {});
    EXPECT_EQ(report->rounds, ROUNDS);
    const uint64_t pages = m_driver->memory().size() / DriverMemory::PAGE;
    EXPECT_GT(report->pages_copied, pages);
    EXPECT_GT(report->pages_at_the_end, 0u);
    EXPECT_LT(report->pages_at_the_end, pages / 4) << "copied what was not written";

    // From here on the guest lives in other memory, and nobody writes to that of the source.
    EXPECT_FALSE(source_memory.is_file_of(m_driver->memory()));
    const auto left_behind = source_memory.contents();
    load.run();
    ASSERT_EQ(load.kept.size(), ROUNDS + 2u);
    answer_kept(m_target, *m_target_device);
    for (const uint64_t ticket : load.kept)
        load.expect_answer(ticket);
    EXPECT_TRUE(source_memory.contents() == left_behind);
    EXPECT_EQ(m_driver->ring(0).violation(), "");
    EXPECT_EQ(m_source.rules(), "");
    EXPECT_EQ(m_target.rules(), "");
}

// The comparison can fail: a device that writes and does not say so.
TEST_P(LiveMigration, WriteThatIsNotLoggedIsFound)
{
    EchoLoad load(*m_driver);
    const uint32_t large = 4 * DriverMemory::PAGE;
    unsigned round = 0;
    const std::vector<BuiltinDriver::Piece> request { BuiltinDriver::Piece(4, std::byte { 'k' }) };
    const auto report = m_driver->migrate_memory(m_target.path(), ROUNDS, [&] {
        if (round == 0) {
            EXPECT_TRUE(m_driver->submit_segments(0, request, { large }));
        }
        load.expect_answer(load.submit('e', 20)); // behind the other one
        if (++round == 3)
            m_source.run([this, large](DeviceHost&, Listener&) {
                m_source_device->parked[0].front().writer().fill(std::byte { 'W' }, large);
            });
    });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_GE(report->missed.size(), 3u);
    EXPECT_LE(report->missed.size(), 5u);
}

TEST_P(LiveMigration, SourceGoesOnInItsMemoryWhenTheTargetRefuses)
{
    EchoLoad load(*m_driver);
    TestBench other; // another type of device: it offers other features, or takes no such state
    const MemoryWatch source_memory(m_driver->memory());
    const auto report = m_driver->migrate_memory(
        other.device("rng0").socket_path(), ROUNDS, [&load] { load.run(); });
    EXPECT_FALSE(report);
    EXPECT_TRUE(source_memory.is_file_of(m_driver->memory()));
    load.run();
    answer_kept(m_source, *m_source_device);
    for (const uint64_t ticket : load.kept)
        load.expect_answer(ticket);
    EXPECT_EQ(m_source.rules(), "");
}

// --- devices ---

namespace {

class LiveDeviceMigration : public testing::Test {
protected:
    void wait_for_parked(
        TestBench& bench, const std::string& device, unsigned queue, uint32_t count)
    {
        bench.wait_until(device, [queue, count](RunningDevice& running) {
            return running.host().queue(queue).in_flight() == count;
        });
    }

    TestBench m_source;
    TestBench m_target;
};

} // namespace

TEST_F(LiveDeviceMigration, GpioLinesAndParkedInterruptsMoveAlong)
{
    const auto driver = m_source.connect("gpio0");
    const auto ask = [&driver](uint16_t type, uint16_t line, uint32_t value) {
        const auto answer = driver->request(GPIO_REQUESTQ, gpio_request(type, line, value), 2);
        EXPECT_TRUE(answer) << answer.error().message();
        return answer ? numbers(*answer) : std::vector<int> {};
    };
    ask(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_IN);
    ask(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = driver->submit(GPIO_EVENTQ, gpio_event(3), 1);
    wait_for_parked(m_source, "gpio0", GPIO_EVENTQ, 1);
    unsigned round = 0;
    const auto report = driver->migrate_memory(m_target.device("gpio0").socket_path(), ROUNDS, [&] {
        ask(VIRTIO_GPIO_MSG_SET_VALUE, 2, ++round % 2);
        ask(VIRTIO_GPIO_MSG_SET_DIRECTION, 2, VIRTIO_GPIO_DIRECTION_OUT);
    });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->missed, std::vector<uint64_t> {});
    wait_for_parked(m_target, "gpio0", GPIO_EVENTQ, 1);
    EXPECT_EQ(m_target.get("led"), int64_t { round % 2 });
    m_target.set("button", 1);
    const auto event = driver->wait(GPIO_EVENTQ, *ticket);
    ASSERT_TRUE(event) << event.error().message();
    EXPECT_EQ(numbers(*event), std::vector<int> { VIRTIO_GPIO_IRQ_STATUS_VALID });
    EXPECT_EQ(m_source.rules("gpio0"), "");
    EXPECT_EQ(m_target.rules("gpio0"), "");
}

TEST_F(LiveDeviceMigration, RandomBytesAreAllThereAndWaitingRequestsMoveAlong)
{
    const auto driver = m_source.connect("rng0");
    std::vector<uint64_t> waiting;
    const auto starve = [](TestBench& bench, bool on) {
        Value parameters;
        parameters.set("on", on);
        bench.call("rng0", "starve", parameters);
    };
    unsigned round = 0;
    const auto report = driver->migrate_memory(m_target.device("rng0").socket_path(), ROUNDS, [&] {
        for (int i = 0; round < ROUNDS && i < 8; ++i)
            ASSERT_TRUE(driver->request(0, {}, 5000));
        if (round++ < ROUNDS)
            return;
        starve(m_source, true);
        for (int i = 0; i < 4; ++i)
            waiting.push_back(driver->submit(0, {}, 100).value());
        wait_for_parked(m_source, "rng0", 0, 4);
    });
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->missed, std::vector<uint64_t> {});
    for (const uint64_t ticket : waiting) {
        const auto answer = driver->wait(0, ticket);
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_EQ(answer->used_length, 100u);
    }
    EXPECT_EQ(m_target.rules("rng0"), "");
}

namespace {

// An adapter that carries out what comes, or holds it as slow hardware does.
struct I2cServer {
    explicit I2cServer(bool hold)
        : server([this, hold](EventLoop& loop) {
            auto made = std::make_unique<FakeI2cAdapter>();
            made->hold = hold;
            adapter = made.get();
            return std::make_unique<I2cDevice>(loop, std::move(made));
        })
    {
    }
    std::string bus()
    {
        std::string seen;
        server.run([this, &seen](DeviceHost&, Listener&) { seen = adapter->bus; });
        return seen;
    }

    FakeI2cAdapter* adapter = nullptr;
    DeviceServer server;
};

} // namespace

// A transfer that is on the bus when the queue stops has failed: nobody knows how far it got. Those
// behind it have not begun.
TEST(LiveI2cMigration, TransfersBehindOneThatHangsAreCarriedOutByTheTarget)
{
    I2cServer source(true);
    I2cServer target(false);
    const auto driver = BuiltinDriver::connect(source.server.path()).value();
    // virtio 1.4, 5.16.6.1: the address is shifted by one; a write of one byte to 0x48.
    const virtio_i2c_out_hdr header { 0x48 << 1, 0, 0 };
    const auto bytes = std::as_bytes(std::span(&header, 1));
    std::vector<uint64_t> tickets;
    const auto load = [&] {
        const BuiltinDriver::Piece data { static_cast<std::byte>(tickets.size()) };
        const auto ticket
            = driver->submit_segments(0, { { bytes.begin(), bytes.end() }, data }, { 1 });
        ASSERT_TRUE(ticket) << ticket.error().message();
        tickets.push_back(*ticket);
    };
    const auto report = driver->migrate_memory(target.server.path(), 2, load);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->missed, std::vector<uint64_t> {});
    std::vector<int> statuses;
    for (const uint64_t ticket : tickets) {
        const auto answer = driver->wait(0, ticket);
        ASSERT_TRUE(answer) << answer.error().message();
        statuses.push_back(numbers(*answer).at(0));
    }
    EXPECT_EQ(
        statuses, (std::vector<int> { VIRTIO_I2C_MSG_ERR, VIRTIO_I2C_MSG_OK, VIRTIO_I2C_MSG_OK }));
    EXPECT_EQ(source.bus(), "cancel ");
    EXPECT_EQ(target.bus(), "S 48W 01 P S 48W 02 P ");
    EXPECT_EQ(source.server.rules() + target.server.rules(), "");
}
