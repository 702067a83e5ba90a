// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/exit_code.h"

namespace vwb {

ExitCode exit_code_of(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::Invalid:
        return ExitCode::Usage;
    case ErrorKind::Unavailable:
    case ErrorKind::Unsupported:
        return ExitCode::Unavailable;
    case ErrorKind::Timeout:
        return ExitCode::Timeout;
    case ErrorKind::NotFound:
    case ErrorKind::Io:
    case ErrorKind::Protocol:
    case ErrorKind::Limit:
    case ErrorKind::Closed:
        return ExitCode::Failure;
    }
    return ExitCode::Failure;
}

const char* exit_code_help()
{
    return "Exit codes:\n"
           "  0    success\n"
           "  1    failure at run time\n"
           "  2    wrong usage or a wrong bench file\n"
           "  3    unavailable: no bench, or hardware, permission or kernel feature missing\n"
           "  5    with --strict: rules of virtio were broken\n"
           "  124  time ran out\n"
           "  125  the guest did not boot\n"
           "  255  the guest's kernel panicked, or ended under the command\n"
           "  guest run otherwise answers the status of the guest's command.\n";
}

} // namespace vwb
