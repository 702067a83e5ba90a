// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Both ends of a ring of either format against a model made of plain queues: whatever they do in
// whatever order, each chain comes out as it went in, once, in the order that was promised.
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/virtqueue/virtqueue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include <unistd.h>

namespace vwb {
namespace {

struct ModelChain {
    uint64_t token;
    size_t readable;
    size_t writable;
    std::optional<uint32_t> length; // once the device has done it
};

class RingModel {
public:
    explicit RingModel(const DriverRingOptions& options)
        : m_options(options)
        , m_memory(DriverMemory::create(size_t { 1 } << 20).value())
        , m_table(GuestMemory::create(
              { MemoryRegion::map(m_memory->info(), UniqueFd(::dup(m_memory->fd()))).value() })
                      .value())
        , m_driver(make_driver_ring(*m_memory, options))
        , m_buffer(m_memory->allocate(4096))
    {
        start(m_driver->fresh_base());
    }
    ~RingModel() { give_all_back(); }

    // One step, chosen by the number.
    void step(unsigned number)
    {
        const unsigned detail = number / 16;
        switch (number % 16) {
        case 0:
        case 1:
        case 2:
            add(detail % 3, 1 + detail / 3 % 4);
            break;
        case 3:
        case 4:
            publish_available();
            break;
        case 5:
        case 6:
        case 7:
            pop();
            break;
        case 8:
        case 9:
        case 10:
            use(detail);
            break;
        case 11:
            publish_used();
            break;
        case 12:
        case 13:
            collect();
            break;
        case 14:
            notify(detail);
            break;
        default:
            detail % 4 == 0 ? reset() : detail % 4 == 1 ? rewind() : stop_and_start();
        }
        RC_ASSERT(m_driver->violation() == "");
        RC_ASSERT(m_faults == 0u);
        RC_ASSERT(m_queue->in_flight() == m_held.size());
    }
    // All that is under way comes to its end.
    void finish()
    {
        publish_available();
        while (!m_available.empty())
            pop();
        while (!m_held.empty())
            use(0);
        publish_used();
        while (!m_used.empty())
            collect();
        RC_ASSERT(m_driver->in_flight() == 0u);
        RC_ASSERT(m_driver->free_descriptors() == m_driver->size());
        RC_ASSERT(m_queue->unreturned() == 0u);
    }

private:
    struct Held {
        DescriptorChain chain;
        uint64_t token;
    };

    void start(uint32_t base)
    {
        VirtqueueConfig config;
        config.format = m_options.format;
        config.size = m_options.size;
        config.base = base;
        config.event_index = m_options.event_index;
        config.indirect = m_options.indirect;
        config.in_order = m_options.in_order;
        config.memory = m_table;
        const auto part = [this](uint64_t user) { return m_table->translate_user(user, 2).data(); };
        config.parts = { part(m_driver->descriptors_user()), part(m_driver->driver_user()),
            part(m_driver->device_user()) };
        m_queue = Virtqueue::create(config).value();
        m_queue->set_fault_handler([this](const RingFault&) { ++m_faults; });
    }
    void give_all_back()
    {
        for (Held& held : m_held)
            m_queue->give_back(std::move(held.chain));
        m_held.clear();
    }

