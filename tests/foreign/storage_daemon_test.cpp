// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The built-in driver against the vhost-user-blk export of qemu-storage-daemon: what goes over the
// rings is compared with the disk image behind it.
#include "engine/device/features.h"
#include "engine/driver/builtin_driver.h"
#include "engine/vhost_user/frontend.h"
#include "tests/foreign/storage_daemon.h"
#include "tests/support/raw_front_end.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace vwb {
namespace {

using test::bytes;
using test::StorageDaemon;
using Bytes = std::vector<std::byte>;

// virtio 1.4, 5.2.6
constexpr uint32_t VIRTIO_BLK_T_IN = 0;
constexpr uint32_t VIRTIO_BLK_T_OUT = 1;
constexpr uint32_t VIRTIO_BLK_T_FLUSH = 4;
constexpr uint32_t VIRTIO_BLK_T_GET_ID = 8;
constexpr uint32_t VIRTIO_BLK_T_WRITE_ZEROES = 13;
constexpr std::byte VIRTIO_BLK_S_OK { 0 };
constexpr std::byte VIRTIO_BLK_S_IOERR { 1 };
constexpr std::byte VIRTIO_BLK_S_UNSUPP { 2 };
constexpr uint64_t VIRTIO_BLK_F_FLUSH = feature_bit(9);
constexpr uint64_t VIRTIO_BLK_F_WRITE_ZEROES = feature_bit(14);
constexpr uint32_t SECTOR = 512;
constexpr uint64_t SECTORS = StorageDaemon::DISK_SIZE / SECTOR;

Bytes header(uint32_t type, uint64_t sector = 0)
{
    return bytes(type, uint32_t { 0 }, sector);
}

// Bytes that differ from sector to sector and from seed to seed.
Bytes pattern(size_t size, uint64_t seed)
{
    std::mt19937_64 generator(seed);
    Bytes out(size);
    std::ranges::generate(out, [&] { return static_cast<std::byte>(generator()); });
    return out;
}

struct RingBits {
    bool event_index;
    bool indirect;
};

std::string name_of(const testing::TestParamInfo<RingBits>& info)
{
    return std::string(info.param.event_index ? "EventIdx" : "NoEventIdx")
        + (info.param.indirect ? "Indirect" : "Direct");
}

class StorageDaemonTest : public testing::TestWithParam<RingBits> {
protected:
    void SetUp() override { driver = connect(); }

    std::unique_ptr<BuiltinDriver> connect() const
    {
        DriverOptions options;
        options.event_index = GetParam().event_index;
        options.indirect = GetParam().indirect;
        options.timeout = std::chrono::seconds(30); // the daemon starts, and others build
        return BuiltinDriver::connect(daemon.socket_path(), options).value();
    }

    // The data is cut in pieces of different sizes, so that a chain has many descriptors.
    uint64_t submit_write(unsigned queue, uint64_t sector, const Bytes& data)
    {
        std::vector<Bytes> readable { header(VIRTIO_BLK_T_OUT, sector) };
        for (size_t done = 0, size = 1; done < data.size(); done += size, size = size * 3 + 1) {
            const auto first = data.begin() + static_cast<ptrdiff_t>(done);
            const auto count = static_cast<ptrdiff_t>(std::min(size, data.size() - done));
            readable.emplace_back(first, first + count);
        }
        return driver->submit_segments(queue, readable, { 1 }).value();
    }

    std::byte write(unsigned queue, uint64_t sector, const Bytes& data)
    {
        return driver->wait(queue, submit_write(queue, sector, data)).value().bytes.back();
    }

    uint64_t submit_read(unsigned queue, uint64_t sector, uint32_t size)
    {
        const std::vector<uint32_t> writable { size / 2, size - size / 2, 1 };
        return driver->submit_segments(queue, { header(VIRTIO_BLK_T_IN, sector) }, writable)
            .value();
    }

    // The data of an answer, which must be a good one.
    Bytes read_answer(unsigned queue, uint64_t ticket)
    {
        auto answer = driver->wait(queue, ticket).value();
        EXPECT_EQ(answer.used_length, answer.bytes.size());
        EXPECT_EQ(answer.bytes.back(), VIRTIO_BLK_S_OK);
        answer.bytes.pop_back();
        return answer.bytes;
    }

    void expect_no_violation()
    {
        for (const unsigned queue : driver->queues())
            EXPECT_EQ(driver->ring(queue).violation(), "");
    }

