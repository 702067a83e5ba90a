// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/i2c/guarded_chip.h"

#include <exception>

namespace vwb {
namespace {

Error failure(const char* method, const char* how, const std::string& what)
{
    return { ErrorKind::Io,
        std::string("the chip model ") + how + " in " + method + "(): " + what };
}

// Exceptions end here, which the models of others may use, and which alone get out of their loops.
template <typename Call>
auto guarded(const I2cChip& chip, const char* method, Call&& call) -> decltype(call())
{
    chip.begin_call();
    try {
        return call();
    } catch (const ChipHangs& hang) {
        return failure(method, "hangs", hang.what());
    } catch (const std::exception& exception) {
        return failure(method, "threw", exception.what());
    } catch (...) {
        return failure(method, "threw", "something");
    }
}

} // namespace

GuardedChip::GuardedChip(std::unique_ptr<I2cChip> chip)
    : m_chip(std::move(chip))
{
    const auto known = guarded(*m_chip, "signals", [this]() -> Result<void> {
        m_address_count = m_chip->address_count();
        m_signals = m_chip->signals();
        return {};
    });
    if (!known)
        m_signals.clear();
}

Result<bool> GuardedChip::start(I2cDirection direction, unsigned address)
{
    return guarded(
        *m_chip, "start", [&]() -> Result<bool> { return m_chip->start(direction, address); });
}

Result<bool> GuardedChip::write(uint8_t byte)
{
    return guarded(*m_chip, "write", [&]() -> Result<bool> { return m_chip->write(byte); });
}

Result<uint8_t> GuardedChip::read()
{
    return guarded(*m_chip, "read", [&]() -> Result<uint8_t> { return m_chip->read(); });
}

Result<void> GuardedChip::stop()
{
    return guarded(*m_chip, "stop", [&]() -> Result<void> {
        m_chip->stop();
        return {};
    });
}

Result<void> GuardedChip::power_up()
{
    return guarded(*m_chip, "power_up", [&]() -> Result<void> {
        m_chip->power_up();
        return {};
    });
}

Result<Value> GuardedChip::get(std::string_view signal) const
{
    return guarded(*m_chip, "get", [&] { return m_chip->get(signal); });
}

Result<void> GuardedChip::set(std::string_view signal, const Value& value)
{
    return guarded(*m_chip, "set", [&] { return m_chip->set(signal, value); });
}

} // namespace vwb