    void add(size_t readable, size_t writable)
    {
        const uint64_t token = m_next_token;
        std::vector<DriverSegment> parts[2];
        for (size_t i = 0; i < readable + writable; ++i)
            parts[i < readable ? 0 : 1].push_back(
                { m_buffer.guest_address + 8 * (token % 64) + 512 * i, 4 });
        const bool table = m_options.indirect && readable + writable > 1;
        const size_t needed = table ? 1 : readable + writable;
        const bool fits = needed <= m_driver->free_descriptors();
        RC_ASSERT(m_driver->add(parts[0], parts[1], token).has_value() == fits);
        if (fits) {
            m_added.push_back({ token, readable, writable, {} });
            ++m_next_token;
        }
    }
    void publish_available()
    {
        m_driver->publish();
        m_available.insert(m_available.end(), m_added.begin(), m_added.end());
        m_added.clear();
    }
    void pop()
    {
        auto chain = m_queue->pop();
        RC_ASSERT(chain.has_value() == !m_available.empty());
        if (!chain)
            return;
        const ModelChain expected = m_available.front();
        m_available.pop_front();
        m_popped.push_back(expected);
        m_held.push_back({ std::move(*chain), expected.token });
        check(m_held.back().chain, expected);
    }
    void check(const DescriptorChain& chain, const ModelChain& expected)
    {
        const ChainRecord& record = chain.record();
        RC_ASSERT(record.readable().size() == expected.readable);
        RC_ASSERT(record.writable().size() == expected.writable);
        for (size_t i = 0; i < record.segments.size(); ++i)
            RC_ASSERT(record.segments[i].guest_address
                == m_buffer.guest_address + 8 * (expected.token % 64) + 512 * i);
    }
    void use(unsigned which)
    {
        if (m_held.empty())
            return;
        const size_t index = which % m_held.size();
        const uint32_t length = which % (m_held[index].chain.record().writable_bytes + 1);
        const uint64_t token = m_held[index].token;
        m_queue->push_used(std::move(m_held[index].chain), length);
        for (size_t i = index; i + 1 < m_held.size(); ++i) {
            m_held[i].chain = std::move(m_held[i + 1].chain);
            m_held[i].token = m_held[i + 1].token;
        }
        m_held.pop_back();
        const auto done = std::ranges::find(m_popped, token, &ModelChain::token);
        done->length = length;
        if (!m_options.in_order) {
            m_unpublished.push_back(*done);
            m_popped.erase(done);
        }
        while (m_options.in_order && !m_popped.empty() && m_popped.front().length) {
            m_unpublished.push_back(m_popped.front());
            m_popped.pop_front();
        }
    }
    void publish_used()
    {
        RC_ASSERT(m_queue->publish() == !m_unpublished.empty());
        m_queue->driver_wants_call();
        m_used.insert(m_used.end(), m_unpublished.begin(), m_unpublished.end());
        m_unpublished.clear();
    }
    void collect()
    {
        const auto used = m_driver->pop_used();
        RC_ASSERT(used.has_value() == !m_used.empty());
        if (!used)
            return;
        RC_ASSERT(used->token == m_used.front().token);
        RC_ASSERT(used->length == *m_used.front().length);
        m_used.pop_front();
    }
    void notify(unsigned what)
    {
        switch (what % 4) {
        case 0:
            m_queue->disable_kicks();
            break;
        case 1:
            RC_ASSERT(m_queue->enable_kicks() == !m_available.empty());
            break;
        case 2:
            m_driver->disable_calls();
            break;
        default:
            RC_ASSERT(m_driver->enable_calls() == m_used.empty());
        }
    }
    void stop_and_start()
    {
        publish_used();
        give_all_back();
        const auto carried = m_queue->carry_over();
        RC_ASSERT(carried.size() == m_popped.size());
        start(m_queue->base());
        for (size_t i = 0; i < carried.size(); ++i) {
            auto chain = m_queue->resume(carried[i]);
            RC_ASSERT(chain.has_value() == !m_popped[i].length.has_value());
            if (chain) {
                m_held.push_back({ std::move(*chain), m_popped[i].token });
                check(m_held.back().chain, m_popped[i]);
            }
        }
    }
    // The device is gone for good, and another one gets what the driver has not got back.
    void rewind()
    {
        publish_available();
        publish_used();
        give_all_back();
        std::deque<ModelChain> again;
        for (ModelChain chain : m_popped) {
            chain.length.reset();
            again.push_back(chain);
        }
        m_popped.clear();
        again.insert(again.end(), m_available.begin(), m_available.end());
        m_available = std::move(again);
        start(m_driver->rewind());
    }
    void reset()
    {
        give_all_back();
        for (auto* chains : { &m_added, &m_available, &m_popped, &m_unpublished, &m_used })
            chains->clear();
        m_driver->reset();
        start(m_driver->fresh_base());
    }

    const DriverRingOptions m_options;
    std::unique_ptr<DriverMemory> m_memory;
    std::shared_ptr<const GuestMemory> m_table;
    std::unique_ptr<DriverRing> m_driver;
    GuestBuffer m_buffer;
    std::unique_ptr<Virtqueue> m_queue;
    unsigned m_faults = 0;
    uint64_t m_next_token = 0;
    // Where each chain is: with the driver, available, popped (some of them held, in order of their
    // pop those that are done and wait), used, published.
    std::deque<ModelChain> m_added;
    std::deque<ModelChain> m_available;
    std::deque<ModelChain> m_popped;
    std::vector<Held> m_held;
    std::deque<ModelChain> m_unpublished;
    std::deque<ModelChain> m_used;
};

void run_model(RingFormat format, const std::vector<uint32_t>& sizes)
{
    DriverRingOptions options;
    options.format = format;
    options.size = *rc::gen::elementOf(sizes);
    options.event_index = *rc::gen::arbitrary<bool>();
    options.indirect = *rc::gen::arbitrary<bool>();
    options.in_order = *rc::gen::arbitrary<bool>();
    const auto steps = *rc::gen::scale(
        5.0, rc::gen::container<std::vector<unsigned>>(rc::gen::inRange<unsigned>(0, 16 * 64)));
    RingModel model(options);
    for (const unsigned step : steps)
        model.step(step);
    model.finish();
}

RC_GTEST_PROP(RingModel, SplitRingBehavesAsQueuesDo, ())
{
    run_model(RingFormat::Split, { 1, 2, 4, 8, 16 });
}

RC_GTEST_PROP(RingModel, PackedRingBehavesAsQueuesDo, ())
{
    run_model(RingFormat::Packed, { 1, 2, 3, 5, 8, 13 });
}

} // namespace
} // namespace vwb
