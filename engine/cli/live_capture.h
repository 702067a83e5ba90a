// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// LiveCapture: what happens on a bench now, as a capture that is read while the bench writes it,
// through a FIFO of this user. It ends on Ctrl-C, with what happened until then.
#pragma once

#include "engine/capture/capture_reader.h"
#include "engine/control/client.h"

#include <functional>
#include <memory>
#include <string>

namespace vwb {

class LiveCapture {
public:
    // parameters: of capture.start, without the path. wants_end: asked often; true: end now.
    // control: path of the control socket. Errors: as ControlClient::connect() and capture.start.
    static Result<std::unique_ptr<LiveCapture>> start(
        const std::string& control, Value parameters, std::function<bool()> wants_end);
    ~LiveCapture();
    LiveCapture(const LiveCapture&) = delete;
    LiveCapture& operator=(const LiveCapture&) = delete;

    CaptureReader& reader() { return *m_reader; }

private:
    explicit LiveCapture(std::function<bool()> wants_end)
        : m_wants_end(std::move(wants_end))
    {
    }
    Result<void> make_fifo();
    Result<size_t> read(std::span<std::byte> out);

    std::function<bool()> m_wants_end;
    std::string m_path;
    UniqueFd m_fifo;
    unsigned m_polls_after_end = 0;
    std::unique_ptr<ControlClient> m_client; // the bench stops when it goes
    std::unique_ptr<CaptureReader> m_reader;
};

} // namespace vwb
