// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// vhost_bench: how fast requests go round between two processes over a real vhost-user session,
// beside a bare eventfd ping-pong of two processes, over split and packed rings in one run. "trace
// costs" is CPU time with an attached trace reader over CPU time without. "polled" is the time of a
// round trip with adaptive polling over the time without, one right after the other, where both
// sides have a CPU each. "null" is a device that answers at once, so that chains of several
// descriptors show what the ring costs. What observers get and cost is observed_load.h, what it
// costs to ask whether there are any is queue_process.h.
#include "devices/gpio/gpio_wire.h"
#include "tests/bench/bench_process.h"
#include "tests/bench/device_process.h"
#include "tests/bench/measure.h"
#include "tests/bench/observed_load.h"
#include "tests/bench/queue_process.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>

namespace vwb::bench {
namespace {

constexpr unsigned DEPTHS[] { 1, 64 };
constexpr uint32_t RNG_BYTES = 64;
constexpr uint32_t CHAIN_LENGTHS[] { 1, 2, 16, 256 };
constexpr unsigned CHAIN_DEPTH = 16;

struct Options {
    double seconds = 20; // in all
    unsigned rounds = 5;
    std::string only; // part of a case's name
};

// How the time is shared out.
constexpr double PLACEMENTS = 0.5;
constexpr double OBSERVED = 0.4;
constexpr double CHECKS = 0.1;

Duration part_of(const Options& options, double part, double measurements)
{
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(options.seconds * part / measurements));
}

struct Case {
    std::string name; // "gpio split, depth 64"
    std::string peer; // cases with the same one share a connection
    std::string device;
    RingKind ring;
    uint32_t segments;
    unsigned depth;
    bool traced;
};

std::vector<Case> all_cases()
{
    std::vector<Case> cases;
    const auto ring_name = [](bool packed) { return packed ? " packed" : " split"; };
    for (const std::string device : { "rng", "gpio" }) {
        for (const unsigned depth : DEPTHS) {
            for (const bool packed : { false, true }) {
                const std::string peer = device + ring_name(packed);
                cases.push_back({ peer + ", depth " + std::to_string(depth), peer, device,
                    { packed, false }, 1, depth, true });
            }
        }
    }
    for (const uint32_t length : CHAIN_LENGTHS) {
        for (const bool indirect : { false, true }) {
            if (length == 1 && indirect)
                continue; // drivers make no table for one
            for (const bool packed : { false, true }) {
                const std::string name = std::string("null") + ring_name(packed) + ", "
                    + std::to_string(length) + (indirect ? " indirect" : " direct");
                cases.push_back(
                    { name, name, "null", { packed, indirect }, length, CHAIN_DEPTH, false });
            }
        }
    }
    return cases;
}

// Of one case, one entry a round.
struct Rounds {
    std::vector<Figures> plain;
    std::vector<Figures> traced;
    std::vector<Figures> polled; // depth 1, across two CPUs
};

std::vector<std::byte> bytes_of_struct(const auto& value)
{
    const auto bytes = std::as_bytes(std::span(&value, 1));
    return { bytes.begin(), bytes.end() };
}

Workload gpio_workload()
{
    // virtio 1.4, 5.18.6.4: an input with nothing connected senses low.
    return { "gpio", bytes_of_struct(virtio_gpio_request { VIRTIO_GPIO_MSG_GET_VALUE, 3, 0 }),
        sizeof(virtio_gpio_response),
        bytes_of_struct(virtio_gpio_response { VIRTIO_GPIO_STATUS_OK, 0 }) };
}

Workload workload_of(const Case& entry)
{
    if (entry.device == "null")
        return { "null", {}, 8 * entry.segments, {}, entry.segments };
    if (entry.device == "rng")
        return { "rng", {}, RNG_BYTES, {} };
    return gpio_workload();
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double median(const std::vector<Figures>& rounds, double Figures::*field)
{
    std::vector<double> values;
    for (const Figures& figures : rounds)
        values.push_back(figures.*field);
    return median(std::move(values));
}

// What is compared is measured in each round, one right after the other: the median of the ratios
// is not blurred by what else the machine does.
double median_ratio(
    const std::vector<Figures>& over, const std::vector<Figures>& under, double Figures::*field)
{
    std::vector<double> ratios;
    for (size_t i = 0; i < over.size(); ++i)
        ratios.push_back(over[i].*field / under[i].*field);
    return median(std::move(ratios));
}

double median_ratio(const std::vector<double>& over, const std::vector<double>& under)
{
    std::vector<double> ratios;
    for (size_t i = 0; i < over.size(); ++i)
        ratios.push_back(over[i] / under[i]);
    return median(std::move(ratios));
}

double most_allocations(const Rounds& rounds)
{
    double most = 0;
    for (const auto* all : { &rounds.plain, &rounds.traced, &rounds.polled }) {
        for (const Figures& figures : *all)
            most = std::max(most, figures.allocations_each);
    }
    return most;
}

// All measurements with this process on one CPU and the other side on one, the same or another.
class Placement {
public:
    Placement(const Options& options, unsigned our_cpu, unsigned their_cpu, unsigned placements)
        : m_options(options)
        , m_our_cpu(our_cpu)
        , m_their_cpu(their_cpu)
        , m_placements(placements)
        , m_cases(all_cases())
    {
        std::erase_if(m_cases, [&options](const Case& entry) {
            return entry.name.find(options.only) == std::string::npos;
        });
    }

    bool empty() const { return m_cases.empty(); }
    void run(const std::string& directory);
    void print() const;
    // Those that took memory for requests, and should not.
    std::vector<std::string> allocating() const;

private:
    struct Peer {
        BenchProcess process;
        RingClient client;
    };

    Peer& ensure_peer(const Case& entry, const std::string& directory);
    // What polling changes is who wakes up whom, and when.
    bool polls(const Case& entry) const
    {
        return entry.traced && entry.depth == 1 && m_our_cpu != m_their_cpu;
    }
    void run_case(const Case& entry, Peer& peer, Duration each, unsigned round);

    const Options& m_options;
    unsigned m_our_cpu;
    unsigned m_their_cpu;
    unsigned m_placements;
    std::vector<Case> m_cases;
    std::map<std::string, std::unique_ptr<Peer>> m_peers;
    std::vector<Figures> m_ping_pong;
    std::map<std::string, Rounds> m_rounds;
};

Placement::Peer& Placement::ensure_peer(const Case& entry, const std::string& directory)
{
    auto& peer = m_peers[entry.peer];
    if (!peer) {
        const std::string path = directory + "/" + std::to_string(m_peers.size()) + ".sock";
        auto process = require(BenchProcess::start("device", { entry.device, path }, m_their_cpu));
        const unsigned depth = entry.traced ? *std::ranges::max_element(DEPTHS) : entry.depth;
        peer.reset(new Peer {
            std::move(process), RingClient(path, workload_of(entry), entry.ring, depth) });
    }
    return *peer;
}

void Placement::run(const std::string& directory)
{
    pin_to_cpus({ m_our_cpu });
    PingPong ping_pong;
    const auto echo = require(BenchProcess::start("ping-pong", ping_pong.arguments(), m_their_cpu));
    size_t runs = 1;
    for (const Case& entry : m_cases)
        runs += (entry.traced ? 2u : 1u) + (polls(entry) ? 1u : 0u);
    const Duration each = part_of(
        m_options, PLACEMENTS, m_options.rounds * m_placements * static_cast<double>(runs));
    for (unsigned round = 0; round < m_options.rounds; ++round) {
        m_ping_pong.push_back(ping_pong.run(each, echo));
        for (const Case& entry : m_cases)
            run_case(entry, ensure_peer(entry, directory), each, round);
    }
    m_peers.clear();
}

void Placement::run_case(const Case& entry, Peer& peer, Duration each, unsigned round)
{
    Rounds& rounds = m_rounds[entry.name];
    if (!entry.traced) {
        rounds.plain.push_back(peer.client.run(entry.depth, each, peer.process));
        return;
    }
    for (unsigned i = 0; i < 2; ++i) {
        const bool traced = (round + i) % 2 == 1; // whoever goes first has no lasting advantage
        require(peer.process.command(traced ? 'T' : 't'));
        (traced ? rounds.traced : rounds.plain)
            .push_back(peer.client.run(entry.depth, each, peer.process));
    }
    if (!polls(entry))
        return;
    require(peer.process.command('t'));
    require(peer.process.command(BenchProcess::POLL));
    rounds.polled.push_back(peer.client.run(entry.depth, each, peer.process));
    require(peer.process.command(BenchProcess::NO_POLL));
}

void Placement::print() const
{
    if (m_our_cpu == m_their_cpu)
        std::printf("\nboth sides on CPU %u\n", m_our_cpu);
    else
        std::printf("\ndriver on CPU %u, device on CPU %u\n", m_our_cpu, m_their_cpu);
    std::printf("%-26s %11s %9s %9s %9s %9s %12s %12s %12s %9s\n", "", "a second", "us each",
        "cpu us", "p50 us", "p99 us", "x ping-pong", "allocations", "trace costs", "polled");
    const auto row = [](const std::string& name, const std::vector<Figures>& rounds) {
        const double each = median(rounds, &Figures::us_each);
        std::printf("%-26s %11.0f %9.3f %9.3f %9.2f %9.2f", name.c_str(), 1e6 / each, each,
            median(rounds, &Figures::cpu_us_each), median(rounds, &Figures::p50_us),
            median(rounds, &Figures::p99_us));
    };
    row("eventfd ping-pong", m_ping_pong);
    std::printf(" %12.2f\n", 1.0);
    for (const Case& entry : m_cases) {
        const Rounds& rounds = m_rounds.at(entry.name);
        row(entry.name, rounds.plain);
        std::printf(" %12.2f %12.6f", median_ratio(rounds.plain, m_ping_pong, &Figures::us_each),
            most_allocations(rounds));
        if (entry.traced)
            std::printf(" %11.1f%%",
                (median_ratio(rounds.traced, rounds.plain, &Figures::cpu_us_each) - 1) * 100);
        if (!rounds.polled.empty())
            std::printf(
                "    x %5.2f", median_ratio(rounds.polled, rounds.plain, &Figures::us_each));
        std::printf("\n");
    }
}

std::vector<std::string> Placement::allocating() const
{
    std::vector<std::string> names;
    for (const auto& [name, rounds] : m_rounds) {
        if (most_allocations(rounds) > 0)
            names.push_back(name);
    }
    return names;
}

void measure_observed(
    const Options& options, const std::string& directory, const std::vector<unsigned>& cpus)
{
    ObservedLoad load(directory, options.only, gpio_workload(), cpus);
    if (load.rows() == 0)
        return;
    const Duration each
        = part_of(options, OBSERVED, 2.0 * options.rounds * static_cast<double>(load.rows()));
    for (unsigned round = 0; round < options.rounds; ++round)
        load.run(each, round);
    std::printf("\na bench with its control socket, threads where the kernel puts them\n");
    std::printf(
        "%-34s %12s %12s %12s %13s\n", "", "requests/s", "events/s", "lost", "x unobserved");
    for (const ObservedRow& row : load.figures())
        std::printf("%-34s %12.0f %12.0f %12llu %13.3f\n", row.name.c_str(), median(row.requests),
            median(row.events), static_cast<unsigned long long>(row.lost),
            median_ratio(row.requests, row.unobserved));
}

void measure_checks(const Options& options, unsigned cpu)
{
    CheckCost cost(options.only, cpu);
    if (cost.rows() == 0)
        return;
    for (unsigned round = 0; round < options.rounds; ++round)
        cost.run(part_of(options, CHECKS, options.rounds * static_cast<double>(cost.rows())));
    std::printf("\nthe queue alone, one thread on CPU %u\n", cpu);
    std::printf("%-34s %12s %12s %12s\n", "", "ns each", "unchecked", "x unchecked");
    for (const CheckRow& row : cost.figures())
        std::printf("%-34s %12.2f %12.2f %12.3f\n", row.name.c_str(), median(row.checked_ns),
            median(row.bare_ns), median_ratio(row.checked_ns, row.bare_ns));
}

const char* usage()
{
    return "usage: vhost_bench [--seconds S] [--rounds N] [--only NAME]\n"
           "  --seconds S  all of it takes about so long (default 20)\n"
           "  --rounds N   each figure is the median of so many (default 5)\n"
           "  --only NAME  only cases with this in their name, e.g. \"gpio split, depth 64\"\n";
}

Options parse(int argc, char** argv)
{
    Options options;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
        if (name == "--seconds" && value)
            options.seconds = std::strtod(value, nullptr);
        else if (name == "--rounds" && value)
            options.rounds = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
        else if (name == "--only" && value)
            options.only = value;
        else
            options.rounds = 0;
    }
    if (options.rounds == 0 || !(options.seconds > 0)) {
        std::fputs(usage(), stderr);
        std::exit(2);
    }
    return options;
}

int run(const Options& options)
{
    const std::string& directory = make_scratch_directory();
    const auto cpus = usable_cpus();
    std::vector<Placement> placements;
    // The last CPU has least to do with interrupts.
    placements.emplace_back(options, cpus.back(), cpus.back(), cpus.size() > 1 ? 2 : 1);
    if (cpus.size() > 1)
        placements.emplace_back(options, cpus.back(), cpus[cpus.size() - 2], 2);
    std::printf("vhost_bench %s: medians of %u rounds; rng: %u bytes, gpio: GET_VALUE\n",
        VWB_VERSION, options.rounds, RNG_BYTES);
    int status = 0;
    for (Placement& placement : placements) {
        if (placement.empty())
            continue;
        placement.run(directory);
        placement.print();
        for (const std::string& name : placement.allocating()) {
            std::printf("%s: requests take memory\n", name.c_str());
            status = 1;
        }
        std::fflush(stdout);
    }
    measure_observed(options, directory, cpus);
    measure_checks(options, cpus.back());
    remove_scratch_directory();
    return status;
}

} // namespace
} // namespace vwb::bench

int main(int argc, char** argv)
{
    using namespace vwb::bench;
    const std::string_view role = argc > 2 ? argv[1] : "";
    if (role == "device" && argc == 5)
        return run_device_process(std::atoi(argv[2]), argv[3], argv[4]);
    if (role == "ping-pong" && argc == 5)
        return run_ping_pong_process(std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]));
    if (role == "observed" && argc == 4)
        return run_observed_process(std::atoi(argv[2]), argv[3]);
    if (role == "queue" && argc == 4)
        return run_queue_process(std::atoi(argv[2]), argv[3]);
    return run(parse(argc, argv));
}
