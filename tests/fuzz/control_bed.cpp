// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/fuzz/control_bed.h"

#include "devices/gpio/gpio_device.h"
#include "devices/gpio/gpio_schema.h"
#include "devices/rng/rng_device.h"
#include "devices/rng/rng_schema.h"
#include "engine/bench/feature_wish.h"
#include "engine/virtqueue/ring_snapshot.h"
#include "sim/gpio/sim_gpio_bank.h"
#include "sim/rng/seeded_rng.h"
#include "tests/fuzz/arena_mapping.h"

namespace vwb::fuzz {
namespace {

constexpr size_t MEMORY = 4096;
constexpr uint64_t GUEST = 0x1000;
constexpr uint64_t USER = 0x100000;
constexpr uint16_t SIZE = 16; // entries: two for each request
constexpr uint16_t MAX_OPEN = SIZE / 2;
constexpr size_t DRIVER = 512;
constexpr size_t DEVICE = 768;
constexpr size_t PAYLOAD = 1024;
constexpr size_t PAYLOAD_STRIDE = 64;
constexpr uint32_t ANSWER = 16;
constexpr size_t TRACE = 64; // events

alignas(64) std::array<std::byte, MEMORY> g_memory;

void store(size_t place, auto value)
{
    std::memcpy(g_memory.data() + place, &value, sizeof value);
}

uint16_t used_index()
{
    uint16_t index;
    std::memcpy(&index, g_memory.data() + DEVICE + SplitLayout::USED_INDEX, sizeof index);
    return index;
}

std::unique_ptr<Device> make_gpio(EventLoop& loop)
{
    const std::vector<SimGpioLine> lines { { "led" }, { "button" }, { "" } };
    return GpioDevice::create(std::make_unique<SimGpioBank>(loop, lines)).value();
}

} // namespace

FuzzDevice::FuzzDevice(
    ObservedDevice identity, uint32_t device_id, EventLoop& loop, std::unique_ptr<Device> device)
    : m_identity(std::move(identity))
    , m_device_id(device_id)
    , m_host(m_identity.name, m_identity.index, loop, std::move(device), TRACE)
    , m_gate(m_host, m_identity, { .may_crash = false, .disconnect = [this] { disconnect(); } })
{
}

FuzzDevice::~FuzzDevice()
{
    m_host.stop_queues();
}

BenchDeviceStatus FuzzDevice::status()
{
    BenchDeviceStatus status;
    status.stage = "running";
    status.peer_pid = 1; // nobody else can be a guest
    status.problems = m_host.problems().total();
    for (size_t i = 0; i < m_host.queue_count(); ++i)
        status.requests += m_host.queue(i).counters().requests;
    const Value gate = m_gate.summary();
    status.faults = static_cast<uint64_t>(gate.find("faults")->integer_or(0));
    status.held = static_cast<uint64_t>(gate.find("held")->integer_or(0));
    return status;
}

void FuzzDevice::inspect(Inspector& inspector)
{
    m_host.inspect(inspector);
    inspector.child("gate", [this](Inspector& inner) { m_gate.inspect(inner); });
}

void FuzzDevice::set_problem_listener(std::function<void(const Problem&)> listener)
{
    m_host.problems().set_listener(std::move(listener));
}

Value FuzzDevice::features()
{
    Value value = Value::object();
    value.set("dial", to_value(m_host.dial(), m_host));
    value.set("next_dial", to_value(m_host.next_dial(), m_host));
    value.set("bits", Value());
    value.set("protocol_bits", Value());
    return value;
}

Result<void> FuzzDevice::turn_features(const Value& wish)
{
    const FeatureWish names = VWB_TRY(feature_wish_of(wish));
    m_host.set_next_dial(VWB_TRY(turn(m_host.next_dial(), names, m_host)));
    return {};
}

Result<Value> FuzzDevice::queue_snapshot(unsigned queue, uint32_t first, uint32_t count)
{
    return m_host.snapshot_queue(queue, SnapshotWindow { first, count });
}

Result<Value> FuzzDevice::read_memory(uint64_t guest_address, uint64_t size)
{
    if (!m_memory)
        return Error(ErrorKind::Unavailable, "there is no guest");
    const auto bytes = m_memory->translate(guest_address, std::min(size, MOST_MEMORY));
    if (bytes.empty())
        return Error(ErrorKind::NotFound, "guest address is in no memory region");
    Value value = Value::object();
    value.set("length", bytes.size());
    return value;
}

void FuzzDevice::connect_guest()
{
    static const auto memory
        = GuestMemory::create({ MemoryRegion::create({ GUEST, MEMORY, USER, 0 },
                                  std::make_unique<ArenaMapping>(g_memory.data())) })
              .value();
    std::ranges::fill(g_memory, std::byte {});
    m_memory = memory;
    m_host.accept_features(F_VERSION_1);
    m_host.set_memory(memory);
    VirtqueueConfig config;
    config.size = SIZE;
    config.parts = { g_memory.data(), g_memory.data() + DRIVER, g_memory.data() + DEVICE };
    config.memory = memory;
    VWB_ASSERT(m_host.start_queue(0, config));
    m_host.queue(0).set_enabled(true);
}

void FuzzDevice::guest_request(std::span<const uint8_t> bytes)
{
    if (!m_host.queue(0).started() || static_cast<uint16_t>(m_avail - used_index()) >= MAX_OPEN)
        return;
    const auto slot = static_cast<uint16_t>(m_avail % MAX_OPEN);
    const auto head = static_cast<uint16_t>(2 * slot);
    const size_t payload = PAYLOAD + slot * PAYLOAD_STRIDE;
    const auto size = static_cast<uint32_t>(std::clamp<size_t>(bytes.size(), 1, 16));
    std::fill_n(g_memory.data() + payload, PAYLOAD_STRIDE, std::byte {});
    std::memcpy(g_memory.data() + payload, bytes.data(), std::min<size_t>(bytes.size(), size));
    const auto describe
        = [](uint16_t index, uint64_t place, uint32_t length, uint16_t flags, uint16_t next) {
              const size_t at = index * DESCRIPTOR_SIZE;
              store(at, GUEST + place);
              store(at + 8, length);
              store(at + 12, flags);
              store(at + 14, next);
          };
    constexpr uint16_t has_next = 1;
    constexpr uint16_t writable = 2;
    const auto second = static_cast<uint16_t>(head + 1);
    describe(head, payload, size, has_next, second);
    describe(second, payload + ANSWER, ANSWER, writable, 0);
    store(DRIVER + SplitLayout::avail_entry(m_avail % SIZE), head);
    store(DRIVER + SplitLayout::AVAIL_INDEX, ++m_avail);
    m_host.queue(0).kick();
}

FuzzBench::FuzzBench(EventLoop& loop)
    : m_gpio(std::make_unique<FuzzDevice>(
        ObservedDevice { "gpio0", "gpio", 0, &GPIO_SCHEMA }, 41, loop, make_gpio(loop)))
    , m_rng(std::make_unique<FuzzDevice>(ObservedDevice { "rng0", "rng", 1, &RNG_SCHEMA }, 4, loop,
          std::make_unique<RngDevice>(loop, std::make_unique<SeededRng>(1), RngRate {})))
    , m_devices { m_gpio.get(), m_rng.get() }
{
    m_gpio->connect_guest();
}

} // namespace vwb::fuzz
