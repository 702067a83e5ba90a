// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/getrandom_rng.h"

#include "devices/rng/guest_span.h"

#include <algorithm>
#include <cstring>

#include <sys/random.h>

namespace vwb {
namespace {

// Fails with EAGAIN only before the host has gathered any entropy: early at boot.
Result<size_t> from_kernel(std::span<std::byte> out)
{
    const ssize_t count = fill_guest_span(out, [](std::span<std::byte> span) {
        return ::getrandom(span.data(), span.size(), GRND_NONBLOCK);
    });
    if (count <= 0)
        return Error::from_errno("getrandom", errno);
    return static_cast<size_t>(count);
}

} // namespace

GetrandomRng::~GetrandomRng()
{
    ::explicit_bzero(m_pool.data(), m_pool.size());
}

Result<size_t> GetrandomRng::fill(std::span<std::byte> out)
{
    return out.size() <= LARGEST_FROM_POOL ? take_from_pool(out) : from_kernel(out);
}

Result<size_t> GetrandomRng::take_from_pool(std::span<std::byte> out)
{
    if (m_pool_left == 0)
        m_pool_left = VWB_TRY(from_kernel(m_pool));
    const size_t count = std::min(out.size(), m_pool_left);
    std::byte* bytes = m_pool.data() + m_pool_left - count;
    std::memcpy(out.data(), bytes, count);
    ::explicit_bzero(bytes, count);
    m_pool_left -= count;
    return count;
}

void GetrandomRng::inspect(Inspector& inspector) const
{
    inspector.field("kind", "getrandom");
}

RngSourceKind getrandom_rng_kind()
{
    return { .name = "getrandom",
        .help = "random bytes of the host kernel",
        .example = "",
        .create = [](EventLoop&, ConfigReader&) -> Result<std::unique_ptr<RngSource>> {
            return std::unique_ptr<RngSource>(std::make_unique<GetrandomRng>());
        } };
}

} // namespace vwb
