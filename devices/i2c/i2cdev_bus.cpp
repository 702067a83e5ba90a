// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2cdev_bus.h"

#include "devices/i2c/smbus_call.h"

#include <cerrno>
#include <cstring>

namespace vwb {
namespace {

// As the kernel's documentation of its fault codes has them.
I2cOutcome outcome_of(int error)
{
    switch (error) {
    case ENXIO:
    case EREMOTEIO:
    case ENODEV:
        return I2cOutcome::AddressNak;
    case EAGAIN:
        return I2cOutcome::ArbitrationLost;
    case ETIMEDOUT:
        return I2cOutcome::Timeout;
    case EBUSY:
    case EINVAL:
    case EOPNOTSUPP:
    case ENOSYS:
        return I2cOutcome::Refused;
    default:
        return I2cOutcome::Failed;
    }
}

void refuse(I2cTransfer& transfer, std::string why)
{
    transfer.outcome = I2cOutcome::Refused;
    transfer.detail = std::move(why);
}

} // namespace

Result<I2cDevBus> I2cDevBus::open(std::shared_ptr<I2cDevCalls> calls, const I2cDevOptions& options)
{
    auto fd = calls->open(options.path);
    if (!fd) {
        const int error = errno;
        auto failed = Error::from_errno(options.path, error);
        if (error == ENOENT)
            return Error(failed.kind(), failed.message() + "; cure: modprobe i2c-dev");
        if (error == EACCES)
            return Error(failed.kind(), failed.message() + "; cure: join the group i2c");
        return failed;
    }
    I2cDevBus bus(std::move(calls), std::move(fd), options);
    VWB_TRY(bus.set_up());
    return bus;
}

Result<void> I2cDevBus::set_up()
{
    if (const int error = m_calls->functions(m_fd.get(), m_functions); error < 0)
        return Error::from_errno(m_options.path + ": is no I2C adapter", -error);
    if (!plain() && !m_calls->has_smbus())
        return Error(ErrorKind::Unavailable,
            m_options.path
                + ": the adapter does SMBus only, and this program was built without libi2c;"
                  " cure: install libi2c-dev and build again");
    if (m_options.timeout) {
        const auto tens = *m_options.timeout / std::chrono::milliseconds(10);
        if (const int error = m_calls->set_timeout(
                m_fd.get(), static_cast<unsigned long>(std::max(tens, decltype(tens) { 1 })));
            error < 0)
            return Error::from_errno(m_options.path + ": setting its time-out", -error);
    }
    if (m_options.retries) {
        if (const int error = m_calls->set_retries(m_fd.get(), *m_options.retries); error < 0)
            return Error::from_errno(m_options.path + ": setting its retries", -error);
    }
    if (m_options.pec && !plain()) {
        if (const int error = m_calls->set_pec(m_fd.get(), true); error < 0)
            return Error::from_errno(m_options.path + ": switching PEC on", -error);
    }
    return {};
}

void I2cDevBus::run(I2cTransfer& transfer)
{
    if (plain())
        run_plain(transfer);
    else
        run_smbus(transfer);
}

// I2C_RDWR asks nobody whether a driver has the chip; this does.
bool I2cDevBus::select(I2cTransfer& transfer, I2cAddress address)
{
    const int error
        = m_calls->set_address(m_fd.get(), address.value, address.ten_bit, m_options.force);
    if (error >= 0)
        return true;
    transfer.outcome = outcome_of(-error);
    transfer.detail = error == -EBUSY
        ? "a driver of this machine has " + to_text(address) + "; cure: unbind it, or force = true"
        : std::strerror(-error);
    return false;
}

void I2cDevBus::run_plain(I2cTransfer& transfer)
{
    if (transfer.size() > MAX_MESSAGES)
        return refuse(transfer,
            "a transfer of " + std::to_string(transfer.size()) + " messages; the kernel takes "
                + std::to_string(MAX_MESSAGES));
    m_messages.clear();
    for (size_t i = 0; i < transfer.size(); ++i) {
        const auto& message = transfer.message(i);
        if (message.size > MAX_MESSAGE_BYTES)
            return refuse(transfer,
                "a message of " + std::to_string(message.size) + " bytes; the kernel takes "
                    + std::to_string(MAX_MESSAGE_BYTES));
        if ((i == 0 || message.address != transfer.message(i - 1).address)
            && !select(transfer, message.address))
            return;
        i2c_msg raw {};
        raw.addr = message.address.value;
        raw.flags = static_cast<uint16_t>((message.direction == I2cDirection::Read ? I2C_M_RD : 0)
            | (message.address.ten_bit ? I2C_M_TEN : 0));
        raw.len = static_cast<uint16_t>(message.size);
        raw.buf = reinterpret_cast<uint8_t*>(transfer.data(i).data());
        m_messages.push_back(raw);
    }
    i2c_rdwr_ioctl_data data { m_messages.data(), static_cast<uint32_t>(m_messages.size()) };
    const int done = m_calls->transfer(m_fd.get(), data);
    // Some controllers have no message without bytes, but the quick command.
    const bool zero = transfer.size() == 1 && transfer.message(0).size == 0;
    if (zero && (done == -EOPNOTSUPP || done == -EINVAL) && m_calls->has_smbus()
        && (m_functions & I2C_FUNC_SMBUS_QUICK) != 0)
        return run_smbus(transfer);
    finish(transfer, done);
}

void I2cDevBus::run_smbus(I2cTransfer& transfer)
{
    const bool zero = transfer.size() == 1 && transfer.message(0).size == 0;
    auto call = SmbusCall::create(transfer, m_functions, m_options.pec && !zero);
    if (!call) {
        if (call.error().kind() == ErrorKind::Invalid)
            transfer.outcome = I2cOutcome::DataNak;
        else
            transfer.outcome = I2cOutcome::Refused;
        transfer.detail = call.error().message();
        return;
    }
    if (!select(transfer, transfer.message(0).address))
        return;
    const int error = m_calls->smbus(
        m_fd.get(), call->read_write(), call->command(), call->size(), call->data());
    if (error >= 0)
        call->take_answer(transfer);
    finish(transfer, error < 0 ? error : static_cast<int>(transfer.size()));
}

void I2cDevBus::finish(I2cTransfer& transfer, int done)
{
    if (done < 0) {
        transfer.outcome = outcome_of(-done);
        transfer.detail = std::strerror(-done);
        return;
    }
    transfer.done = std::min(static_cast<size_t>(done), transfer.size());
    if (transfer.done < transfer.size())
        transfer.outcome = I2cOutcome::AddressNak; // all that a short count can mean
}

} // namespace vwb
