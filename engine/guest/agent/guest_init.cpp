// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//
// vwb-guest-init: the first process of the guest. Mounts, greets the host, runs the one command it
// is told to, reports its exit status and switches the machine off. A static program, because it
// must start on any host root before anything is mounted, and so that no shell is needed.
#include "engine/guest/agent/guest_command.h"
#include "engine/guest/agent/guest_mounts.h"
#include "engine/guest/line_frame.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

namespace {

// uml_guest.cpp puts the line there: con1 of User-Mode Linux.
constexpr const char* line_path = "/dev/tty1";

int open_line()
{
    const int line = open(line_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios settings {};
    if (line < 0 || tcgetattr(line, &settings) != 0) {
        std::fprintf(stderr, "guest init: cannot open %s: %s\n", line_path, std::strerror(errno));
        return -1;
    }
    cfmakeraw(&settings);
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    tcsetattr(line, TCSANOW, &settings);
    return line;
}

std::optional<vwb::StartOrder> receive_order(int line, vwb::FrameReader& reader)
{
    std::string encoded;
    std::array<char, 4096> bytes {};
    for (;;) {
        while (auto frame = reader.next()) {
            if (frame->type == vwb::FrameType::Run) {
                return vwb::decode_start_order(encoded);
            }
            if (frame->type == vwb::FrameType::Start) {
                encoded += frame->payload;
            }
        }
        const auto count = read(line, bytes.data(), bytes.size());
        if (count > 0) {
            reader.feed({ bytes.data(), static_cast<std::size_t>(count) });
        } else if (count == 0 || errno != EINTR) {
            return std::nullopt;
        }
    }
}

void switch_off()
{
    sync();
    reboot(RB_POWER_OFF);
}

} // namespace

int main()
{
    vwb::mount_kernel_file_systems();
    const int line = open_line();
    if (line < 0) {
        return 1; // the kernel panics over a dead init, and the host shows this console
    }
    signal(SIGPIPE, SIG_IGN);
    sethostname("guest", 5);
    vwb::write_all(line, vwb::line_greeting);
    vwb::FrameReader reader;
    const auto order = receive_order(line, reader);
    if (!order) {
        std::fprintf(stderr, "guest init: no order from the host\n");
        return 1;
    }
    vwb::mount_work_file_systems(order->directory, order->guest_directory);
    const int status = vwb::GuestCommand(line, reader).run(*order);
    sync(); // what the command wrote to the guest directory is on the host before the host hears
    const char byte = static_cast<char>(status);
    vwb::write_all(line, vwb::encode_frames(vwb::FrameType::Exit, { &byte, 1 }));
    tcdrain(line);
    switch_off();
    return 1;
}
