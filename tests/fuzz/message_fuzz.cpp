// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A front-end that sends any message with any payload and descriptors, among others that make sense
// so that rings do run, while its guest writes to them. Messages go straight to their checks and
// handlers: framing has a harness of its own. Checked: an accepted message is answered within the
// protocol's limits, and a session that ends leaves no descriptor open.
#include "engine/base/assert.h"
#include "engine/base/log.h"
#include "engine/vhost_user/message_handlers.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/input_clock.h"
#include "tests/support/echo_device.h"

#include <array>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vwb::fuzz {
namespace {

using Id = FrontEndMessage;
using Bytes = std::vector<std::byte>;

constexpr uint64_t MEMORY = 0x10000; // bytes
constexpr uint64_t GUEST = 0x40000;
constexpr uint64_t USER = 0x7f0000000000;
constexpr uint32_t RING_SIZE = 8;
constexpr uint64_t RING_STRIDE = 0x400; // descriptors, and at 0x100, 0x200 the other parts
constexpr unsigned MAX_STEPS = 48;

// What all runs share: the guest's memory and one of each kind of descriptor.
struct World {
    World()
    {
        set_log_level(LogLevel::Off);
        memory_fd.reset(::memfd_create("guest", MFD_CLOEXEC));
        VWB_ASSERT(::ftruncate(memory_fd.get(), MEMORY) == 0);
        void* place
            = ::mmap(nullptr, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd.get(), 0);
        VWB_ASSERT(place != MAP_FAILED);
        memory = static_cast<std::byte*>(place);
        event.reset(::eventfd(0, EFD_NONBLOCK));
        file.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
        int ends[2];
        VWB_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        socket.reset(ends[0]);
        peer.reset(ends[1]);
        VWB_ASSERT(::pipe2(ends, O_NONBLOCK) == 0);
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
        loop = EventLoop::create(clock).value();
    }
    int fd(uint8_t kind) const
    {
        const std::array fds { memory_fd.get(), event.get(), file.get(), socket.get(),
            read_end.get(), write_end.get() };
        return fds[kind % fds.size()];
    }

    UniqueFd memory_fd, event, file, socket, peer, read_end, write_end;
    std::byte* memory = nullptr;
    InputClock clock;
    std::unique_ptr<EventLoop> loop;
};

int lowest_free_fd()
{
    const int fd = ::dup(STDERR_FILENO);
    ::close(fd);
    return fd;
}

template <typename... Values> Bytes payload(const Values&... values)
{
    Bytes out((sizeof values + ...));
    std::byte* end = out.data();
    ((std::memcpy(end, &values, sizeof values), end += sizeof values), ...);
    return out;
}

class FrontEnd {
public:
    FrontEnd(FuzzInput& input, World& world)
        : m_input(input)
        , m_world(world)
        , m_host("echo0", 0, *world.loop, std::make_unique<test::EchoDevice>(), 64)
    {
        world.clock.reset();
        std::fill_n(world.memory, 2 * RING_STRIDE + 0x1000, std::byte {});
        m_host.set_next_dial({ .offer = F_ACCESS_PLATFORM,
            .protocol_offer = protocol_bit(ProtocolFeature::InbandNotifications) });
        m_host.apply_dial();
        m_handlers = std::make_unique<MessageHandlers>(m_host);
    }
    void run()
    {
        for (unsigned i = 0; i < MAX_STEPS && !m_input.empty() && !m_handlers->unusable(); ++i) {
            step();
            settle();
        }
        if (m_input.flag()) {
            Inspector inspector;
            m_handlers->inspect(inspector);
        }
        m_handlers.reset();
        m_host.reset();
        settle();
        for (size_t i = 0; i < m_host.queue_count(); ++i)
            VWB_ASSERT(!m_host.queue(i).started());
    }

private:
    void step();
    void send(Id id, Bytes bytes, std::initializer_list<uint8_t> fds = {});
    void deliver(Id id, Bytes bytes, std::vector<UniqueFd> fds);
    void send_anything();
    void send_numbers();
    void negotiate();
    void set_up_ring();
    void offer();
    void settle()
    {
        while (m_world.loop->run_once(Duration(0))) { }
    }
    uint64_t number();
    uint32_t ring() { return m_input.byte() % 2; }

