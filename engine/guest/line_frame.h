// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//
// The frames on the serial line between run_guest() on the host and the init process in the guest:
// the command's three streams, its arguments and its exit status share one raw line without mixing.
// Both ends compile this file. It knows bytes only: no descriptor is read or written here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

enum class FrameType : uint8_t {
    Start = 'S', // host to guest: a piece of the encoded StartOrder
    Run = 'R', // host to guest: the order is complete, run it
    Input = 'I', // host to guest: standard input; an empty frame is its end
    Resize = 'W', // host to guest: an encoded TerminalSize, when the order asked for a terminal
    Output = 'O', // guest to host: standard output
    Error = 'E', // guest to host: standard error
    Exit = 'X', // guest to host: the command's exit status, one byte, after all of its output
};

struct Frame {
    FrameType type {};
    std::string payload;

    bool operator==(const Frame&) const = default;
};

// Each end says this once before its first frame; what precedes it on the line is noise.
inline constexpr std::string_view line_greeting = "\x1bVWB-GUEST-1\n";
inline constexpr size_t max_frame_payload = 4000;

// As many frames as the payload needs; an empty payload is one empty frame.
std::string encode_frames(FrameType type, std::string_view payload);

// Cuts a byte stream back into frames.
class FrameReader {
public:
    enum class State { AwaitingGreeting, InStep, Broken };

    void feed(std::string_view bytes);
    // The next whole frame, if there is one.
    std::optional<Frame> next();
    // Broken is final: the other end restarted, or something else wrote to the line.
    State state() const { return m_state; }

private:
    void find_greeting();

    std::string m_buffer;
    size_t m_consumed = 0;
    State m_state = State::AwaitingGreeting;
};

struct TerminalSize {
    uint16_t rows = 0;
    uint16_t columns = 0;

    bool operator==(const TerminalSize&) const = default;
};

std::string encode_terminal_size(TerminalSize size);
std::optional<TerminalSize> decode_terminal_size(std::string_view bytes);

// What init is told to run.
struct StartOrder {
    std::string directory; // the caller's working directory
    std::string guest_directory; // host directory that is writable in the guest, at the same path
    std::vector<std::string> command;
    std::vector<std::string> environment;
    // Set: input and output are a terminal of this size instead of pipes.
    std::optional<TerminalSize> terminal;
    bool error_on_terminal = false;

    bool operator==(const StartOrder&) const = default;
};

std::string encode_start_order(const StartOrder& order);
std::optional<StartOrder> decode_start_order(std::string_view bytes);

} // namespace vwb
