// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiCommand: one command of the driver: its parameters, copied and of the right size, and the
// return values that a protocol puts together. What is sent and how long it is, is decided in one
// place: on any status but SUCCESS the status alone (virtio 1.4, 5.17.6.1.1).
#pragma once

#include "devices/scmi/scmi_wire.h"
#include "engine/device/request.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

namespace vwb {

// Header and status, and the return values behind them if it is SUCCESS. Nothing is written if not
// even a status fits. The request is done.
void answer_scmi(Request request, uint32_t header, ScmiStatus status,
    std::span<const std::byte> return_values = {});

class ScmiCommand {
public:
    static constexpr uint32_t MAX_PARAMETERS = 32; // bytes
    static constexpr uint32_t MAX_RETURN = 1024; // bytes behind the status

    explicit ScmiCommand(Request request);

    const ScmiHeader& header() const { return m_header; }
    // False: the driver sent less than a header.
    bool has_header() const { return m_header_whole; }
    // As many as the driver sent.
    uint32_t parameter_bytes() const { return m_parameter_bytes; }
    // The le32 at this place of the parameters; 0 where the driver sent none.
    uint32_t word(unsigned index) const { return m_parameters[index]; }
    uint64_t long_word(unsigned index) const
    {
        return word(index) | uint64_t { word(index + 1) } << 32;
    }

    // Whether header and status fit into the driver's buffer.
    bool has_status_room() const { return m_status_fits; }
    // Bytes behind the status that the driver's buffer has room for; 0 if not even the status fits.
    uint32_t capacity() const { return m_capacity; }
    // Of them, those that are still free.
    uint32_t room() const { return capacity() - std::min(capacity(), m_return_bytes); }

    void put(uint32_t word);
    void put_long(uint64_t value);
    // At most size - 1 characters, padded with zeros.
    void put_name(std::string_view name, size_t size);
    // Changes a word that was put: a count that is known later.
    void set_word(unsigned index, uint32_t word);

    // The protocol answers later by answer_scmi().
    Request keep() { return std::move(*std::exchange(m_request, std::nullopt)); }
    bool kept() const { return !m_request; }
    void answer(ScmiStatus status);

private:
    std::optional<Request> m_request;
    ScmiHeader m_header;
    bool m_header_whole = false;
    uint32_t m_parameter_bytes = 0;
    bool m_status_fits = false;
    uint32_t m_capacity = 0;
    uint32_t m_return_bytes = 0;
    std::array<le32, MAX_PARAMETERS / 4> m_parameters {};
    std::array<std::byte, MAX_RETURN> m_return;
};

} // namespace vwb
