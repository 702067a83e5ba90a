// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_command.h"

#include <algorithm>

namespace vwb {

void answer_scmi(
    Request request, uint32_t header, ScmiStatus status, std::span<const std::byte> return_values)
{
    auto writer = request.writer();
    if (writer.remaining() >= SCMI_HEADER_SIZE + SCMI_STATUS_SIZE) {
        writer.write_struct(le32(header));
        writer.write_struct(le32(static_cast<uint32_t>(status)));
        if (status == ScmiStatus::Success)
            writer.write(return_values);
    }
    std::move(request).complete(writer.position());
}

ScmiCommand::ScmiCommand(Request request)
    : m_request(std::move(request))
{
    auto reader = m_request->reader();
    // A header that is cut short is echoed as far as it came.
    le32 word;
    m_header_whole = reader.read(std::as_writable_bytes(std::span(&word, 1))) == sizeof word;
    m_header = scmi_header(word);
    m_parameter_bytes = reader.remaining();
    reader.read(std::as_writable_bytes(std::span(m_parameters)));
    const uint32_t writable = m_request->writable_bytes();
    constexpr uint32_t fixed = SCMI_HEADER_SIZE + SCMI_STATUS_SIZE;
    m_status_fits = writable >= fixed;
    m_capacity = m_status_fits ? std::min(writable - fixed, MAX_RETURN) : 0;
}

void ScmiCommand::put(uint32_t word)
{
    const le32 wire(word);
    VWB_ASSERT(m_return_bytes + sizeof wire <= m_return.size());
    std::memcpy(m_return.data() + m_return_bytes, &wire, sizeof wire);
    m_return_bytes += static_cast<uint32_t>(sizeof wire);
}

void ScmiCommand::put_long(uint64_t value)
{
    put(static_cast<uint32_t>(value));
    put(static_cast<uint32_t>(value >> 32));
}

void ScmiCommand::put_name(std::string_view name, size_t size)
{
    VWB_ASSERT(m_return_bytes + size <= m_return.size());
    const auto field = std::span(m_return).subspan(m_return_bytes, size);
    std::ranges::fill(field, std::byte { 0 });
    name = name.substr(0, size - 1);
    std::ranges::copy(std::as_bytes(std::span(name)), field.begin());
    m_return_bytes += static_cast<uint32_t>(size);
}

void ScmiCommand::set_word(unsigned index, uint32_t word)
{
    const le32 wire(word);
    std::memcpy(m_return.data() + index * sizeof wire, &wire, sizeof wire);
}

void ScmiCommand::answer(ScmiStatus status)
{
    // What does not fit is not sent in part: the driver could not tell.
    if (status == ScmiStatus::Success && m_return_bytes > m_capacity)
        status = ScmiStatus::CommsError;
    answer_scmi(keep(), m_header.word, status, std::span(m_return).first(m_return_bytes));
}

} // namespace vwb