    FuzzInput& m_input;
    World& m_world;
    DeviceHost m_host;
    std::unique_ptr<MessageHandlers> m_handlers;
    std::array<uint16_t, 2> m_avail {};
};

void FrontEnd::step()
{
    switch (m_input.byte() % 16) {
    case 0:
    case 1:
        send_anything();
        break;
    case 2:
    case 3:
        send_numbers();
        break;
    case 4:
        negotiate();
        break;
    case 5:
        send(Id::SetMemTable,
            payload(MemoryTablePayload { 1, 0 }, MemoryRegionPayload { GUEST, MEMORY, USER, 0 }),
            { 0 });
        break;
    case 6:
    case 7:
        set_up_ring();
        break;
    case 8:
        send(Id::SetVringEnable, payload(VringState { ring(), m_input.byte() % 4u }));
        break;
    case 9: { // the guest writes anywhere
        const size_t offset = m_input.number<uint16_t>() % (2 * RING_STRIDE + 0x1000);
        const auto bytes = std::as_bytes(m_input.bytes(m_input.byte() % 32));
        std::ranges::copy(bytes, m_world.memory + offset);
        break;
    }
    case 10:
    case 11:
        offer();
        break;
    case 12:
    case 13:
        m_host.queue(ring()).kick();
        break;
    case 14:
        send(Id::GetVringBase, payload(VringState { ring(), 0 }));
        break;
    default:
        m_world.clock.advance(std::chrono::milliseconds(m_input.byte()));
    }
}

// One byte may be another than it should be.
void FrontEnd::send(Id id, Bytes bytes, std::initializer_list<uint8_t> fds)
{
    if (m_input.byte() % 4 == 0 && !bytes.empty())
        bytes[m_input.below(static_cast<uint32_t>(bytes.size()))] ^= std::byte { m_input.byte() };
    std::vector<UniqueFd> own;
    for (const uint8_t kind : fds)
        own.emplace_back(::fcntl(m_world.fd(kind), F_DUPFD_CLOEXEC, 0));
    deliver(id, std::move(bytes), std::move(own));
}

// As BackendSession does.
void FrontEnd::deliver(Id id, Bytes bytes, std::vector<UniqueFd> fds)
{
    Message message;
    message.header = { static_cast<uint32_t>(id), MESSAGE_VERSION | MESSAGE_NEED_REPLY,
        static_cast<uint32_t>(bytes.size()) };
    message.payload = std::move(bytes);
    message.fds = std::move(fds);
    const MessageRule* rule = find_rule(id);
    if (!rule || m_handlers->take_postcopy_ack(message))
        return;
    if (const auto checked = check_message(*rule, message, m_handlers->negotiated()); !checked) {
        VWB_ASSERT(!checked.error().message().empty() && !rule_name(id).empty());
        return;
    }
    const auto reply = m_handlers->handle(message);
    if (!reply) {
        VWB_ASSERT(!reply.error().message().empty());
        return;
    }
    VWB_ASSERT(reply->payload.size() <= MAX_MESSAGE_PAYLOAD);
    VWB_ASSERT(reply->fds.size() <= MAX_MESSAGE_FDS);
    VWB_ASSERT(rule->reply != ReplyKind::Always || !reply->payload.empty());
    m_handlers->stage();
}

void FrontEnd::send_anything()
{
    const Id id { m_input.byte() % 48u };
    const MessageRule* rule = find_rule(id);
    // Mostly of the right size.
    const uint8_t how = m_input.byte();
    const size_t size = rule && how % 4 != 0 ? rule->min_size + (how & 0x40) : m_input.byte();
    Bytes bytes(size);
    std::ranges::copy(std::as_bytes(m_input.bytes(size)), bytes.begin());
    std::vector<UniqueFd> fds;
    for (unsigned i = how >> 4 & 3; i > 0; --i)
        fds.emplace_back(::fcntl(m_world.fd(m_input.byte()), F_DUPFD_CLOEXEC, 0));
    deliver(id, std::move(bytes), std::move(fds));
}

// Small ones, powers of two, places in memory and borders.
uint64_t FrontEnd::number()
{
    const uint8_t value = m_input.byte();
    switch (m_input.byte() % 8) {
    case 0:
        return uint64_t { 1 } << value % 64;
    case 1:
        return GUEST + value * 0x100u;
    case 2:
        return USER + value * 0x100u;
    case 3:
        return ~uint64_t { value };
    case 4:
        return uint64_t { value } << 32 | m_input.byte();
    case 5:
        return m_input.number<uint64_t>();
    default:
        return value % 16;
    }
}

void FrontEnd::send_numbers()
{
    const Id id { m_input.byte() % 48u };
    const MessageRule* rule = find_rule(id);
    Bytes bytes(rule ? rule->min_size + (m_input.byte() % 4) * 32u : 8);
    for (size_t i = 0; i + sizeof(uint64_t) <= bytes.size(); i += sizeof(uint64_t)) {
        const uint64_t value = number();
        std::memcpy(bytes.data() + i, &value, sizeof value);
    }
    if (rule && rule->max_size < bytes.size())
        bytes.resize(rule->max_size);
    std::vector<UniqueFd> fds;
    for (unsigned i = rule ? rule->min_fds : 0; i > 0; --i)
        fds.emplace_back(::fcntl(m_world.fd(m_input.byte()), F_DUPFD_CLOEXEC, 0));
    deliver(id, std::move(bytes), std::move(fds));
}

void FrontEnd::negotiate()
{
    const uint64_t offered
        = OFFERED_PROTOCOL_FEATURES | protocol_bit(ProtocolFeature::InbandNotifications);
    const uint64_t protocol = offered & ~uint64_t { m_input.number<uint16_t>() };
    send(Id::SetProtocolFeatures, payload(protocol));
    const uint64_t refused
        = uint64_t { m_input.byte() } << 28 | (m_input.flag() ? VHOST_F_LOG_ALL : 0);
    const uint64_t features = (m_host.offered_features() | VHOST_F_LOG_ALL) & ~refused;
    send(Id::SetFeatures, payload(features | VHOST_USER_F_PROTOCOL_FEATURES));
}

void FrontEnd::set_up_ring()
{
    const uint32_t index = ring();
    const uint64_t place = USER + index * RING_STRIDE;
    const bool packed = m_host.ring_format() == RingFormat::Packed;
    send(Id::SetVringNum, payload(VringState { index, RING_SIZE }));
    send(Id::SetVringBase, payload(VringState { index, packed ? 0x80008000u : m_avail[index] }));
    send(Id::SetVringAddr,
        payload(VringAddr { index, m_input.byte() % 2u, place, place + 0x200, place + 0x100,
            GUEST + index * RING_STRIDE }));
    send(Id::SetVringCall, payload(uint64_t { index }), { 1 });
    send(Id::SetVringKick, payload(uint64_t { index }), { 1 });
}

// A chain of one or two descriptors with payload behind the rings.
void FrontEnd::offer()
{
    const uint32_t index = ring();
    std::byte* ring_place = m_world.memory + index * RING_STRIDE;
    const uint16_t slot = m_avail[index]++ % RING_SIZE;
    const bool packed = m_host.ring_format() == RingFormat::Packed;
    const bool first_lap = m_avail[index] % (2 * RING_SIZE) <= RING_SIZE;
    const uint16_t state = packed ? (first_lap ? 1 << 7 : 1 << 15) : 0;
    const auto descriptor = payload(GUEST + 2 * RING_STRIDE + m_input.byte() * 16u,
        uint32_t { m_input.byte() }, packed ? slot : uint16_t(m_input.byte() % 4 | state),
        packed ? uint16_t(m_input.byte() % 4 | state) : slot);
    std::ranges::copy(descriptor, ring_place + 16 * slot);
    if (packed)
        return;
    const auto entry = payload(slot);
    std::ranges::copy(entry, ring_place + 0x100 + 4 + 2 * slot);
    const auto avail = payload(m_avail[index]);
    std::ranges::copy(avail, ring_place + 0x102);
}

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace vwb::fuzz;
    static World world;
    FuzzInput input(data, size);
    const int before = lowest_free_fd();
    FrontEnd(input, world).run();
    VWB_ASSERT(lowest_free_fd() == before);
    // What the harness's pipe and socket hold is not the next run's.
    std::array<char, 4096> rest;
    while (::read(world.read_end.get(), rest.data(), rest.size()) > 0) { }
    while (::read(world.peer.get(), rest.data(), rest.size()) > 0) { }
    return 0;
}
