// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_device.h"

#include "devices/i2c/i2c_schema.h"
#include "engine/device/features.h"
#include "engine/device/state_stream.h"

namespace vwb {

bool I2cAllowList::allows(I2cAddress address) const
{
    return all || (!address.ten_bit && addresses[address.value]);
}

I2cDevice::I2cDevice(EventLoop& loop, std::unique_ptr<I2cAdapter> adapter, I2cAllowList allowed)
    : m_adapter(std::move(adapter))
    , m_allowed(allowed)
    , m_group_timer(loop, [this] { group_timed_out(); })
    , m_spare(std::make_unique<I2cTransfer>())
{
    m_adapter->set_listener(this);
}

I2cDevice::~I2cDevice()
{
    m_adapter->set_listener(nullptr);
    m_adapter->set_signal_listener(nullptr);
}

void I2cDevice::attach(DeviceContext& context)
{
    m_context = &context;
    m_adapter->set_signal_listener(&context);
}

const DeviceTraits& I2cDevice::traits() const
{
    static const DeviceTraits traits { .device_id = VIRTIO_ID_I2C_ADAPTER,
        .features = feature_bit(VIRTIO_I2C_F_ZERO_LENGTH_REQUEST),
        .queues = { { .name = "requestq" } },
        .config_size = 0,
        .schema = &I2C_SCHEMA };
    return traits;
}

void I2cDevice::features_accepted(uint64_t features)
{
    m_zero_length = (features & feature_bit(VIRTIO_I2C_F_ZERO_LENGTH_REQUEST)) != 0;
    m_reported_refusal = false;
}

void I2cDevice::queue_stopped(unsigned)
{
    m_group_timer.stop();
    size_t started = 0;
    if (m_busy) {
        // Nobody knows how far the bus got: neither done nor as if it had never begun.
        m_adapter->cancel();
        m_busy = false;
        m_spare = std::make_unique<I2cTransfer>();
        started = m_groups.front();
    }
    for (size_t i = 0; i < m_requests.size(); ++i) {
        if (i < started)
            std::move(m_requests[i]).fail();
        else
            std::move(m_requests[i]).give_back();
    }
    m_requests.clear();
    m_groups.clear();
    m_open = 0;
    m_open_bytes = 0;
}

void I2cDevice::handle(unsigned, Request request)
{
    ++m_counters.requests;
    auto& added = m_requests.emplace_back(std::move(request));
    ++m_open;
    judge(added);
    if (!added.refused())
        m_open_bytes += added.size();
    if (added.ends_group())
        close_group();
    else
        m_group_timer.start_after(GROUP_TIMEOUT);
}

void I2cDevice::judge(I2cRequest& request)
{
    // virtio 1.4, 5.16.6.4: such a driver is to be rejected. A back-end has no say in FEATURES_OK,
    // so that all that is left is to refuse its requests.
    if (!m_zero_length) {
        if (!std::exchange(m_reported_refusal, true))
            report_zero_length();
        request.refuse();
    } else if (request.fault()) {
        m_context->report(i2c_problem(request.fault()->rule, request.fault()->message));
    } else if (!m_allowed.allows(request.address())) {
        m_context->report(i2c_problem(I2cRule::Refused,
            "address " + to_text(request.address()) + " is not among those this guest may use"));
        request.refuse();
    } else if (request.address().ten_bit && !m_adapter->ten_bit()) {
        m_context->report(i2c_problem(I2cRule::Refused,
            "address " + to_text(request.address())
                + ": this adapter has no addresses of 10 bits"));
        request.refuse();
    } else if (request.size() > MAX_GROUP_BYTES - m_open_bytes) {
        m_context->report(i2c_problem(
            I2cRule::Refused, "group of more than " + std::to_string(MAX_GROUP_BYTES) + " bytes"));
        request.refuse();
    }
    if (request.refused())
        ++m_counters.refused;
}

void I2cDevice::report_zero_length()
{
    const auto bit = feature_bit(VIRTIO_I2C_F_ZERO_LENGTH_REQUEST);
    if ((m_context->offered_features() & bit) != 0)
        m_context->report(i2c_problem(I2cRule::AcceptZeroLength,
            "ZERO_LENGTH_REQUEST was not accepted; every request is refused"));
    else
        m_context->report(i2c_problem(I2cRule::AbortIfNotOffered,
            "a request though ZERO_LENGTH_REQUEST was withheld; every one is refused"));
}

void I2cDevice::close_group()
{
    m_group_timer.stop();
    m_groups.push_back(m_open);
    ++m_counters.groups;
    m_open = 0;
    m_open_bytes = 0;
    run();
}

void I2cDevice::group_timed_out()
{
    m_context->report(i2c_problem(I2cRule::QueueInOrder,
        "a group of " + std::to_string(m_open)
            + " requests has no last one without FAIL_NEXT; it is carried out as it is"));
    close_group();
}

void I2cDevice::run()
{
    if (m_running)
        return;
    m_running = true;
    // virtio 1.4, 5.16.6.4: requests are processed in order.
    while (!m_busy && !m_groups.empty()) {
        if (const size_t count = front_group())
            start(count);
        else
            finish(0, *m_spare);
    }
    m_running = false;
}

// How many requests of the first group may reach the bus: those before the first refused one.
size_t I2cDevice::front_group() const
{
    size_t count = 0;
    while (count < m_groups.front() && !m_requests[count].refused())
        ++count;
    return count;
}

void I2cDevice::start(size_t count)
{
    auto transfer = std::move(m_spare);
    transfer->clear();
    for (size_t i = 0; i < count; ++i)
        m_requests[i].add_to(*transfer);
    m_busy = true;
    ++m_counters.transfers;
    m_adapter->execute(std::move(transfer));
}

void I2cDevice::transfer_done(std::unique_ptr<I2cTransfer> transfer)
{
    VWB_ASSERT(m_busy);
    m_busy = false;
    report_failure(*transfer);
    finish(transfer->done, *transfer);
    m_spare = std::move(transfer);
    run();
}

// virtio 1.4, 5.16.6.4: the first request of a group that fails is answered with ERR, and so are
// all behind it, which were never executed.
void I2cDevice::finish(size_t done, const I2cTransfer& transfer)
{
    const size_t count = m_groups.front();
    m_groups.pop_front();
    for (size_t i = 0; i < count; ++i) {
        auto request = std::move(m_requests.front());
        m_requests.pop_front();
        if (i < done) {
            std::move(request).succeed(transfer.data(i));
        } else {
            ++m_counters.failed;
            std::move(request).fail();
        }
    }
}

void I2cDevice::report_failure(const I2cTransfer& transfer)
{
    if (transfer.done == transfer.size())
        return;
    const auto& message = transfer.message(transfer.done);
    m_last_failure = to_text(message.address) + ": " + to_string(transfer.outcome)
        + (transfer.detail.empty() ? "" : ": " + transfer.detail);
    // A chip that is not there, or busy, is an answer; drivers look for chips that way.
    const bool answered = transfer.outcome == I2cOutcome::AddressNak
        || transfer.outcome == I2cOutcome::DataNak
        || transfer.outcome == I2cOutcome::ArbitrationLost;
    if (!answered)
        m_context->report(i2c_problem(I2cRule::Hardware, m_last_failure));
}

void I2cDevice::fail(unsigned, Request request)
{
    I2cRequest::answer_error(std::move(request));
}

void I2cDevice::reset()
{
    m_zero_length = true;
    m_reported_refusal = false;
}

static constexpr uint16_t STATE_VERSION = 1;

std::optional<std::vector<std::byte>> I2cDevice::save_state() const
{
    StateWriter state;
    state.put(STATE_VERSION);
    return std::move(state).take();
}

Result<void> I2cDevice::load_state(std::span<const std::byte> bytes)
{
    StateReader state(bytes);
    if (const auto version = state.get<uint16_t>(); version != STATE_VERSION)
        return Error(ErrorKind::Invalid,
            "I2C state of version " + std::to_string(version) + ", expected "
                + std::to_string(STATE_VERSION));
    return state.finish();
}

void I2cDevice::inspect(Inspector& inspector) const
{
    inspector.field("requests", m_counters.requests);
    inspector.field("failed", m_counters.failed);
    inspector.field("groups", m_counters.groups);
    inspector.field("transfers", m_counters.transfers);
    inspector.field("refused", m_counters.refused);
    inspector.field("waiting", m_requests.size());
    inspector.field("open_group", m_open);
    inspector.field("busy", m_busy);
    if (!m_last_failure.empty())
        inspector.field("last_failure", m_last_failure);
    if (!m_allowed.all) {
        Value allowed = Value::list();
        for (uint16_t address = 0; address <= I2C_MAX_ADDRESS; ++address) {
            if (m_allowed.addresses[address])
                allowed.append(to_text(I2cAddress { address, false }));
        }
        inspector.field("addresses", std::move(allowed));
    }
    inspector.child("hardware", [this](Inspector& inner) { m_adapter->inspect(inner); });
}

} // namespace vwb
