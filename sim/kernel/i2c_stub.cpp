// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/kernel/i2c_stub.h"

#include "engine/base/units.h"
#include "engine/base/verb_actions.h"
#include "sim/signals/signal_changes.h"

#include <algorithm>

namespace vwb {
namespace {

struct Register {
    uint8_t index = 0;
    std::string name; // may be empty
    uint16_t value = 0;
};

struct Chip {
    uint16_t address = 0;
    std::string name; // "0x48" if it has none
    std::vector<Register> registers; // that the bench file describes
};

// What observers can do with the registers.
class StubActions final : public VerbActions<StubActions> {
public:
    StubActions(I2cStubModule& stub, std::vector<Chip> chips);

    void set_signal_listener(SignalListener* listener) { m_changes.set_listener(listener); }
    // Tells of registers that changed, if somebody listens.
    void look();
    void inspect(Inspector& inspector) const;

private:
    struct Place {
        uint16_t address = 0;
        uint8_t index = 0;
    };

    Result<Value> get(const Value& parameters);
    Result<Value> set(const Value& parameters);
    Result<Value> signals(const Value& parameters);
    Result<Place> find(const std::string& signal) const;

    I2cStubModule& m_stub;
    std::vector<Chip> m_chips;
    SignalChanges m_changes;
};

StubActions::StubActions(I2cStubModule& stub, std::vector<Chip> chips)
    : m_stub(stub)
    , m_chips(std::move(chips))
{
    const ActionParameter signal { "signal", "string", true,
        "CHIP.REGISTER, by number or name: \"0x48.0x05\", \"room.config\"" };
    add("get", "a register of a chip, 16 bits", &StubActions::get, { signal });
    add("set", "set a register of a chip", &StubActions::set,
        { signal, { "value", "integer", true, "0 to 65535; bytes are the lower half" } });
    add("signals", "all registers that the bench file describes", &StubActions::signals, {});
    uint32_t signal_number = 0;
    for (const auto& chip : m_chips) {
        for (const auto& known : chip.registers)
            m_changes.know(signal_number++, known.value);
    }
}

// Nothing else says what a guest has written: a stub has no side effects, and no interrupt.
void StubActions::look()
{
    if (!m_changes.observed())
        return;
    uint32_t signal_number = 0;
    for (const auto& chip : m_chips) {
        for (const auto& known : chip.registers) {
            if (const auto value = m_stub.read(chip.address, known.index))
                m_changes.changed(signal_number, *value);
            ++signal_number;
        }
    }
}

Result<StubActions::Place> StubActions::find(const std::string& signal) const
{
    const auto dot = signal.find('.');
    const auto chip_name = signal.substr(0, dot);
    const auto number = parse_unsigned(chip_name);
    const auto chip = std::ranges::find_if(m_chips, [&](const Chip& known) {
        return known.name == chip_name || (number && known.address == *number);
    });
    if (chip == m_chips.end() || dot == signal.npos)
        return Error(ErrorKind::NotFound,
            "there is no register '" + signal + "'; expected CHIP.REGISTER, like \""
                + m_chips.front().name + ".0x00\"");
    const auto name = signal.substr(dot + 1);
    for (const auto& known : chip->registers) {
        if (!known.name.empty() && known.name == name)
            return Place { chip->address, known.index };
    }
    const auto index = parse_unsigned(name);
    if (!index || *index > 0xff)
        return Error(ErrorKind::NotFound,
            "chip '" + chip->name + "' has no register '" + name
                + "'; expected a name of the bench file's, or 0x00 to 0xff");
    return Place { chip->address, static_cast<uint8_t>(*index) };
}

Result<Value> StubActions::get(const Value& parameters)
{
    const auto place = VWB_TRY(find(parameters.find("signal")->string_or("")));
    return Value(VWB_TRY(m_stub.read(place.address, place.index)));
}

Result<Value> StubActions::set(const Value& parameters)
{
    const auto place = VWB_TRY(find(parameters.find("signal")->string_or("")));
    const auto value = parameters.find("value")->integer_or(-1);
    if (value < 0 || value > 0xffff)
        return Error(ErrorKind::Invalid, "value must be 0 to 65535, not " + std::to_string(value));
    VWB_TRY(m_stub.write(place.address, place.index, static_cast<uint16_t>(value)));
    look();
    return Value(value);
}

Result<Value> StubActions::signals(const Value&)
{
    Value list = Value::list();
    for (const auto& chip : m_chips) {
        for (const auto& known : chip.registers) {
            Inspector inspector;
            inspector.field("name",
                chip.name + "." + (known.name.empty() ? hex_text(known.index) : known.name));
            inspector.field("value", VWB_TRY(m_stub.read(chip.address, known.index)));
            list.append(std::move(inspector).tree());
        }
    }
    return list;
}

void StubActions::inspect(Inspector& inspector) const
{
    for (const auto& chip : m_chips)
        inspector.hex(chip.name, chip.address);
}

// The adapter as any other one, and the module behind it, which goes after it.
class I2cStubAdapter final : public I2cAdapter, private I2cListener {
public:
    I2cStubAdapter(std::unique_ptr<I2cStubModule> stub, std::unique_ptr<I2cAdapter> adapter,
        std::vector<Chip> chips)
        : m_stub(std::move(stub))
        , m_actions(*m_stub, std::move(chips))
        , m_adapter(std::move(adapter))
    {
        m_adapter->set_listener(this);
    }

