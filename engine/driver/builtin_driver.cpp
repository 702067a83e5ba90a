// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/builtin_driver.h"

#include "engine/device/features.h"
#include "engine/driver/driver_session.h"

namespace vwb {
namespace {

TimePoint deadline_after(Duration timeout)
{
    return MonotonicClock().now() + timeout;
}

} // namespace

BuiltinDriver::BuiltinDriver(std::unique_ptr<DriverSession> session)
    : m_session(std::move(session))
{
}

BuiltinDriver::~BuiltinDriver() = default;

Result<std::unique_ptr<BuiltinDriver>> BuiltinDriver::begin(
    std::unique_ptr<Frontend> frontend, std::string path, const DriverOptions& options)
{
    auto session = std::make_unique<DriverSession>(options);
    VWB_TRY(session->begin(std::move(frontend)));
    auto driver = std::unique_ptr<BuiltinDriver>(new BuiltinDriver(std::move(session)));
    driver->m_path = std::move(path);
    return driver;
}

Result<std::unique_ptr<BuiltinDriver>> BuiltinDriver::connect(
    const std::string& socket_path, const DriverOptions& options)
{
    return begin(VWB_TRY(Frontend::connect(socket_path, options.timeout)), socket_path, options);
}

Result<std::unique_ptr<BuiltinDriver>> BuiltinDriver::adopt(
    UniqueFd socket, const DriverOptions& options)
{
    return begin(VWB_TRY(Frontend::adopt(std::move(socket), options.timeout)), {}, options);
}

uint64_t BuiltinDriver::offered() const
{
    return m_session->offered() & ~SESSION_FEATURES;
}

uint64_t BuiltinDriver::features() const
{
    return m_session->accepted();
}

Frontend& BuiltinDriver::frontend()
{
    return m_session->frontend();
}

DriverMemory& BuiltinDriver::memory()
{
    return m_session->memory();
}

DriverRing& BuiltinDriver::ring(unsigned queue)
{
    return m_session->queue(queue).ring();
}

const std::vector<unsigned>& BuiltinDriver::queues() const
{
    return m_session->indices();
}

DriverIommu* BuiltinDriver::iommu()
{
    return m_session->iommu();
}

// --- config space ---

Result<std::vector<std::byte>> BuiltinDriver::read_config(uint32_t offset, uint32_t size)
{
    if (!frontend().negotiated(ProtocolFeature::Config))
        return Error(ErrorKind::Unsupported, "the back-end offers no access to the config space");
    return frontend().get_config(offset, size);
}

Result<void> BuiltinDriver::write_config(uint32_t offset, std::span<const std::byte> bytes)
{
    if (!frontend().negotiated(ProtocolFeature::Config))
        return Error(ErrorKind::Unsupported, "the back-end offers no access to the config space");
    return frontend().set_config(offset, bytes);
}

// --- requests ---

Result<Answer> BuiltinDriver::request(
    unsigned queue, std::span<const std::byte> readable, uint32_t writable_size)
{
    if (!m_latency)
        return wait(queue, VWB_TRY(submit(queue, readable, writable_size)));
    const MonotonicClock clock;
    const TimePoint start = clock.now();
    auto answer = wait(queue, VWB_TRY(submit(queue, readable, writable_size)));
    m_latency->record(clock.now() - start);
    return answer;
}

Result<uint64_t> BuiltinDriver::submit(
    unsigned queue, std::span<const std::byte> readable, uint32_t writable_size)
{
    std::vector<Piece> pieces;
    if (!readable.empty())
        pieces.emplace_back(readable.begin(), readable.end());
    std::vector<uint32_t> sizes;
    if (writable_size > 0)
        sizes.push_back(writable_size);
    return submit_segments(queue, pieces, sizes);
}

Result<uint64_t> BuiltinDriver::submit_segments(
    unsigned queue, const std::vector<Piece>& readable, const std::vector<uint32_t>& writable_sizes)
{
    return m_session->queue(queue).submit(readable, writable_sizes);
}

Result<std::optional<Answer>> BuiltinDriver::poll(unsigned queue, uint64_t ticket)
{
    DriverQueue& target = m_session->queue(queue);
    target.collect();
    return target.take_answer(ticket);
}

Result<Answer> BuiltinDriver::wait(unsigned queue, uint64_t ticket)
{
    return wait(queue, ticket, m_session->options().timeout);
}

Result<Answer> BuiltinDriver::wait(unsigned queue, uint64_t ticket, Duration timeout)
{
    const TimePoint deadline = deadline_after(timeout);
    DriverQueue& target = m_session->queue(queue);
    target.collect();
    for (;;) {
        auto found = target.take_answer(ticket);
        if (!found)
            return std::move(found).error();
        if (found->has_value())
            return std::move(**found);
        if (target.ring().broken())
            return Error(ErrorKind::Protocol,
                "queue " + std::to_string(queue) + ": " + target.ring().violation());
        target.take_call(); // one that came before we asked for any
        const bool quiet = target.ring().enable_calls();
        auto called = quiet ? m_session->wait_for_call(target, timeout, deadline) : Result<void>();
        target.ring().disable_calls();
        const size_t count = target.collect();
        // What was used just before the connection was lost, or the time was up, counts.
        if (!called && count == 0)
            return std::move(called).error();
        if (count == 0 && quiet)
            target.count_spurious_call();
    }
}

size_t BuiltinDriver::outstanding(unsigned queue) const
{
    return m_session->queue(queue).outstanding();
}

void BuiltinDriver::kick(unsigned queue)
{
    m_session->queue(queue).kick();
}

Result<void> BuiltinDriver::wait_call(unsigned queue, Duration timeout)
{
    DriverQueue& target = m_session->queue(queue);
    target.take_call();
    if (!target.ring().enable_calls())
        return {};
    auto called = m_session->wait_for_call(target, timeout, deadline_after(timeout));
    target.ring().disable_calls();
    return called;
}

const DriverCounters& BuiltinDriver::counters(unsigned queue) const
{
    return m_session->queue(queue).counters();
}

// --- the life of the device ---

Result<void> BuiltinDriver::reset_device()
{
    return m_session->reset_device();
}

Result<void> BuiltinDriver::stop_queues()
{
    return m_session->stop();
}

Result<void> BuiltinDriver::start_queues()
{
    return m_session->start();
}

Result<void> BuiltinDriver::reset_queue(unsigned queue)
{
    return m_session->reset_queue(queue);
}

Result<void> BuiltinDriver::reconnect()
{
    if (m_path.empty())
        return Error(ErrorKind::Invalid, "the driver was given a socket and knows no path");
    m_session->leave();
    return m_session->continue_on(VWB_TRY(Frontend::connect(m_path, m_session->options().timeout)));
}

Result<void> BuiltinDriver::reconnect(UniqueFd socket)
{
    m_session->leave();
    return m_session->continue_on(
        VWB_TRY(Frontend::adopt(std::move(socket), m_session->options().timeout)));
}

Result<void> BuiltinDriver::start_logging()
{
    return m_session->set_logging(true);
}

Result<void> BuiltinDriver::stop_logging()
{
    return m_session->set_logging(false);
}

std::vector<uint64_t> BuiltinDriver::take_dirty_pages()
{
    DriverLog* log = m_session->log();
    return log ? log->take() : std::vector<uint64_t>();
}

Result<void> BuiltinDriver::migrate(const std::string& socket_path)
{
    auto frontend = VWB_TRY(Frontend::connect(socket_path, m_session->options().timeout));
    VWB_TRY(m_session->migrate_to(std::move(frontend)));
    m_path = socket_path;
    return {};
}

Result<MigrationReport> BuiltinDriver::migrate_memory(
    const std::string& socket_path, unsigned rounds, const std::function<void()>& load)
{
    auto frontend = VWB_TRY(Frontend::connect(socket_path, m_session->options().timeout));
    auto report = VWB_TRY(m_session->migrate_memory_to(std::move(frontend), rounds, load));
    m_path = socket_path;
    return report;
}

void BuiltinDriver::disconnect()
{
    m_session->frontend().disconnect();
}

} // namespace vwb
