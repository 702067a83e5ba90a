// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// vhost_bench_bare: the role "queue" of vhost_bench with a HostQueue that is compiled without its
// checks for observers and a gate (see CMakeLists.txt). Started by vhost_bench only.
#include "tests/bench/queue_process.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

int main(int argc, char** argv)
{
    if (argc == 4 && std::string_view(argv[1]) == "queue")
        return vwb::bench::run_queue_process(std::atoi(argv[2]), argv[3]);
    std::fputs("this is a part of vhost_bench\n", stderr);
    return 2;
}
