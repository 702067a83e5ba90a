// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FaultFixture: each device type on simulated hardware with a gate, its usual request, and guest
// rings of either format. What faults make of the request is the tests' business.
#pragma once

#include "engine/device/registry.h"
#include "engine/gate/gate.h"
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vwb::test {

// A device type, a request for it, and what is known of the answer.
struct FaultSubject {
    const char* name;
    DeviceType (*type)();
    const char* bench; // its table in a bench file
    DeviceHarness::Bytes request;
    uint32_t writable;
    uint32_t used; // length of the right answer
    uint32_t refused; // length of the device's error answer
    size_t status_at; // offset of the status in the answers
    int good; // the first byte of it
    int bad;
    bool has_status = true;
    const char* match; // a filter for this very request
};

const std::vector<FaultSubject>& fault_subjects();
const FaultSubject& fault_subject(std::string_view name);

// One device with its gate. Time stands still unless a test moves it.
class FaultedDevice {
public:
    using Bytes = DeviceHarness::Bytes;

    FaultedDevice(const FaultSubject& subject, const HarnessOptions& options);
    ~FaultedDevice();

    const FaultSubject& subject() const { return m_subject; }
    Gate& gate() { return *m_gate; }
    DeviceHarness& harness() { return *m_harness; }
    HostQueue& queue() { return m_harness->host().queue(0); }
    const char* queue_name() { return m_harness->host().traits().schema->queues[0]; }
    unsigned disconnects() const { return m_disconnects; }

    uint64_t arm(FaultSpec spec);
    std::string error_of(const FaultSpec& spec);

    uint64_t submit();
    // Two requests that the device finds at once.
    std::pair<uint64_t, uint64_t> submit_two();
    std::optional<HarnessAnswer> answer(uint64_t ticket) { return m_harness->answer(ticket); }
    // submit() and its answer, which must be there.
    HarnessAnswer request();
    // The used entry of one more request as it lies in the ring, true or not.
    std::optional<UsedChain> raw_used();
    // A driver that starts anew after a ring that made no sense.
    void begin_anew();
    // How often the driver was called since the last question.
    uint64_t calls();

    bool is_right(const HarnessAnswer& answer) const;
    bool is_refusal(const HarnessAnswer& answer) const;

private:
    const FaultSubject& m_subject;
    std::unique_ptr<ConfigNode> m_config;
    std::unique_ptr<DeviceHarness> m_harness;
    std::unique_ptr<Gate> m_gate;
    UniqueFd m_call;
    unsigned m_disconnects = 0;
};

} // namespace vwb::test
