// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// No notification is ever lost: the two ends of a ring in random order of their steps, and on two
// threads that sleep whenever they are allowed to.
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/virtqueue.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

#include <unistd.h>

using namespace vwb;

namespace {

struct Format {
    RingFormat ring;
    bool event_index;
};

// Both ends of one ring. All indices begin just before the end of their 16 bits.
struct Ends {
    Ends(const Format& format, uint32_t size)
        : memory(DriverMemory::create(size_t { 1 } << 20).value())
        , table(GuestMemory::create(
              { MemoryRegion::map(memory->info(), UniqueFd(::dup(memory->fd()))).value() })
                    .value())
        , driver(make_driver_ring(*memory, { size, format.event_index, false, false, format.ring }))
        , buffer(memory->allocate(64))
    {
        VirtqueueConfig config;
        config.size = size;
        config.event_index = format.event_index;
        config.format = format.ring;
        config.base = driver->fresh_base();
        config.memory = table;
        const auto part = [this](uint64_t user) { return table->translate_user(user, 2).data(); };
        config.parts = { part(driver->descriptors_user()), part(driver->driver_user()),
            part(driver->device_user()) };
        queue = Virtqueue::create(config).value();
    }
    // Runs requests through until only a few are missing to the end of the index.
    void run_up_to_the_wrap()
    {
        for (int i = 0; i < 65536 - 20; ++i) {
            add();
            driver->publish();
            queue->push_used(std::move(*queue->pop()), 1);
            queue->publish();
            queue->driver_wants_call();
            driver->pop_used();
        }
        queue->enable_kicks();
        driver->enable_calls();
    }
    void add()
    {
        const std::vector<DriverSegment> writable { buffer.segment() };
        ASSERT_TRUE(driver->add({}, writable, 0));
    }

    std::unique_ptr<DriverMemory> memory;
    std::shared_ptr<const GuestMemory> table;
    std::unique_ptr<DriverRing> driver;
    GuestBuffer buffer;
    std::unique_ptr<Virtqueue> queue;
};

// Packed rings may have other sizes too.
std::vector<uint32_t> sizes(const Format& format, std::vector<uint32_t> all)
{
    if (format.ring == RingFormat::Packed)
        all.insert(all.end(), { 3, 5 });
    return all;
}

class RingNotificationTest : public testing::TestWithParam<Format> { };

INSTANTIATE_TEST_SUITE_P(Formats, RingNotificationTest,
    testing::Values(Format { RingFormat::Split, false }, Format { RingFormat::Split, true },
        Format { RingFormat::Packed, false }, Format { RingFormat::Packed, true }),
    [](const auto& format) {
        return std::string(format.param.ring == RingFormat::Packed ? "Packed" : "Split")
            + (format.param.event_index ? "EventIdx" : "Flags");
    });

// One side as a state machine of the steps that real code takes one after the other. Between any
// two steps the other side may take any number of its own.
//
//   device: work (kicks disabled) -> enable -> [more came: work] -> sleep until a kick
class DeviceSteps {
public:
    explicit DeviceSteps(Virtqueue& queue)
        : m_queue(queue)
    {
    }
    bool asleep() const { return m_state == State::Asleep; }
    void kick() { m_kicked = true; }
    // Answers whether the driver is called.
    bool step(std::mt19937& random)
    {
        switch (m_state) {
        case State::Asleep:
            if (std::exchange(m_kicked, false)) {
                m_queue.disable_kicks();
                m_state = State::Working;
            }
            return false;
        case State::Working:
            return work(random);
        case State::Enabling:
            m_state = m_queue.enable_kicks() ? State::Working : State::Asleep;
            if (m_state == State::Working)
                m_queue.disable_kicks();
            return false;
        }
        return false;
    }

private:
    enum class State { Asleep, Working, Enabling };

    // Pops, uses and publishes a random share of what there is.
    bool work(std::mt19937& random)
    {
        auto chain = m_queue.pop();
        if (!chain && m_unpublished == 0) {
            m_state = State::Enabling;
            return false;
        }
        if (chain) {
            m_queue.push_used(std::move(*chain), 1);
            ++m_unpublished;
        }
        if (chain && random() % 3 != 0)
            return false;
        m_unpublished = 0;
        m_queue.publish();
        return m_queue.driver_wants_call();
    }

