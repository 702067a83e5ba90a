// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/inflight_setup.h"

#include "engine/base/inspector.h"

#include <cerrno>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

namespace vwb {

namespace {

Error bad_inflight(std::string what)
{
    return { ErrorKind::Invalid, std::move(what) };
}

} // namespace

Result<void> InflightSetup::check(const InflightPayload& payload) const
{
    const size_t queues = m_host.queue_count();
    if (payload.queue_count == 0 || payload.queue_count > queues)
        return bad_inflight("is about " + std::to_string(payload.queue_count)
            + " queues, expected 1 to " + std::to_string(queues));
    if (!is_queue_size(m_host.ring_format(), payload.queue_size))
        return bad_inflight("is about queues of " + std::to_string(payload.queue_size)
            + " entries, expected 1 to " + std::to_string(MAX_QUEUE_SIZE)
            + ", and a power of two unless rings are packed");
    return {};
}

Result<InflightSetup::Offer> InflightSetup::make(const Message& message) const
{
    Offer offer { message.read<InflightPayload>(), {} };
    VWB_TRY(check(offer.payload));
    const size_t stride = InflightLog::region_size(m_host.ring_format(), offer.payload.queue_size);
    offer.payload.mmap_size = stride * offer.payload.queue_count;
    offer.payload.mmap_offset = 0;
    offer.fd = UniqueFd(::memfd_create("vwb-inflight", MFD_CLOEXEC));
    if (!offer.fd || ::ftruncate(offer.fd.get(), static_cast<off_t>(offer.payload.mmap_size)) != 0)
        return Error::from_errno("memory for requests in flight", errno);
    return offer;
}

Result<void> InflightSetup::set(const Message& message)
{
    const auto payload = message.read<InflightPayload>();
    VWB_TRY(check(payload));
    const size_t stride = InflightLog::region_size(m_host.ring_format(), payload.queue_size);
    if (payload.mmap_size < stride * payload.queue_count)
        return bad_inflight("has " + std::to_string(payload.mmap_size) + " bytes for "
            + std::to_string(payload.queue_count) + " queues of "
            + std::to_string(payload.queue_size) + " entries, expected "
            + std::to_string(stride * payload.queue_count));
    if (payload.mmap_offset % alignof(uint64_t) != 0)
        return bad_inflight("begins at offset " + std::to_string(payload.mmap_offset)
            + " of its file, expected a multiple of 8");
    m_mapping
        = VWB_TRY(FileMapping::map(message.fds[0].get(), payload.mmap_offset, payload.mmap_size));
    m_payload = payload;
    return {};
}

void InflightSetup::clear()
{
    if (m_mapping)
        std::memset(m_mapping->data(), 0, m_payload.mmap_size);
}

std::shared_ptr<InflightLog> InflightSetup::log_of(
    uint32_t index, RingFormat format, uint32_t size) const
{
    if (!m_mapping || index >= m_payload.queue_count)
        return nullptr;
    if (size != m_payload.queue_size) {
        m_host.report({ Side::FrontEnd, Severity::Warning, "vhost-user.inflight-size",
            "vhost-user, Inflight I/O tracking",
            "has tracked memory for queues of " + std::to_string(m_payload.queue_size)
                + " entries and starts one of " + std::to_string(size) + ": it is not tracked",
            static_cast<int>(index) });
        return nullptr;
    }
    const size_t stride = InflightLog::region_size(format, size);
    return InflightLog::create(format, size, m_mapping->data() + stride * index, m_mapping);
}

void InflightSetup::inspect(Inspector& inspector) const
{
    inspector.field("tracked", m_mapping != nullptr);
    if (!m_mapping)
        return;
    inspector.field("queues", m_payload.queue_count);
    inspector.field("queue_size", m_payload.queue_size);
    inspector.field("bytes", m_payload.mmap_size);
}

} // namespace vwb
