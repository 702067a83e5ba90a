// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/line_frame.h"

#include <algorithm>
#include <charconv>

namespace vwb {

namespace {

constexpr size_t header_size = 3; // type, then the payload's length, low byte first

bool is_frame_type(uint8_t value)
{
    switch (static_cast<FrameType>(value)) {
    case FrameType::Start:
    case FrameType::Run:
    case FrameType::Input:
    case FrameType::Resize:
    case FrameType::Output:
    case FrameType::Error:
    case FrameType::Exit:
        return true;
    }
    return false;
}

void append_string(std::string& out, std::string_view text)
{
    out.append(text);
    out.push_back('\0');
}

void append_list(std::string& out, const std::vector<std::string>& list)
{
    append_string(out, std::to_string(list.size()));
    for (const auto& text : list) {
        append_string(out, text);
    }
}

std::optional<std::string> take_string(std::string_view& bytes)
{
    const auto end = bytes.find('\0');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    std::string text(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
    return text;
}

std::optional<size_t> parse_count(std::string_view text)
{
    size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc {} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return count;
}

std::optional<std::vector<std::string>> take_list(std::string_view& bytes)
{
    const auto count_text = take_string(bytes);
    const auto count = count_text ? parse_count(*count_text) : std::nullopt;
    if (!count) {
        return std::nullopt;
    }
    std::vector<std::string> list;
    while (list.size() < *count) {
        auto text = take_string(bytes);
        if (!text) {
            return std::nullopt;
        }
        list.push_back(std::move(*text));
    }
    return list;
}

} // namespace

std::string encode_frames(FrameType type, std::string_view payload)
{
    std::string frames;
    do {
        const auto piece = payload.substr(0, max_frame_payload);
        frames.push_back(static_cast<char>(type));
        frames.push_back(static_cast<char>(piece.size() & 0xff));
        frames.push_back(static_cast<char>(piece.size() >> 8));
        frames.append(piece);
        payload.remove_prefix(piece.size());
    } while (!payload.empty());
    return frames;
}

void FrameReader::feed(std::string_view bytes)
{
    if (m_state == State::Broken) {
        return;
    }
    m_buffer.erase(0, m_consumed);
    m_consumed = 0;
    m_buffer.append(bytes);
    if (m_state == State::AwaitingGreeting) {
        find_greeting();
    }
}

void FrameReader::find_greeting()
{
    const auto at = m_buffer.find(line_greeting);
    if (at != std::string::npos) {
        m_consumed = at + line_greeting.size();
        m_state = State::InStep;
    } else if (m_buffer.size() > line_greeting.size()) {
        // The tail may be the greeting's first half.
        m_buffer.erase(0, m_buffer.size() - line_greeting.size());
    }
}

std::optional<Frame> FrameReader::next()
{
    const auto rest = std::string_view(m_buffer).substr(m_consumed);
    if (m_state != State::InStep || rest.size() < header_size) {
        return std::nullopt;
    }
    const auto type = static_cast<uint8_t>(rest[0]);
    const auto size = static_cast<size_t>(static_cast<uint8_t>(rest[1]))
        | static_cast<size_t>(static_cast<uint8_t>(rest[2])) << 8;
    if (!is_frame_type(type) || size > max_frame_payload) {
        m_state = State::Broken;
        return std::nullopt;
    }
    if (rest.size() < header_size + size) {
        return std::nullopt;
    }
    m_consumed += header_size + size;
    return Frame { static_cast<FrameType>(type), std::string(rest.substr(header_size, size)) };
}

std::string encode_start_order(const StartOrder& order)
{
    std::string bytes;
    append_string(bytes, order.directory);
    append_string(bytes, order.guest_directory);
    append_list(bytes, order.command);
    append_list(bytes, order.environment);
    std::vector<std::string> terminal;
    if (order.terminal) {
        terminal = { std::to_string(order.terminal->rows), std::to_string(order.terminal->columns),
            order.error_on_terminal ? "error" : "" };
    }
    append_list(bytes, terminal);
    return bytes;
}

std::optional<StartOrder> decode_start_order(std::string_view bytes)
{
    auto directory = take_string(bytes);
    auto guest_directory = directory ? take_string(bytes) : std::nullopt;
    auto command = guest_directory ? take_list(bytes) : std::nullopt;
    auto environment = command ? take_list(bytes) : std::nullopt;
    const auto terminal = environment ? take_list(bytes) : std::nullopt;
    if (!terminal || command->empty() || !bytes.empty()) {
        return std::nullopt;
    }
    StartOrder order { std::move(*directory), std::move(*guest_directory), std::move(*command),
        std::move(*environment), std::nullopt, false };
    if (terminal->size() == 3) {
        const auto rows = parse_count((*terminal)[0]);
        const auto columns = parse_count((*terminal)[1]);
        if (!rows || !columns) {
            return std::nullopt;
        }
        order.terminal
            = TerminalSize { static_cast<uint16_t>(*rows), static_cast<uint16_t>(*columns) };
        order.error_on_terminal = (*terminal)[2] == "error";
    } else if (!terminal->empty()) {
        return std::nullopt;
    }
    return order;
}

std::string encode_terminal_size(TerminalSize size)
{
    return std::to_string(size.rows) + " " + std::to_string(size.columns);
}

std::optional<TerminalSize> decode_terminal_size(std::string_view bytes)
{
    const auto space = bytes.find(' ');
    if (space == std::string_view::npos) {
        return std::nullopt;
    }
    const auto rows = parse_count(bytes.substr(0, space));
    const auto columns = parse_count(bytes.substr(space + 1));
    if (!rows || !columns) {
        return std::nullopt;
    }
    return TerminalSize { static_cast<uint16_t>(*rows), static_cast<uint16_t>(*columns) };
}

} // namespace vwb
