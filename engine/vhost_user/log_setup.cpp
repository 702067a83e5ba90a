// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/log_setup.h"

namespace vwb {

Result<void> LogSetup::set_base(const Message& message, const GuestMemory* memory)
{
    const auto payload = message.read<LogPayload>();
    auto pages = VWB_TRY(DirtyLog::map(message.fds[0].get(), payload.offset, payload.size));
    report_missed();
    m_pages = std::move(pages);
    m_reported = 0;
    // vhost-user, Migration: the log area must be able to hold the highest guest address.
    if (memory && memory->guest_end() > 0 && !m_pages->covers(0, memory->guest_end()))
        m_host.report({ Side::FrontEnd, Severity::Warning, "vhost-user.log-too-small",
            "vhost-user, Migration",
            "a log of " + std::to_string(m_pages->size()) + " bytes has no bit for guest address "
                + hex_text(memory->guest_end() - 1) });
    return {};
}

void LogSetup::set_notification(UniqueFd fd)
{
    m_written = std::make_shared<const Notification>(std::move(fd));
}

Result<void> LogSetup::check(const VringAddr& addr, uint64_t used_size) const
{
    if (!(addr.flags & VRING_F_LOG) || !m_pages || m_pages->covers(addr.log, used_size))
        return {};
    return Error(ErrorKind::Invalid,
        "wants the used ring of ring " + std::to_string(addr.index) + " logged at guest address "
            + hex_text(addr.log) + ", for which a log of " + std::to_string(m_pages->size())
            + " bytes has no bit");
}

QueueLog LogSetup::queue_log(const VringAddr& addr, const GuestMemory& memory) const
{
    QueueLog log;
    log.pages = m_pages;
    log.payload = m_pages && m_payload;
    log.ring = m_pages && (addr.flags & VRING_F_LOG);
    // The document speaks of the used ring only; a packed ring is written in its descriptors too.
    log.parts.descriptors = memory.guest_address_of(addr.descriptor).value_or(0);
    log.parts.device = addr.log;
    if (log.payload || log.ring)
        log.written = m_written;
    return log;
}

void LogSetup::report_missed()
{
    if (!m_pages || m_pages->out_of_range() == m_reported)
        return;
    m_reported = m_pages->out_of_range();
    m_host.report(
        { Side::FrontEnd, Severity::Error, "vhost-user.log-out-of-range", "vhost-user, Migration",
            std::to_string(m_reported) + " pages were written that a log of "
                + std::to_string(m_pages->size()) + " bytes has no bit for" });
}

void LogSetup::inspect(Inspector& inspector) const
{
    inspector.field("payload", m_payload);
    if (!m_pages)
        return;
    inspector.field("size", m_pages->size());
    inspector.field("writes", m_pages->writes());
    inspector.field("pages_out_of_range", m_pages->out_of_range());
}

} // namespace vwb
