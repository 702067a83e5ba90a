// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The hardware port of the I2C device: an adapter that carries out transfers, simulated or a real
// /dev/i2c-N. It knows START, addresses, bytes and STOP; requests, groups and who may talk to which
// chip are the device's business.
#pragma once

#include "engine/base/actions.h"
#include "engine/base/config.h"
#include "engine/base/inspector.h"
#include "engine/base/signal_listener.h"
#include "engine/event/event_loop.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vwb {

struct I2cAddress {
    uint16_t value = 0;
    bool ten_bit = false;

    bool operator==(const I2cAddress&) const = default;
};

inline constexpr uint16_t I2C_MAX_ADDRESS = 0x7f;
inline constexpr uint16_t I2C_MAX_TEN_BIT_ADDRESS = 0x3ff;

// "0x48", "0x148 (10-bit)"
std::string to_text(I2cAddress address);
// "0x48" or "72". Error: Invalid for what is no 7-bit address.
Result<I2cAddress> parse_i2c_address(std::string_view text);

enum class I2cDirection : uint8_t { Write, Read };

enum class I2cOutcome : uint8_t {
    Done,
    AddressNak, // nobody answers to the address
    DataNak, // the chip refused a byte
    ArbitrationLost, // another controller was stronger
    Timeout, // a line was held, or the hardware did not answer in time
    Refused, // the adapter cannot do this
    Failed, // anything else
};

const char* to_string(I2cOutcome outcome);

// Messages joined by repeated START and closed by one STOP, with room for their bytes. Made to be
// used again: clear() keeps the memory.
class I2cTransfer {
public:
    struct Message {
        I2cAddress address;
        I2cDirection direction = I2cDirection::Write;
        uint32_t offset = 0;
        uint32_t size = 0; // 0: the address alone
    };

    void clear();
    void add(I2cAddress address, I2cDirection direction, uint32_t size);

    size_t size() const { return m_messages.size(); }
    const Message& message(size_t index) const { return m_messages[index]; }
    // Bytes to write, or room for what is read. Valid until the next add().
    std::span<std::byte> data(size_t index);
    std::span<const std::byte> data(size_t index) const;

    // --- the result ---
    size_t done = 0; // messages that went through, from the first on
    I2cOutcome outcome = I2cOutcome::Done;
    std::string detail; // of a failure, for people; may be empty

private:
    std::vector<Message> m_messages;
    std::vector<std::byte> m_bytes;
};

class I2cListener {
public:
    // The transfer is over, as its result says. On the loop of the adapter, possibly from within
    // execute().
    virtual void transfer_done(std::unique_ptr<I2cTransfer> transfer) = 0;

protected:
    ~I2cListener() = default;
};

// All calls come on one loop and never block it. One transfer at a time.
class I2cAdapter {
public:
    virtual ~I2cAdapter() = default;

    // Borrowed; null pointer: nobody listens.
    virtual void set_listener(I2cListener* listener) = 0;
    // Whoever wants to hear of changes of signals, if the adapter has any. Borrowed, or null.
    virtual void set_signal_listener(SignalListener*) { }
    // Addresses of 10 bits can be used.
    virtual bool ten_bit() const = 0;
    // Starts a transfer; at least one message. It ends by itself: an adapter has time-outs.
    virtual void execute(std::unique_ptr<I2cTransfer> transfer) = 0;
    // Forgets the transfer under way, if there is one: transfer_done() is not called for it.
    virtual void cancel() = 0;

    virtual void inspect(Inspector& inspector) const = 0;
    // Verbs for observers, or null pointer if there are none.
    virtual Actions* actions() { return nullptr; }
};

// A kind of adapter as users name it in a bench file, and how to make it.
struct I2cAdapterKind {
    std::string name; // "sim"
    std::string help; // one line
    std::string example; // TOML of its table, without header
    // Reads all keys of the adapter's table. Errors name file, line and key.
    std::function<Result<std::unique_ptr<I2cAdapter>>(EventLoop&, ConfigReader&)> create;
};

} // namespace vwb