    StorageDaemon daemon;
    std::unique_ptr<BuiltinDriver> driver;
};

INSTANTIATE_TEST_SUITE_P(Rings, StorageDaemonTest,
    testing::Values(RingBits { true, true }, RingBits { true, false }, RingBits { false, true },
        RingBits { false, false }),
    name_of);

TEST_P(StorageDaemonTest, WhatBothHaveIsNegotiated)
{
    EXPECT_TRUE(driver->features() & F_VERSION_1);
    EXPECT_EQ((driver->features() & F_EVENT_IDX) != 0, GetParam().event_index);
    EXPECT_EQ((driver->features() & F_INDIRECT_DESC) != 0, GetParam().indirect);
    EXPECT_TRUE(driver->features() & VIRTIO_BLK_F_FLUSH);
    EXPECT_EQ(driver->features() & ~driver->offered(), 0U);
    EXPECT_EQ(driver->queues(), (std::vector<unsigned> { 0, 1 }));
    EXPECT_EQ(driver->read_config(0, 8).value(), bytes(SECTORS));
}

TEST_P(StorageDaemonTest, WhatIsWrittenIsInTheImage)
{
    uint32_t seed = 1;
    for (const unsigned queue : { 0U, 1U }) {
        for (const auto& [sector, sectors] :
            { std::pair<uint64_t, size_t> { 0, 1 }, { 5, 3 }, { 1000, 128 }, { SECTORS - 1, 1 } }) {
            const Bytes data = pattern(sectors * SECTOR, ++seed);
            EXPECT_EQ(write(queue, sector, data), VIRTIO_BLK_S_OK);
            EXPECT_EQ(driver->request(queue, header(VIRTIO_BLK_T_FLUSH), 1).value().bytes.back(),
                VIRTIO_BLK_S_OK);
            EXPECT_EQ(daemon.read_disk(sector * SECTOR, data.size()), data);
        }
    }
    expect_no_violation();
}

TEST_P(StorageDaemonTest, WhatIsInTheImageIsRead)
{
    const Bytes data = pattern(size_t { 300 } * SECTOR, 1);
    daemon.write_disk(size_t { 17 } * SECTOR, data);
    EXPECT_EQ(read_answer(0, submit_read(0, 17, static_cast<uint32_t>(data.size()))), data);
    EXPECT_EQ(read_answer(1, submit_read(1, 18, SECTOR)),
        Bytes(data.begin() + SECTOR, data.begin() + 2 * SECTOR));
    expect_no_violation();
}

TEST_P(StorageDaemonTest, IdIsAText)
{
    const auto answer = driver->request(0, header(VIRTIO_BLK_T_GET_ID), 20 + 1).value();
    EXPECT_EQ(answer.bytes.back(), VIRTIO_BLK_S_OK);
    const char expected[] = "vhost_user_blk";
    EXPECT_TRUE(std::ranges::equal(
        std::span(answer.bytes).first(sizeof(expected)), std::as_bytes(std::span(expected))));
}

TEST_P(StorageDaemonTest, ZeroesAreWritten)
{
    ASSERT_TRUE(driver->features() & VIRTIO_BLK_F_WRITE_ZEROES);
    daemon.write_disk(0, pattern(size_t { 3 } * SECTOR, 1));
    Bytes request = header(VIRTIO_BLK_T_WRITE_ZEROES);
    const Bytes range = bytes(uint64_t { 1 }, uint32_t { 1 }, uint32_t { 0 });
    request.insert(request.end(), range.begin(), range.end());
    EXPECT_EQ(driver->request(0, request, 1).value().bytes.back(), VIRTIO_BLK_S_OK);
    Bytes expected = pattern(size_t { 3 } * SECTOR, 1);
    std::fill(expected.begin() + SECTOR, expected.begin() + 2 * SECTOR, std::byte { 0 });
    EXPECT_EQ(daemon.read_disk(0, expected.size()), expected);
}

TEST_P(StorageDaemonTest, RefusedRequestsHaveTheirStatus)
{
    EXPECT_EQ(write(0, SECTORS, pattern(SECTOR, 1)), VIRTIO_BLK_S_IOERR);
    EXPECT_EQ(driver->request(0, header(VIRTIO_BLK_T_IN, SECTORS - 1), 2 * SECTOR + 1)
                  .value()
                  .bytes.back(),
        VIRTIO_BLK_S_IOERR);
    EXPECT_EQ(driver->request(0, header(77), 1).value().bytes.back(), VIRTIO_BLK_S_UNSUPP);
    EXPECT_EQ(write(0, 0, pattern(SECTOR, 1)), VIRTIO_BLK_S_OK);
}

TEST_P(StorageDaemonTest, ManyRequestsUnderWayOnBothQueuesKeepTheirData)
{
    std::mt19937_64 generator(7);
    Bytes model(StorageDaemon::DISK_SIZE);
    for (unsigned round = 0; round < 60; ++round) {
        std::vector<std::pair<unsigned, uint64_t>> writes;
        // Regions of one round do not overlap: the order of requests under way is the device's.
        for (unsigned region = 0; region < 8; ++region) {
            const uint64_t sector = region * (SECTORS / 8) + generator() % (SECTORS / 16);
            const Bytes data = pattern(size_t { 1 + generator() % 8 } * SECTOR, generator());
            std::ranges::copy(data, model.begin() + static_cast<ptrdiff_t>(sector * SECTOR));
            writes.emplace_back(region % 2, submit_write(region % 2, sector, data));
        }
        for (const auto& [queue, ticket] : writes)
            ASSERT_EQ(driver->wait(queue, ticket).value().bytes.back(), VIRTIO_BLK_S_OK);
        std::vector<std::pair<uint64_t, uint64_t>> reads;
        for (unsigned i = 0; i < 10; ++i) {
            const uint64_t sector = generator() % (SECTORS - 4);
            reads.emplace_back(sector, submit_read(i % 2, sector, 4 * SECTOR));
        }
        for (unsigned i = 0; i < reads.size(); ++i) {
            const auto first = model.begin() + static_cast<ptrdiff_t>(reads[i].first * SECTOR);
            ASSERT_EQ(read_answer(i % 2, reads[i].second), Bytes(first, first + 4 * SECTOR));
        }
    }
    EXPECT_EQ(daemon.read_disk(0, model.size()), model);
    expect_no_violation();
}

TEST_P(StorageDaemonTest, StoppedQueuesGoOnFromTheirBases)
{
    const Bytes first = pattern(SECTOR, 1);
    const Bytes second = pattern(SECTOR, 2);
    ASSERT_EQ(write(0, 1, first), VIRTIO_BLK_S_OK);
    ASSERT_TRUE(driver->stop_queues());
    const uint64_t ticket = submit_write(0, 2, second);
    ASSERT_TRUE(driver->start_queues());
    EXPECT_EQ(driver->wait(0, ticket).value().bytes.back(), VIRTIO_BLK_S_OK);
    EXPECT_EQ(read_answer(0, submit_read(0, 1, SECTOR)), first);
    EXPECT_EQ(read_answer(1, submit_read(1, 2, SECTOR)), second);
    expect_no_violation();
}

TEST_P(StorageDaemonTest, AnotherFrontEndIsServedAfterOneThatDied)
{
    const Bytes data = pattern(SECTOR, 1);
    ASSERT_EQ(write(0, 1, data), VIRTIO_BLK_S_OK);
    driver->disconnect();
    driver = connect();
    EXPECT_EQ(read_answer(0, submit_read(0, 1, SECTOR)), data);
}

TEST_P(StorageDaemonTest, RequestsUnderWaySurviveTheDeathOfTheDaemon)
{
    ASSERT_EQ(write(0, 0, pattern(SECTOR, 100)), VIRTIO_BLK_S_OK);
    daemon.freeze();
    std::vector<uint64_t> tickets;
    for (uint32_t i = 0; i < 5; ++i)
        tickets.push_back(submit_write(0, 10 + i, pattern(SECTOR, i)));
    daemon.kill();
    daemon.start();
    ASSERT_TRUE(driver->reconnect());
    for (uint32_t i = 0; i < 5; ++i) {
        EXPECT_EQ(driver->wait(0, tickets[i]).value().bytes.back(), VIRTIO_BLK_S_OK);
        EXPECT_EQ(daemon.read_disk(size_t { 10 + i } * SECTOR, SECTOR), pattern(SECTOR, i));
    }
    EXPECT_EQ(read_answer(1, submit_read(1, 0, SECTOR)), pattern(SECTOR, 100));
    expect_no_violation();
}

} // namespace
} // namespace vwb
