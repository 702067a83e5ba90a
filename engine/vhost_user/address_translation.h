// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// AddressTranslation: the I/O virtual addresses of a session (vhost-user, IOMMU support): what the
// front-end tells of them goes into the Iotlb, what is missing is asked for, once. Who waits for an
// answer is known to VringSetup and HostQueue.
#pragma once

#include "engine/device/device_host.h"
#include "engine/vhost_user/connection.h"

#include <functional>
#include <memory>
#include <set>

namespace vwb {

// Owner: MessageHandlers. Loop thread only.
class AddressTranslation {
public:
    // Sends an IOTLB_MSG to the front-end.
    using Send = std::function<void(const IotlbPayload&)>;

    explicit AddressTranslation(Send send)
        : m_send(std::move(send))
    {
    }

    // Whether the driver has accepted ACCESS_PLATFORM. What is known is forgotten with it.
    void set_on(bool on);
    // Null pointer: addresses are not translated.
    std::shared_ptr<const Iotlb> table() const { return m_iotlb; }

    // IOTLB_MSG of the front-end. Errors: Invalid for types and ranges that make no sense.
    Result<void> handle(const IotlbPayload& payload);
    // Asks for an address, unless that was done and nothing was said of it since.
    void ask(uint64_t iova, IoAccess wanted);
    // Tells the front-end of an access that it does not permit.
    void tell_denied(uint64_t iova, IoAccess wanted);

    void inspect(Inspector& inspector) const;

private:
    void forget_asked(uint64_t iova, uint64_t size);

    Send m_send;
    std::shared_ptr<Iotlb> m_iotlb;
    std::set<uint64_t> m_asked;
    uint64_t m_misses = 0;
    uint64_t m_denied = 0;
};

} // namespace vwb