    void set_listener(I2cListener* listener) override { m_listener = listener; }
    void set_signal_listener(SignalListener* listener) override
    {
        m_actions.set_signal_listener(listener);
    }
    bool ten_bit() const override { return m_adapter->ten_bit(); }
    void execute(std::unique_ptr<I2cTransfer> transfer) override
    {
        m_adapter->execute(std::move(transfer));
    }
    void cancel() override { m_adapter->cancel(); }
    Actions* actions() override { return &m_actions; }
    void inspect(Inspector& inspector) const override
    {
        m_adapter->inspect(inspector);
        inspector.field("kind", "i2c-stub");
        inspector.child("chips", [this](Inspector& inner) { m_actions.inspect(inner); });
    }

private:
    void transfer_done(std::unique_ptr<I2cTransfer> transfer) override
    {
        m_actions.look();
        if (m_listener)
            m_listener->transfer_done(std::move(transfer));
    }

    std::unique_ptr<I2cStubModule> m_stub;
    StubActions m_actions;
    I2cListener* m_listener = nullptr;
    std::unique_ptr<I2cAdapter> m_adapter;
};

Result<Register> read_register(ConfigReader& table)
{
    Register read;
    read.index = static_cast<uint8_t>(VWB_TRY(table.integer("index", 0, 0xff)));
    read.name = VWB_TRY(table.string_or("name", ""));
    read.value = static_cast<uint16_t>(VWB_TRY(table.integer_or("value", 0, 0, 0xffff)));
    VWB_TRY(table.finish());
    return read;
}

Result<Chip> read_chip(ConfigReader& table)
{
    Chip chip;
    chip.address = static_cast<uint16_t>(VWB_TRY(table.integer("address", 0x03, 0x77)));
    chip.name = VWB_TRY(table.string_or("name", hex_text(chip.address)));
    for (auto& item : VWB_TRY(table.tables("registers")))
        chip.registers.push_back(VWB_TRY(read_register(item)));
    VWB_TRY(table.finish());
    return chip;
}

Result<std::vector<Chip>> read_chips(ConfigReader& table)
{
    std::vector<Chip> chips;
    for (auto& item : VWB_TRY(table.tables_or("chips", "address"))) {
        auto chip = VWB_TRY(read_chip(item));
        for (const auto& other : chips) {
            if (other.address == chip.address || other.name == chip.name)
                return item.error("address",
                    "there is a chip '" + other.name + "' at " + hex_text(other.address)
                        + " already");
        }
        chips.push_back(std::move(chip));
    }
    if (chips.empty() || chips.size() > I2cStubModule::MAX_CHIPS)
        return table.error("chips",
            "expected 1 to " + std::to_string(I2cStubModule::MAX_CHIPS)
                + " chips, like [0x48, { address = 0x50, name = \"eeprom\" }]");
    return chips;
}

Result<std::unique_ptr<I2cAdapter>> create(const std::shared_ptr<I2cStubCalls>& calls,
    const MakeI2cAdapter& make_adapter, EventLoop& loop, ConfigReader& table)
{
    auto chips = VWB_TRY(read_chips(table));
    I2cStubOptions options;
    options.module = VWB_TRY(table.string_or("module", ""));
    const bool force = VWB_TRY(table.boolean_or("force", false));
    VWB_TRY(table.finish());
    for (const auto& chip : chips)
        options.addresses.push_back(chip.address);
    auto stub = VWB_TRY(I2cStubModule::load(calls, options));
    for (const auto& chip : chips) {
        for (const auto& known : chip.registers)
            VWB_TRY(stub->write(chip.address, known.index, known.value));
    }
    auto adapter = VWB_TRY(make_adapter(loop, stub->path(), force));
    return std::unique_ptr<I2cAdapter>(
        std::make_unique<I2cStubAdapter>(std::move(stub), std::move(adapter), std::move(chips)));
}

} // namespace

I2cAdapterKind i2c_stub_kind(std::shared_ptr<I2cStubCalls> calls, MakeI2cAdapter make_adapter)
{
    return { .name = "i2c-stub",
        .help = "SMBus chips that this machine's kernel simulates (needs root)",
        .example = R"(chips = [                      # at most 10: addresses, or tables
  0x50,
  { address = 0x48, name = "room", registers = [{ index = 0, name = "temp", value = 0x8015 }] },
]
force = false                  # also chips that a driver of this machine has
# module = "/path/i2c-stub.ko" # default: as modprobe finds it
)",
        .create
        = [calls = std::move(calls), make_adapter = std::move(make_adapter)](EventLoop& loop,
              ConfigReader& table) { return create(calls, make_adapter, loop, table); } };
}

} // namespace vwb
