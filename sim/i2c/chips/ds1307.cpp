// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DS1307: a clock in BCD registers and 56 bytes of memory. The time is copied to the registers at
// each START, so that one read sees one moment.
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/register_chip.h"

#include <cstdio>

namespace vwb {
namespace {

using Seconds = std::chrono::seconds;
using WallTime = std::chrono::sys_seconds;

constexpr unsigned SECONDS = 0;
constexpr unsigned MINUTES = 1;
constexpr unsigned HOURS = 2;
constexpr unsigned WEEKDAY = 3;
constexpr unsigned DAY = 4;
constexpr unsigned MONTH = 5;
constexpr unsigned YEAR = 6;
constexpr unsigned CONTROL = 7;
constexpr unsigned MEMORY = 8;
constexpr unsigned END = 64;

constexpr uint32_t HALTED = 0x80; // of SECONDS
constexpr uint32_t TWELVE_HOURS = 0x40; // of HOURS
constexpr uint32_t AFTERNOON = 0x20;

uint32_t to_bcd(unsigned number)
{
    return number / 10 << 4 | number % 10;
}

unsigned from_bcd(uint32_t bcd)
{
    return (bcd >> 4) * 10 + (bcd & 15);
}

class Ds1307 final : public RegisterChip {
public:
    Ds1307(const Clock& clock, WallTime time)
        : RegisterChip({ .count = END })
        , m_clock(clock)
        , m_time(time)
        , m_since(clock.now())
    {
        constexpr uint32_t masks[] = { 0xff, 0x7f, 0x7f, 0x07, 0x3f, 0x1f, 0xff, 0x93 };
        for (unsigned index = SECONDS; index <= CONTROL; ++index)
            define(index, { .reset = index == CONTROL ? 0x03u : 0u, .write_mask = masks[index] });
        define_range(MEMORY, END - MEMORY, 0xff);
    }

    bool start(I2cDirection direction, unsigned address) override
    {
        latch();
        return RegisterChip::start(direction, address);
    }
    void stop() override
    {
        RegisterChip::stop();
        if (std::exchange(m_written, false))
            take_over();
    }
    // A battery keeps time and memory.
    void power_up() override { }

    std::vector<ChipSignal> signals() const override
    {
        return { { "time", "UTC, as \"2026-01-31T23:59:59\"" },
            { "halted", "the oscillator does not run", false } };
    }
    Result<Value> get(std::string_view signal) const override
    {
        if (signal == "time")
            return Value(text(now()));
        if (signal == "halted")
            return Value(m_halted);
        return RegisterChip::get(signal);
    }
    Result<void> set(std::string_view signal, const Value& value) override
    {
        if (signal != "time")
            return RegisterChip::set(signal, value);
        set_time(VWB_TRY(parse(value.string_or(""))));
        return {};
    }

    // Error: Invalid if it is no such text, or not of this century.
    static Result<WallTime> parse(const std::string& text)
    {
        unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
        char rest = 0;
        const int found = std::sscanf(text.c_str(), "%4u-%2u-%2uT%2u:%2u:%2u%c", &year, &month,
            &day, &hour, &minute, &second, &rest);
        const std::chrono::year_month_day date { std::chrono::year(static_cast<int>(year)),
            std::chrono::month(month), std::chrono::day(day) };
        if (found != 6 || !date.ok() || year < 2000 || year > 2099 || hour > 23 || minute > 59
            || second > 59)
            return Error(ErrorKind::Invalid,
                "time must be like \"2026-01-31T23:59:59\", from 2000 to 2099, not '" + text + "'");
        return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour)
            + std::chrono::minutes(minute) + Seconds(second);
    }

private:
    WallTime now() const
    {
        if (m_halted)
            return m_time;
        return m_time + std::chrono::duration_cast<Seconds>(m_clock.now() - m_since);
    }
    void set_time(WallTime time)
    {
        m_time = time;
        m_since = m_clock.now();
    }
    static std::string text(WallTime time)
    {
        const auto days = std::chrono::floor<std::chrono::days>(time);
        const std::chrono::year_month_day date(days);
        const std::chrono::hh_mm_ss clock(time - days);
        char text[32];
        std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d",
            static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
            static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
        return text;
    }

    void latch()
    {
        const auto time = now();
        const auto days = std::chrono::floor<std::chrono::days>(time);
        const std::chrono::year_month_day date(days);
        const std::chrono::hh_mm_ss clock(time - days);
        const auto put = [this](unsigned index, unsigned number, uint32_t flags = 0) {
            set_value(index, to_bcd(number) | flags);
        };
        put(SECONDS, static_cast<unsigned>(clock.seconds().count()), m_halted ? HALTED : 0);
        put(MINUTES, static_cast<unsigned>(clock.minutes().count()));
        const auto hour = static_cast<unsigned>(clock.hours().count());
        if (m_twelve_hours)
            put(HOURS, hour % 12 == 0 ? 12 : hour % 12, TWELVE_HOURS | (hour < 12 ? 0 : AFTERNOON));
        else
            put(HOURS, hour);
        put(WEEKDAY, std::chrono::weekday(days).c_encoding() + 1);
        put(DAY, static_cast<unsigned>(date.day()));
        put(MONTH, static_cast<unsigned>(date.month()));
        put(YEAR, static_cast<unsigned>(static_cast<int>(date.year()) % 100));
    }
    void write_register(unsigned index, uint32_t written) override
    {
        m_written = m_written || index < CONTROL;
        store(index, written);
    }
    // Registers that make no date leave the time as it was.
    void take_over()
    {
        m_halted = (value(SECONDS) & HALTED) != 0;
        m_twelve_hours = (value(HOURS) & TWELVE_HOURS) != 0;
        unsigned hour = from_bcd(value(HOURS) & 0x3f);
        if (m_twelve_hours)
            hour = from_bcd(value(HOURS) & 0x1f) % 12 + ((value(HOURS) & AFTERNOON) != 0 ? 12 : 0);
        const std::chrono::year_month_day date { std::chrono::year(2000
                                                     + static_cast<int>(from_bcd(value(YEAR)))),
            std::chrono::month(from_bcd(value(MONTH))), std::chrono::day(from_bcd(value(DAY))) };
        if (date.ok())
            set_time(WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour)
                + std::chrono::minutes(from_bcd(value(MINUTES)))
                + Seconds(from_bcd(value(SECONDS) & 0x7f)));
    }

    const Clock& m_clock;
    WallTime m_time; // at m_since
    TimePoint m_since;
    bool m_halted = false;
    bool m_twelve_hours = false;
    bool m_written = false; // since the START
};

Result<std::unique_ptr<I2cChip>> create(ChipSetup& setup)
{
    auto time = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
    if (setup.table.has("time")) {
        const auto parsed = Ds1307::parse(VWB_TRY(setup.table.string("time")));
        if (!parsed)
            return setup.table.error("time", parsed.error().message());
        time = *parsed;
    }
    return std::unique_ptr<I2cChip>(std::make_unique<Ds1307>(setup.loop.clock(), time));
}

} // namespace

ChipModel ds1307_model()
{
    return { "ds1307", create };
}

} // namespace vwb
