// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// BME280: temperature, pressure and humidity as raw readings with calibration constants, from which
// a driver computes the values. Here it goes the other way: the reading is searched for that gives
// the value which was set.
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/register_chip.h"

namespace vwb {
namespace {

constexpr unsigned CALIBRATION_1 = 0x88;
constexpr unsigned HUMIDITY_1 = 0xa1;
constexpr unsigned CHIP_ID = 0xd0;
constexpr unsigned RESET = 0xe0;
constexpr unsigned CALIBRATION_2 = 0xe1;
constexpr unsigned CTRL_HUM = 0xf2;
constexpr unsigned STATUS = 0xf3;
constexpr unsigned CTRL_MEAS = 0xf4;
constexpr unsigned CONFIG = 0xf5;
constexpr unsigned PRESSURE = 0xf7; // 20 bits, high byte first, in three registers
constexpr unsigned TEMPERATURE = 0xfa; // as well
constexpr unsigned HUMIDITY = 0xfd; // 16 bits
constexpr uint32_t IDENTITY = 0x60;
constexpr uint32_t RESET_WORD = 0xb6;

// Constants in the range of real parts; those of temperature and pressure are the example of the
// datasheet.
constexpr double T1 = 27504, T2 = 26435, T3 = -1000;
constexpr double P1 = 36477, P2 = -10685, P3 = 3024, P4 = 2855, P5 = 140, P6 = -7, P7 = 15500,
                 P8 = -14600, P9 = 6000;
constexpr double H1 = 75, H2 = 362, H3 = 0, H4 = 313, H5 = 50, H6 = 30;

constexpr uint32_t READING_END = 1u << 20;
constexpr uint32_t HUMIDITY_END = 1u << 16;
constexpr uint32_t SKIPPED = 0x80000; // what is not measured reads so
constexpr uint32_t HUMIDITY_SKIPPED = 0x8000;

// Datasheet, 8.1: temperature in an own fine unit, 5120 of it a degree.
double fine_temperature(double reading)
{
    const double linear = reading / 16384 - T1 / 1024;
    const double square = reading / 131072 - T1 / 8192;
    return linear * T2 + square * square * T3;
}

double pascals(double reading, double fine)
{
    const double t = fine / 2 - 64000;
    const double offset = (t * t * P6 / 32768 + t * P5 * 2) / 4 + P4 * 65536;
    const double gain = (1 + (P3 * t * t / 524288 + P2 * t) / 524288 / 32768) * P1;
    const double p = (1048576 - reading - offset / 4096) * 6250 / gain;
    return p + (P9 * p * p / 2147483648.0 + p * P8 / 32768 + P7) / 16;
}

double percent(double reading, double fine)
{
    const double t = fine - 76800;
    const double h = (reading - (H4 * 64 + H5 / 16384 * t))
        * (H2 / 65536 * (1 + H6 / 67108864 * t * (1 + H3 / 67108864 * t)));
    return h * (1 - H1 * h / 524288);
}

// The first reading below end whose value is wanted or more; value grows with the reading.
template <typename Function> uint32_t reading_of(double wanted, uint32_t end, Function&& value)
{
    uint32_t low = 0;
    uint32_t high = end - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (value(middle) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

class Bme280 final : public RegisterChip {
public:
    Bme280()
        : RegisterChip(Layout {})
    {
        define_words(CALIBRATION_1, { T1, T2, T3, P1, P2, P3, P4, P5, P6, P7, P8, P9 });
        define(HUMIDITY_1, { .reset = byte_of(H1) });
        define(CHIP_ID, { .reset = IDENTITY });
        define(RESET, { .write_mask = 0 });
        const auto h4 = static_cast<uint32_t>(H4);
        const auto h5 = static_cast<uint32_t>(H5);
        define_words(CALIBRATION_2, { H2 });
        define(CALIBRATION_2 + 2, { .reset = byte_of(H3) });
        define(CALIBRATION_2 + 3, { .reset = h4 >> 4 & 0xff });
        define(CALIBRATION_2 + 4, { .reset = (h4 & 15) | (h5 & 15) << 4 });
        define(CALIBRATION_2 + 5, { .reset = h5 >> 4 & 0xff });
        define(CALIBRATION_2 + 6, { .reset = byte_of(H6) });
        define(CTRL_HUM, { .write_mask = 0x07 });
        define(STATUS, {});
        define(CTRL_MEAS, { .write_mask = 0xff });
        define(CONFIG, { .write_mask = 0xfd });
        define_range(PRESSURE, 8, 0);
        measure();
    }

    bool start(I2cDirection direction, unsigned address) override
    {
        measure(); // one read sees one moment
        return RegisterChip::start(direction, address);
    }

    std::vector<ChipSignal> signals() const override
    {
        return { { "temperature", "degrees Celsius, -40 to 85" },
            { "pressure", "pascals, 30000 to 110000" }, { "humidity", "percent, 0 to 100" } };
    }
    Result<Value> get(std::string_view signal) const override
    {
        if (signal == "temperature")
            return Value(m_celsius);
        if (signal == "pressure")
            return Value(m_pascals);
        if (signal == "humidity")
            return Value(m_percent);
        return RegisterChip::get(signal);
    }
    Result<void> set(std::string_view signal, const Value& value) override
    {
        if (signal == "temperature")
            m_celsius = VWB_TRY(chip_number(signal, value, -40, 85));
        else if (signal == "pressure")
            m_pascals = VWB_TRY(chip_number(signal, value, 30000, 110000));
        else if (signal == "humidity")
            m_percent = VWB_TRY(chip_number(signal, value, 0, 100));
        else
            return RegisterChip::set(signal, value);
        return {};
    }

private:
    static uint32_t byte_of(double constant)
    {
        return static_cast<uint32_t>(static_cast<int32_t>(constant)) & 0xff;
    }
    void define_words(unsigned first, std::initializer_list<double> constants)
    {
        for (const double constant : constants) {
            const auto word = static_cast<uint32_t>(static_cast<int32_t>(constant));
            define(first++, { .reset = word & 0xff });
            define(first++, { .reset = word >> 8 & 0xff });
        }
    }

    void measure()
    {
        const uint32_t t = reading_of(m_celsius * 5120, READING_END,
            [](uint32_t reading) { return fine_temperature(reading); });
        const double fine = fine_temperature(t);
        // Pressure falls as its reading grows.
        const uint32_t p = READING_END - 1
            - reading_of(m_pascals, READING_END,
                [fine](uint32_t reading) { return pascals(READING_END - 1 - reading, fine); });
        const uint32_t h = reading_of(
            m_percent, HUMIDITY_END, [fine](uint32_t reading) { return percent(reading, fine); });
        const uint32_t control = value(CTRL_MEAS);
        put_reading(TEMPERATURE, (control >> 5 & 7) == 0 ? SKIPPED : t);
        put_reading(PRESSURE, (control >> 2 & 7) == 0 ? SKIPPED : p);
        const uint32_t humidity = (value(CTRL_HUM) & 7) == 0 ? HUMIDITY_SKIPPED : h;
        set_value(HUMIDITY, humidity >> 8);
        set_value(HUMIDITY + 1, humidity & 0xff);
    }
    void put_reading(unsigned first, uint32_t reading)
    {
        set_value(first, reading >> 12);
        set_value(first + 1, reading >> 4 & 0xff);
        set_value(first + 2, reading << 4 & 0xf0);
    }
    void write_register(unsigned index, uint32_t written) override
    {
        if (index == RESET && written == RESET_WORD) {
            for (const unsigned each : { CTRL_HUM, CTRL_MEAS, CONFIG })
                set_value(each, 0);
            return;
        }
        store(index, written);
    }

    double m_celsius = 25;
    double m_pascals = 101325;
    double m_percent = 50;
};

Result<std::unique_ptr<I2cChip>> create(ChipSetup&)
{
    return std::unique_ptr<I2cChip>(std::make_unique<Bme280>());
}

} // namespace

ChipModel bme280_model()
{
    return { "bme280", create };
}

} // namespace vwb
