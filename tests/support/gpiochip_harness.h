// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpiochipHarness: a GPIO device on a gpiochip whose kernel a test plays, driven through guest
// rings.
#pragma once

#include "devices/gpio/gpio_device.h"
#include "devices/gpio/gpio_wire.h"
#include "devices/gpio/gpiochip_bank.h"
#include "tests/support/device_harness.h"
#include "tests/support/fake_gpiochip.h"

namespace vwb::test {

class GpiochipHarness {
public:
    // All four lines of the chip.
    FakeGpiochip& chip() { return m_chip; }
    FakeGpiochips& fakes() { return *m_fakes; }
    DeviceHarness& guest() { return m_guest; }

    // The value of an OK answer, or -1.
    int request(uint16_t type, uint16_t line, uint32_t value = 0)
    {
        const auto answer
            = m_guest.request(GPIO_REQUESTQ, wire(le16 { type }, le16 { line }, le32 { value }), 2);
        return answer.bytes[0] == VIRTIO_GPIO_STATUS_OK ? answer.bytes[1] : -1;
    }
    uint64_t unmask(uint16_t line) { return m_guest.submit(GPIO_EVENTQ, wire(le16 { line }), 1); }
    // VALID or INVALID, or -1 while the buffer is parked.
    int irq(uint64_t ticket)
    {
        const auto answer = m_guest.answer(ticket);
        return answer ? answer->bytes[0] : -1;
    }
    void move(uint32_t offset, bool level)
    {
        m_fakes->move(m_chip, offset, level);
        m_guest.settle();
    }
    // A guest that goes without a word, and the next one.
    void change_guests()
    {
        m_guest.stop_queues();
        m_guest.host().reset();
        m_guest.host().accept_features(m_guest.host().offered_features());
        m_guest.renew_rings();
    }

private:
    std::shared_ptr<FakeGpiochips> m_fakes = std::make_shared<FakeGpiochips>();
    FakeGpiochip& m_chip = m_fakes->add("board", { "zero", "one", "two", "three" });
    DeviceHarness m_guest { [this](EventLoop& loop) -> std::unique_ptr<Device> {
        const std::vector<GpiochipLine> lines
            = { { "zero", 0 }, { "one", 1 }, { "two", 2 }, { "three", 3 } };
        return GpioDevice::create(std::make_unique<GpiochipBank>(loop, m_fakes, "board", lines))
            .value();
    } };
};

} // namespace vwb::test
