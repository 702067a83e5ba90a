// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_driver.h"

#include "engine/base/inspector.h"

#include <algorithm>
#include <cstring>

namespace vwb {
namespace {

// As large as those of Linux.
constexpr uint32_t BUFFER_BYTES = 136;

std::vector<uint32_t> words_of(const Answer& answer)
{
    const size_t bytes = std::min<size_t>(answer.used_length, answer.bytes.size());
    std::vector<uint32_t> words(bytes / 4);
    for (size_t i = 0; i < words.size(); ++i) {
        le32 word;
        std::memcpy(&word, answer.bytes.data() + 4 * i, sizeof word);
        words[i] = word;
    }
    return words;
}

uint32_t header_of(std::span<const std::byte> request)
{
    le32 word;
    std::memcpy(&word, request.data(), sizeof word);
    return word;
}

std::string describe(uint32_t word)
{
    const auto header = scmi_header(word);
    return "message " + hex_text(header.message) + " of protocol " + hex_text(header.protocol);
}

std::string list(const std::vector<uint32_t>& words)
{
    std::string text;
    for (const uint32_t word : words)
        text += (text.empty() ? "" : " ") + std::to_string(word);
    return "[" + text + "]";
}

} // namespace

void ScmiDriver::complain(std::string text)
{
    ++m_counters.errors;
    m_complaint = "request " + std::to_string(m_counters.requests) + ": " + std::move(text);
}

std::vector<std::byte> ScmiDriver::request_of(
    uint8_t protocol, uint8_t message, std::initializer_list<uint32_t> parameters)
{
    std::vector<le32> words { le32(
        scmi_header_word(protocol, message, ScmiMessageType::Command, m_token++)) };
    words.insert(words.end(), parameters.begin(), parameters.end());
    const auto bytes = std::as_bytes(std::span(words));
    return { bytes.begin(), bytes.end() };
}

// Behind header and status.
ScmiDriver::Words ScmiDriver::check(const Answer& answer, uint32_t header)
{
    ++m_counters.requests;
    Words words = words_of(answer);
    if (answer.used_length < 8 || answer.used_length % 4 != 0 || words[0] != header) {
        complain(describe(header) + ": an answer of " + std::to_string(answer.used_length)
            + " bytes that does not begin with the header of the command");
        return {};
    }
    if (words[1] != static_cast<uint32_t>(ScmiStatus::Success))
        complain(describe(header) + ": status " + std::to_string(static_cast<int32_t>(words[1])));
    words.erase(words.begin(), words.begin() + 2);
    return words;
}

Result<ScmiDriver::Words> ScmiDriver::command(
    uint8_t protocol, uint8_t message, std::initializer_list<uint32_t> parameters)
{
    const MonotonicClock clock;
    const auto request = request_of(protocol, message, parameters);
    const TimePoint start = clock.now();
    const auto answer = VWB_TRY(m_driver.request(SCMI_CMDQ, request, BUFFER_BYTES));
    m_counters.latency.record(clock.now() - start);
    return check(answer, header_of(request));
}

Result<void> ScmiDriver::expect(uint8_t protocol, uint8_t message,
    std::initializer_list<uint32_t> parameters, const Words& expected)
{
    const auto found = VWB_TRY(command(protocol, message, parameters));
    if (found != expected)
        complain(describe(scmi_header_word(protocol, message, ScmiMessageType::Command))
            + ": answered " + list(found) + "; expected " + list(expected));
    return {};
}

Result<void> ScmiDriver::expect_many(uint8_t protocol, uint8_t message,
    std::initializer_list<uint32_t> parameters, const Words& expected, size_t count)
{
    std::vector<uint64_t> tickets;
    std::vector<uint32_t> headers;
    for (size_t i = 0; i < count; ++i) {
        const auto request = request_of(protocol, message, parameters);
        headers.push_back(header_of(request));
        tickets.push_back(VWB_TRY(m_driver.submit(SCMI_CMDQ, request, BUFFER_BYTES)));
    }
    for (size_t i = 0; i < count; ++i) {
        const auto answer = VWB_TRY(m_driver.wait(SCMI_CMDQ, tickets[i]));
        const auto found = check(answer, headers[i]);
        if (found != expected)
            complain(describe(headers[i]) + ": answered " + list(found) + "; expected "
                + list(expected));
    }
    return {};
}

Result<uint64_t> ScmiDriver::park()
{
    return m_driver.submit(SCMI_EVENTQ, {}, BUFFER_BYTES);
}

Result<ScmiDriver::Words> ScmiDriver::expect_event(
    uint64_t ticket, uint8_t protocol, uint8_t message)
{
    const auto answer = VWB_TRY(m_driver.wait(SCMI_EVENTQ, ticket));
    ++m_counters.requests;
    Words words = words_of(answer);
    const uint32_t header = scmi_header_word(protocol, message, ScmiMessageType::Notification);
    if (words.empty() || words[0] != header) {
        complain("a notification begins with "
            + (words.empty() ? std::string("nothing") : hex_text(words[0])) + "; expected "
            + hex_text(header));
        return Words {};
    }
    words.erase(words.begin());
    return words;
}

} // namespace vwb
