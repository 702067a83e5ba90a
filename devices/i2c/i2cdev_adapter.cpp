// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2cdev_adapter.h"

#include "devices/i2c/i2cdev_hardware.h"
#include "engine/base/units.h"

#include <array>

namespace vwb {

Result<std::unique_ptr<I2cDevAdapter>> I2cDevAdapter::create(EventLoop& loop,
    std::shared_ptr<I2cDevCalls> calls, const I2cDevOptions& options, Duration give_up)
{
    auto bus = VWB_TRY(I2cDevBus::open(std::move(calls), options));
    return std::unique_ptr<I2cDevAdapter>(
        new I2cDevAdapter(loop, std::move(bus), options.path, give_up));
}

I2cDevAdapter::I2cDevAdapter(
    EventLoop& loop, I2cDevBus bus, const std::string& path, Duration give_up)
    : m_path(path)
    , m_give_up(give_up)
    , m_functions(bus.functions())
    , m_ten_bit(bus.ten_bit())
    , m_bus(std::make_shared<I2cDevBus>(std::move(bus)))
    , m_worker(loop, "i2c-dev")
    , m_timer(loop, [this] { gave_up(); })
{
}

void I2cDevAdapter::execute(std::unique_ptr<I2cTransfer> transfer)
{
    VWB_ASSERT(!m_under_way);
    m_under_way = true;
    m_first = transfer->message(0);
    m_timer.start_after(m_give_up);
    if (m_worker.pending() > 0)
        m_waiting = std::move(transfer);
    else
        start(std::move(transfer));
}

void I2cDevAdapter::start(std::unique_ptr<I2cTransfer> transfer)
{
    // The thread's until it is done.
    auto shared = std::make_shared<std::unique_ptr<I2cTransfer>>(std::move(transfer));
    m_worker.run([bus = m_bus, shared] { bus->run(**shared); },
        [this, shared] { came_back(std::move(*shared)); });
}

void I2cDevAdapter::cancel()
{
    m_timer.stop();
    m_under_way = false;
    m_waiting.reset();
}

void I2cDevAdapter::came_back(std::unique_ptr<I2cTransfer> transfer)
{
    if (m_waiting)
        start(std::move(m_waiting)); // what came back was given up long ago
    else if (m_under_way)
        tell(std::move(transfer));
}

// Also if another transfer, given up before, still keeps the thread.
void I2cDevAdapter::gave_up()
{
    ++m_given_up;
    auto transfer = std::move(m_waiting);
    const bool blocked = transfer != nullptr;
    if (!transfer) {
        // The thread has it; this one says the same.
        transfer = std::make_unique<I2cTransfer>();
        transfer->add(m_first.address, m_first.direction, 0);
    }
    transfer->outcome = I2cOutcome::Timeout;
    transfer->detail = m_path
        + (blocked ? ": an earlier transfer still hangs in the kernel"
                   : ": the kernel did not answer within " + duration_text(m_give_up));
    tell(std::move(transfer));
}

void I2cDevAdapter::tell(std::unique_ptr<I2cTransfer> transfer)
{
    m_timer.stop();
    m_under_way = false;
    if (m_listener)
        m_listener->transfer_done(std::move(transfer));
}

void I2cDevAdapter::inspect(Inspector& inspector) const
{
    inspector.field("kind", "i2c-dev");
    inspector.field("path", m_path);
    inspector.hex("functions", m_functions);
    inspector.field("transfers_by", (m_functions & I2C_FUNC_I2C) != 0 ? "I2C_RDWR" : "SMBus");
    inspector.field("ten_bit", m_ten_bit);
    inspector.field("in_kernel", m_worker.pending() > 0);
    inspector.field("given_up", m_given_up);
}

namespace {

constexpr Duration GIVE_UP = std::chrono::seconds(5);

// Error: NotFound or Invalid, listing what there is.
Result<std::string> path_of_name(I2cDevCalls& calls, const std::string& name)
{
    std::string path;
    std::string all;
    unsigned found = 0;
    for (const auto& [node, adapter] : calls.adapters()) {
        all += (all.empty() ? "" : ", ") + node + " (" + adapter + ")";
        if (adapter == name) {
            ++found;
            path = "/dev/" + node;
        }
    }
    if (found == 1)
        return path;
    return Error(found == 0 ? ErrorKind::NotFound : ErrorKind::Invalid,
        (found == 0 ? "there is no adapter '" : "there are several adapters '") + name
            + "'; there are: " + (all.empty() ? "none (modprobe i2c-dev)" : all));
}

Result<std::string> read_path(I2cDevCalls& calls, ConfigReader& table)
{
    constexpr std::array keys { "bus", "path", "name" };
    unsigned given = 0;
    for (const char* key : keys)
        given += table.has(key) ? 1u : 0u;
    if (given != 1)
        return table.error("bus",
            "expected one of: bus = 1, path = \"/dev/i2c-1\", name = \"name of the adapter\"");
    if (table.has("bus"))
        return "/dev/i2c-" + std::to_string(VWB_TRY(table.integer("bus", 0, 0xffff)));
    if (table.has("path"))
        return table.string("path");
    auto path = path_of_name(calls, VWB_TRY(table.string("name")));
    if (!path)
        return table.error("name", path.error().message());
    return path;
}

Result<std::unique_ptr<I2cAdapter>> create(
    const std::shared_ptr<I2cDevCalls>& calls, EventLoop& loop, ConfigReader& table)
{
    I2cDevOptions options;
    options.path = VWB_TRY(read_path(*calls, table));
    options.force = VWB_TRY(table.boolean_or("force", false));
    options.pec = VWB_TRY(table.boolean_or("pec", false));
    if (table.has("timeout"))
        options.timeout = VWB_TRY(table.duration_or("timeout", Duration(0)));
    if (table.has("retries"))
        options.retries = static_cast<unsigned>(VWB_TRY(table.integer("retries", 0, 100)));
    const auto give_up = VWB_TRY(table.duration_or("give_up", GIVE_UP));
    VWB_TRY(table.finish());
    auto adapter = I2cDevAdapter::create(loop, calls, options, give_up);
    if (!adapter)
        return std::move(adapter).error();
    return std::unique_ptr<I2cAdapter>(std::move(adapter).value());
}

} // namespace

Result<std::unique_ptr<I2cAdapter>> make_i2cdev_hardware(
    EventLoop& loop, const std::string& path, bool force)
{
    I2cDevOptions options;
    options.path = path;
    options.force = force;
    return std::unique_ptr<I2cAdapter>(
        VWB_TRY(I2cDevAdapter::create(loop, system_i2cdev_calls(), options, GIVE_UP)));
}

I2cAdapterKind i2cdev_kind(std::shared_ptr<I2cDevCalls> calls)
{
    return { .name = "i2c-dev",
        .help = "an adapter of this machine, /dev/i2c-N; SMBus-only ones too",
        .example
        = R"(bus = 1                        # or: path = "/dev/i2c-1", or: name = "i801 adapter"
force = false                  # also chips that a driver of this machine has
pec = false                    # SMBus-only adapters: the last byte of each exchange is its PEC
timeout = "1s"                 # of the adapter, for all its users; default: left as it is
retries = 3                    # of the adapter as well
give_up = "5s"                 # when a transfer is a time-out, whatever the kernel does
)",
        .create = [calls = std::move(calls)](EventLoop& loop, ConfigReader& table) {
            return create(calls, loop, table);
        } };
}

} // namespace vwb
