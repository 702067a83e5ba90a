// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/echo_device.h"

#include <algorithm>

namespace vwb::test {
namespace {

constexpr std::array REQUEST_FIELDS { SchemaField { "text", FieldKind::Text, 0, 0 } };
constexpr std::array MESSAGES { SchemaMessage {
                                    "ECHO", 0, 0, 0, 0, REQUEST_FIELDS, REQUEST_FIELDS },
    SchemaMessage { "PARK", 1, 0, 0, 0, REQUEST_FIELDS, REQUEST_FIELDS } };
constexpr std::array CONFIG_FIELDS { SchemaField { "low", FieldKind::Unsigned, 0, 4 },
    SchemaField { "high", FieldKind::Unsigned, 4, 4 } };
constexpr std::array FEATURES { EnumName { 0, "ECHO_F_LOUD" } };
constexpr std::array QUEUES { "echoq", "parkq" };
constexpr Schema SCHEMA { "echo", MESSAGES, CONFIG_FIELDS, FEATURES, QUEUES };

} // namespace

const DeviceTraits& EchoDevice::traits() const
{
    static const DeviceTraits traits { 4, FEATURE,
        { QueueTraits { "echoq", 4096, false }, QueueTraits { "parkq", 4096, true } }, 8, &SCHEMA };
    return traits;
}

void EchoDevice::read_config(uint32_t offset, std::span<std::byte> out) const
{
    std::copy_n(config.begin() + offset, out.size(), out.begin());
}

Result<void> EchoDevice::write_config(uint32_t offset, std::span<const std::byte> bytes)
{
    std::ranges::copy(bytes, config.begin() + offset);
    return {};
}

void EchoDevice::queue_stopped(unsigned queue)
{
    for (auto& request : parked[queue])
        std::move(request).give_back();
    parked[queue].clear();
}

void EchoDevice::handle(unsigned queue, Request request)
{
    std::array<std::byte, 256> bytes;
    auto reader = request.reader();
    const size_t size = reader.read(bytes);
    const char first = size > 0 ? static_cast<char>(bytes[0]) : ' ';
    if (first == 'd')
        return;
    if (queue == 1 || first == 'k') {
        parked[queue].push_back(std::move(request));
        return;
    }
    auto writer = request.writer();
    writer.write(std::span(bytes).first(size));
    std::move(request).complete(writer.position());
}

void EchoDevice::fail(unsigned, Request request)
{
    ++failed;
    if (fail_drops)
        return;
    auto writer = request.writer();
    writer.fill(std::byte { 'E' }, 1);
    std::move(request).complete(writer.position());
}

std::optional<std::vector<std::byte>> EchoDevice::save_state() const
{
    return std::vector<std::byte>(config.begin(), config.end());
}

Result<void> EchoDevice::load_state(std::span<const std::byte> state)
{
    if (state.size() != config.size())
        return Error(ErrorKind::Invalid, "the state is not a config space");
    std::ranges::copy(state, config.begin());
    return {};
}

void EchoDevice::inspect(Inspector& inspector) const
{
    inspector.field("parked", parked[0].size() + parked[1].size());
}

} // namespace vwb::test
