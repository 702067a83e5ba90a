// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/rng/seeded_rng.h"

#include "engine/base/endian.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace vwb {
namespace {

const ActionInfo& restart_action()
{
    static const ActionInfo action { "restart", "begins the stream of bytes again",
        { { "seed", "integer", false, "a new seed; the last one if left out" } } };
    return action;
}

} // namespace

SeededRng::SeededRng(uint64_t seed)
{
    restart(seed);
}

void SeededRng::restart(uint64_t seed)
{
    m_seed = seed;
    m_generator.seed(seed);
    m_word_used = WORD_BYTES;
    m_position = 0;
}

Result<size_t> SeededRng::fill(std::span<std::byte> out)
{
    size_t done = 0;
    while (done < out.size()) {
        if (m_word_used == WORD_BYTES) {
            const uint64_t wire = little_endian(uint64_t { m_generator() });
            std::memcpy(m_word.data(), &wire, WORD_BYTES);
            m_word_used = 0;
        }
        const size_t count = std::min(out.size() - done, WORD_BYTES - m_word_used);
        std::memcpy(out.data() + done, m_word.data() + m_word_used, count);
        m_word_used += count;
        done += count;
    }
    m_position += done;
    return done;
}

void SeededRng::inspect(Inspector& inspector) const
{
    inspector.field("kind", "seeded");
    inspector.field("seed", m_seed);
    inspector.field("position", m_position);
}

std::vector<ActionInfo> SeededRng::action_list() const
{
    return { restart_action() };
}

Result<Value> SeededRng::call_action(std::string_view name, const Value& parameters)
{
    if (name != restart_action().name)
        return Error(ErrorKind::NotFound, "seeded rng has no action '" + std::string(name) + "'");
    VWB_TRY(check_parameters(restart_action(), parameters));
    int64_t seed = static_cast<int64_t>(m_seed);
    if (const Value* wanted = parameters.find("seed"))
        seed = wanted->integer_or(0);
    if (seed < 0)
        return Error(ErrorKind::Invalid,
            "restart: seed is " + std::to_string(seed) + ", expected 0 or more");
    restart(static_cast<uint64_t>(seed));
    Value value = Value::object();
    value.set("seed", m_seed);
    return value;
}

RngSourceKind seeded_rng_kind()
{
    return { .name = "seeded",
        .help = "a generator for tests: the same seed, the same bytes (std::mt19937_64)",
        .example = "seed = 1\n",
        .create = [](EventLoop&, ConfigReader& parameters) -> Result<std::unique_ptr<RngSource>> {
            const int64_t seed
                = VWB_TRY(parameters.integer_or("seed", 1, 0, std::numeric_limits<int64_t>::max()));
            return std::unique_ptr<RngSource>(
                std::make_unique<SeededRng>(static_cast<uint64_t>(seed)));
        } };
}

} // namespace vwb
