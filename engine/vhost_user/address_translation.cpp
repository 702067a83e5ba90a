// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/address_translation.h"

namespace vwb {

void AddressTranslation::set_on(bool on)
{
    if (on == (m_iotlb != nullptr))
        return;
    m_iotlb = on ? std::make_shared<Iotlb>() : nullptr;
    m_asked.clear();
}

Result<void> AddressTranslation::handle(const IotlbPayload& payload)
{
    VWB_ASSERT(m_iotlb);
    forget_asked(payload.iova, payload.size);
    switch (payload.type) {
    case IOTLB_UPDATE:
        if (payload.permission == 0 || payload.permission > (IOTLB_READ | IOTLB_WRITE))
            return Error(ErrorKind::Invalid,
                "has permission " + std::to_string(payload.permission) + ", expected 1 to 3");
        return m_iotlb->update({ payload.iova, payload.size, payload.user_address,
            static_cast<IoAccess>(payload.permission) });
    case IOTLB_INVALIDATE:
        return m_iotlb->invalidate(payload.iova, payload.size);
    case IOTLB_ACCESS_FAIL:
        // There is no such translation: who waits for it is to wait no more.
        return m_iotlb->update({ payload.iova, payload.size, 0, IoAccess::None });
    default:
        return Error(ErrorKind::Invalid,
            "has type " + std::to_string(payload.type)
                + ", expected 2 (update), 3 (invalidate) or 4 (access failed)");
    }
}

// What was not answered stays asked: when the second answer is due, the guest may have unmapped the
// address, and QEMU refuses the question.
void AddressTranslation::forget_asked(uint64_t iova, uint64_t size)
{
    const auto first = m_asked.lower_bound(iova);
    auto end = first;
    while (end != m_asked.end() && *end - iova < size)
        ++end;
    m_asked.erase(first, end);
}

void AddressTranslation::ask(uint64_t iova, IoAccess wanted)
{
    if (!m_asked.insert(iova).second)
        return;
    ++m_misses;
    m_send({ iova, 0, 0, static_cast<uint8_t>(wanted), IOTLB_MISS, {} });
}

void AddressTranslation::tell_denied(uint64_t iova, IoAccess wanted)
{
    ++m_denied;
    m_send({ iova, 0, 0, static_cast<uint8_t>(wanted), IOTLB_ACCESS_FAIL, {} });
}

void AddressTranslation::inspect(Inspector& inspector) const
{
    inspector.field("on", m_iotlb != nullptr);
    if (!m_iotlb)
        return;
    m_iotlb->inspect(inspector);
    inspector.field("misses", m_misses);
    inspector.field("denied", m_denied);
    inspector.field("unanswered", m_asked.size());
}

} // namespace vwb