    Virtqueue& m_queue;
    State m_state = State::Asleep;
    bool m_kicked = false;
    unsigned m_unpublished = 0;
};

//   driver: submit some and kick if wanted, or collect (calls disabled) -> enable -> [more came:
//   collect] -> sleep until a call
class DriverSteps {
public:
    explicit DriverSteps(Ends& ends)
        : m_ends(ends)
    {
    }
    bool asleep() const { return m_state == State::Asleep; }
    void call() { m_called = true; }
    uint64_t collected() const { return m_collected; }
    // Answers whether the device is kicked.
    bool step(std::mt19937& random)
    {
        DriverRing& ring = *m_ends.driver;
        switch (m_state) {
        case State::Asleep:
            if (std::exchange(m_called, false)) {
                ring.disable_calls();
                m_state = State::Collecting;
            }
            return false;
        case State::Collecting:
            if (ring.pop_used())
                ++m_collected;
            else
                m_state = ring.free_descriptors() > 0 && random() % 2 == 0 ? State::Submitting
                                                                           : State::Enabling;
            return false;
        case State::Submitting:
            m_state = State::Enabling;
            for (auto i = 1 + random() % ring.free_descriptors(); i > 0; --i)
                m_ends.add();
            return ring.publish();
        case State::Enabling:
            // A driver with nothing under way has nothing to wait for.
            if (ring.in_flight() == 0)
                m_state = State::Submitting;
            else if (ring.enable_calls())
                m_state = State::Asleep;
            else {
                ring.disable_calls();
                m_state = State::Collecting;
            }
            return false;
        }
        return false;
    }

private:
    enum class State { Asleep, Collecting, Submitting, Enabling };

    Ends& m_ends;
    State m_state = State::Submitting;
    bool m_called = false;
    uint64_t m_collected = 0;
};

} // namespace

TEST_P(RingNotificationTest, NobodySleepsForeverInAnyOrderOfSteps)
{
    for (const uint32_t size : sizes(GetParam(), { 1, 2, 4, 64 })) {
        for (unsigned seed = 1; seed <= 40; ++seed) {
            Ends ends(GetParam(), size);
            if (seed % 8 == 0)
                ends.run_up_to_the_wrap();
            std::mt19937 random(seed * 1000 + size);
            DeviceSteps device(*ends.queue);
            DriverSteps driver(ends);
            unsigned idle = 0;
            for (int i = 0; i < 2000; ++i) {
                const bool devices_turn = random() % 2 == 0;
                if (devices_turn && device.step(random))
                    driver.call();
                if (!devices_turn && driver.step(random))
                    device.kick();
                // A side that sleeps wakes at its next step if it was notified.
                idle = device.asleep() && driver.asleep() ? idle + 1 : 0;
                ASSERT_LT(idle, 200u)
                    << "both sleep; size " << size << ", seed " << seed << ", step " << i;
            }
            EXPECT_GT(driver.collected(), 20u);
            EXPECT_EQ(ends.driver->violations(), 0u);
        }
    }
}

namespace {

// What an eventfd is to the two threads.
class Doorbell {
public:
    void ring()
    {
        const std::lock_guard lock(m_mutex);
        m_rung = true;
        m_changed.notify_one();
    }
    // False: nobody rang within the ceiling.
    bool wait()
    {
        std::unique_lock lock(m_mutex);
        const bool rung
            = m_changed.wait_for(lock, std::chrono::seconds(5), [this] { return m_rung; });
        m_rung = false;
        return rung;
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_rung = false;
};

void serve(Virtqueue& queue, uint64_t count, Doorbell& kick, Doorbell& call)
{
    uint64_t served = 0;
    while (served < count) {
        queue.disable_kicks();
        do {
            while (auto chain = queue.pop()) {
                queue.push_used(std::move(*chain), 1);
                ++served;
            }
            queue.publish();
            if (queue.driver_wants_call())
                call.ring();
        } while (queue.enable_kicks());
        if (served < count) {
            ASSERT_TRUE(kick.wait()) << "no kick for what is available";
        }
    }
}

void drive(Ends& ends, uint64_t count, Doorbell& kick, Doorbell& call)
{
    DriverRing& ring = *ends.driver;
    uint64_t added = 0;
    uint64_t done = 0;
    while (done < count) {
        ring.disable_calls();
        const uint64_t burst = 1 + added % 5;
        for (uint64_t i = 0; i < burst && added < count && ring.free_descriptors() > 0; ++i) {
            ends.add();
            ++added;
        }
        if (ring.publish())
            kick.ring();
        while (ring.pop_used())
            ++done;
        if (ring.in_flight() > 0 && ring.enable_calls()) {
            ASSERT_TRUE(call.wait()) << "no call for what is used";
        }
    }
}

} // namespace

TEST_P(RingNotificationTest, TwoThreadsThatSleepNeverMissEachOther)
{
    static constexpr uint64_t count = 4'000;
    for (const uint32_t size : sizes(GetParam(), { 1, 4, 256 })) {
        Ends ends(GetParam(), size);
        ends.run_up_to_the_wrap();
        Doorbell kick;
        Doorbell call;
        std::thread device([&ends, &kick, &call] { serve(*ends.queue, count, kick, call); });
        drive(ends, count, kick, call);
        device.join();
        EXPECT_EQ(ends.driver->in_flight(), 0u);
        EXPECT_EQ(ends.driver->violations(), 0u);
        if (HasFailure())
            break;
    }
}
