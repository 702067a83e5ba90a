// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace vwb {
namespace {

volatile std::sig_atomic_t s_requested = 0;

void on_signal(int)
{
    s_requested = 1;
}

// Calls that wait come back when the signal is there.
void handle(void (*handler)(int), int flags)
{
    struct sigaction action { };
    action.sa_handler = handler;
    action.sa_flags = flags;
    for (const int signal : { SIGINT, SIGTERM })
        ::sigaction(signal, &action, nullptr);
}

} // namespace

Interrupt::Interrupt()
{
    s_requested = 0;
    handle(on_signal, SA_RESETHAND);
}

Interrupt::~Interrupt()
{
    handle(SIG_DFL, 0);
}

bool Interrupt::requested()
{
    return s_requested != 0;
}

} // namespace vwb
