// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_load.h"

#include "devices/rng/rng_wire.h"
#include "engine/driver/builtin_driver.h"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace vwb {
namespace {

using Shape = std::vector<uint32_t>; // sizes of the writable pieces

// What a seeded source gives (sim/rng/seeded_rng.h), made here a second time, independently.
class ExpectedBytes {
public:
    explicit ExpectedBytes(uint64_t seed)
        : m_generator(seed)
    {
    }
    std::byte next()
    {
        if (m_left == 0) {
            m_word = m_generator();
            m_left = 8;
        }
        const auto byte = static_cast<std::byte>(m_word & 0xff);
        m_word >>= 8;
        --m_left;
        return byte;
    }

private:
    std::mt19937_64 m_generator;
    uint64_t m_word = 0;
    unsigned m_left = 0;
};

class RngLoad final : public DriverLoad {
public:
    uint64_t features() const override { return 0; }
    Result<void> run(BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters,
        const std::atomic<bool>& stop) override;
    std::string complaint() const override { return m_complaint; }

private:
    static constexpr int64_t SEED = 20240229;
    static constexpr unsigned ROUNDS = 100;
    static constexpr unsigned SINGLES_PER_ROUND = 100;
    static constexpr size_t BURST = 32; // requests under way at once

    Result<void> restart_stream(const OutsideCall& outside);
    Result<void> one_by_one(BuiltinDriver& driver, LoadCounters& counters);
    Result<void> all_shapes(BuiltinDriver& driver, LoadCounters& counters);
    Result<void> many_at_once(BuiltinDriver& driver, LoadCounters& counters);
    Result<void> with_rate_limit(
        BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters);
    void check(const Answer& answer, LoadCounters& counters);
    std::string wrong_with(const Answer& answer);

    std::unique_ptr<ExpectedBytes> m_expected; // none: the source is not seeded
    std::string m_complaint;
};

const std::array<Shape, 14> SHAPES { Shape { 1 }, Shape { 2 }, Shape { 63 }, Shape { 65 },
    Shape { 512 }, Shape { 513 }, Shape { 4096 }, Shape { 65535 }, Shape { 65536 + 4097 },
    Shape { 1, 1, 1 }, Shape { 3, 64, 5, 7 }, Shape { 4095, 1, 4097 }, Shape { 700, 1, 700 },
    Shape { 1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47 } };

Result<void> RngLoad::run(BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters,
    const std::atomic<bool>& stop)
{
    VWB_TRY(restart_stream(outside));
    for (unsigned round = 0; round < ROUNDS && !stop; ++round) {
        VWB_TRY(one_by_one(driver, counters));
        VWB_TRY(all_shapes(driver, counters));
        VWB_TRY(many_at_once(driver, counters));
    }
    return with_rate_limit(driver, outside, counters);
}

Result<void> RngLoad::restart_stream(const OutsideCall& outside)
{
    Value parameters = Value::object();
    parameters.set("seed", SEED);
    const auto restarted = outside("restart", parameters);
    if (restarted)
        m_expected = std::make_unique<ExpectedBytes>(SEED);
    else if (restarted.error().kind() != ErrorKind::NotFound)
        return restarted.error();
    return {};
}

// As the Linux driver asks: 64 bytes, one request after the other.
Result<void> RngLoad::one_by_one(BuiltinDriver& driver, LoadCounters& counters)
{
    for (unsigned i = 0; i < SINGLES_PER_ROUND; ++i)
        check(VWB_TRY(driver.request(RNG_REQUESTQ, {}, 64)), counters);
    return {};
}

Result<void> RngLoad::all_shapes(BuiltinDriver& driver, LoadCounters& counters)
{
    for (const Shape& shape : SHAPES) {
        const auto ticket = VWB_TRY(driver.submit_segments(RNG_REQUESTQ, {}, shape));
        check(VWB_TRY(driver.wait(RNG_REQUESTQ, ticket)), counters);
    }
    return {};
}

// The device serves in order, so the stream runs through the answers in order of their requests.
Result<void> RngLoad::many_at_once(BuiltinDriver& driver, LoadCounters& counters)
{
    std::array<uint64_t, BURST> tickets;
    for (size_t i = 0; i < BURST; ++i)
        tickets[i]
            = VWB_TRY(driver.submit_segments(RNG_REQUESTQ, {}, { static_cast<uint32_t>(40 + i) }));
    for (const uint64_t ticket : tickets)
        check(VWB_TRY(driver.wait(RNG_REQUESTQ, ticket)), counters);
    return {};
}

Result<void> RngLoad::with_rate_limit(
    BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters)
{
    Value limit = Value::object();
    limit.set("bytes", 300);
    limit.set("period", "5ms");
    VWB_TRY(outside("rate", limit));
    const auto done = many_at_once(driver, counters);
    limit.set("bytes", 0);
    VWB_TRY(outside("rate", limit));
    return done;
}

void RngLoad::check(const Answer& answer, LoadCounters& counters)
{
    ++counters.requests;
    std::string wrong = wrong_with(answer);
    if (wrong.empty())
        return;
    ++counters.errors;
    m_complaint = "request " + std::to_string(counters.requests) + ": " + std::move(wrong);
}

std::string RngLoad::wrong_with(const Answer& answer)
{
    const std::string buffer = " of " + std::to_string(answer.bytes.size()) + " bytes";
    // virtio 1.4, 5.4.6.2: at least one byte.
    if (answer.used_length == 0 || answer.used_length > answer.bytes.size())
        return "used length " + std::to_string(answer.used_length) + " for a buffer" + buffer;
    for (uint32_t i = 0; m_expected && i < answer.used_length; ++i) {
        if (answer.bytes[i] != m_expected->next())
            return "byte " + std::to_string(i) + buffer + " is not what the seed gives";
    }
    const auto untouched = [](std::byte byte) { return byte == BuiltinDriver::UNWRITTEN; };
    if (!std::all_of(answer.bytes.begin() + answer.used_length, answer.bytes.end(), untouched))
        return "bytes written behind the used length " + std::to_string(answer.used_length);
    return {};
}

} // namespace

std::unique_ptr<DriverLoad> make_rng_load()
{
    return std::make_unique<RngLoad>();
}

} // namespace vwb
