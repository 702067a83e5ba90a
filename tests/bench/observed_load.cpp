// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/bench/observed_load.h"

#include "devices/gpio/gpio_type.h"
#include "engine/cli/bench_session.h"
#include "engine/control/client.h"
#include "sim/gpio/sim_gpio.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace vwb::bench {
namespace {

constexpr unsigned DEPTH = 64;
constexpr double A_MILLION = 1e6;

double seconds(Duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

Value member(const Value& object, const char* name)
{
    const Value* value = object.find(name);
    if (!value)
        die(Error(ErrorKind::Protocol, std::string("the bench tells no ") + name));
    return *value;
}

uint64_t number(const Value& object, const char* name)
{
    return static_cast<uint64_t>(member(object, name).integer_or(0));
}

// What an observer got.
struct Harvest {
    double events = 0; // a second
    uint64_t lost = 0;
};

// A client that has asked for every request, and then reads or does not.
class Subscriber {
public:
    Subscriber(const std::string& path, bool reads)
        : m_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address {};
        address.sun_family = AF_UNIX;
        VWB_ASSERT(path.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, path.c_str(), path.size());
        const auto* end = reinterpret_cast<const sockaddr*>(&address);
        if (::connect(m_fd.get(), end, sizeof address) != 0)
            die(Error::from_errno("connect to the control socket", errno));
        const std::string ask = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\"}\n";
        VWB_ASSERT(::send(m_fd.get(), ask.data(), ask.size(), 0) == std::ssize(ask));
        if (reads)
            m_thread = std::thread([this] { read_all(); });
    }
    ~Subscriber()
    {
        ::shutdown(m_fd.get(), SHUT_RDWR);
        if (m_thread.joinable())
            m_thread.join();
    }

private:
    void read_all()
    {
        std::vector<char> bytes(size_t { 1 } << 16);
        while (::recv(m_fd.get(), bytes.data(), bytes.size(), 0) > 0) { }
    }

    UniqueFd m_fd;
    std::thread m_thread;
};

} // namespace

struct ObservedLoad::Way {
    enum class Kind { Memory, File, Subscribed };
    const char* name;
    Kind kind;
    double rate; // of requests; 0: as many as go
    bool reads;
};

const std::vector<ObservedLoad::Way>& ObservedLoad::ways()
{
    using enum Way::Kind;
    static const std::vector<Way> all {
        { "recorded in memory", Memory, 0, false },
        { "recorded to a file", File, 0, false },
        { "1M a second, in memory", Memory, A_MILLION, false },
        { "1M a second, to a file", File, A_MILLION, false },
        { "subscriber never reads", Subscribed, 0, false },
        { "subscriber reads", Subscribed, 0, true },
    };
    return all;
}

// The observer's side: through the control socket, as any observer.
class ObservedLoad::Observer {
public:
    explicit Observer(const std::string& directory)
        : m_directory(directory)
        , m_control(require(
              ControlClient::connect(directory + "/control.sock", std::chrono::seconds(30))))
    {
    }

    void begin(const Way& way)
    {
        m_began = m_clock.now();
        if (way.kind == Way::Kind::Subscribed) {
            m_subscriber = std::make_unique<Subscriber>(m_directory + "/control.sock", way.reads);
            m_before = harvest_of(await_subscriptions(1));
            return;
        }
        Value wish = Value::object();
        if (way.kind == Way::Kind::Memory)
            wish.set("memory", int64_t { 64 } << 20);
        else
            wish.set("path", path());
        m_capture = number(ask("capture.start", std::move(wish)), "capture");
    }

    Harvest end(const Way& way)
    {
        if (way.kind != Way::Kind::Subscribed)
            return end_capture();
        Harvest harvest = harvest_of(await_subscriptions(1));
        harvest.events = (harvest.events - m_before.events) / seconds(m_clock.now() - m_began);
        harvest.lost -= m_before.lost;
        m_subscriber.reset();
        await_subscriptions(0);
        return harvest;
    }

    // Whether the bench has queued for a client all that it ever will.
    bool is_full()
    {
        m_before = harvest_of(await_subscriptions(1));
        m_began = m_clock.now();
        return number(await_subscriptions(1), "dropped") > 0;
    }

private:
    std::string path() const { return m_directory + "/run.vwbcap"; }

    Value ask(const char* method, Value parameters = Value::object())
    {
        return require(m_control->call(method, std::move(parameters)));
    }

    Harvest end_capture()
    {
        Value which = Value::object();
        which.set("capture", m_capture);
        const Value status = ask("capture.stop", std::move(which));
        std::filesystem::remove(path());
        const auto events = static_cast<double>(number(status, "events"));
        return { events / seconds(m_clock.now() - m_began), number(status, "lost") };
    }

    // Events so far, and not a second.
    static Harvest harvest_of(const Value& subscription)
    {
        return { static_cast<double>(number(subscription, "sent")),
            number(subscription, "dropped") + number(subscription, "lost") };
    }

    // Until there are so many; the first of them.
    Value await_subscriptions(size_t count)
    {
        for (;;) {
            const Value list = member(ask("trace.stats"), "subscriptions");
            const auto* entries = list.as_list();
            if (entries && entries->size() == count)
                return count > 0 ? entries->front() : Value();
        }
    }

    const MonotonicClock m_clock;
    const std::string m_directory;
    std::unique_ptr<ControlClient> m_control;
    std::unique_ptr<Subscriber> m_subscriber;
    uint64_t m_capture = 0;
    TimePoint m_began;
    Harvest m_before;
};

ObservedLoad::ObservedLoad(std::string directory, const std::string& only, const Workload& workload,
    std::vector<unsigned> cpus)
    : m_directory(std::move(directory))
    , m_workload(workload)
    , m_cpus(std::move(cpus))
{
    for (const Way& way : ways()) {
        const std::string name = std::string("observed: ") + way.name;
        if (name.find(only) != std::string::npos)
            m_rows.push_back({ name, {}, {}, {}, 0 });
    }
}

ObservedLoad::~ObservedLoad() = default;

void ObservedLoad::start()
{
    pin_to_cpus(m_cpus);
    m_process = std::make_unique<BenchProcess>(
        require(BenchProcess::start("observed", { m_directory }, m_cpus)));
    m_client
        = std::make_unique<RingClient>(m_directory + "/gpio0.sock", m_workload, RingKind {}, DEPTH);
    m_observer = std::make_unique<Observer>(m_directory);
}

void ObservedLoad::run(Duration each, unsigned round)
{
    if (!m_process)
        start();
    const auto requests_a_second = [this, each](double rate) {
        const MonotonicClock clock;
        const TimePoint start = clock.now();
        const auto count = static_cast<double>(m_client->load(DEPTH, each, rate));
        return count / seconds(clock.now() - start);
    };
    for (ObservedRow& row : m_rows) {
        const auto way = std::ranges::find_if(ways(), [&row](const Way& known) {
            return row.name.ends_with(": " + std::string(known.name));
        });
        for (unsigned i = 0; i < 2; ++i) {
            if ((round + i) % 2 == 0) { // whoever goes first has no lasting advantage
                row.unobserved.push_back(requests_a_second(way->rate));
                continue;
            }
            m_observer->begin(*way);
            // Only then it is one who does not read: before, the queues take what it does not.
            while (way->kind == Way::Kind::Subscribed && !way->reads && !m_observer->is_full())
                m_client->load(DEPTH, std::chrono::milliseconds(10), 0);
            row.requests.push_back(requests_a_second(way->rate));
            const Harvest harvest = m_observer->end(*way);
            row.events.push_back(harvest.events);
            row.lost += harvest.lost;
        }
    }
}

int run_observed_process(int control, const char* directory)
{
    ::setenv("XDG_RUNTIME_DIR", directory, 1); // nothing is left elsewhere
    const std::string place = directory;
    MonotonicClock clock;
    const auto loop = require(EventLoop::create(clock));
    Registry registry;
    registry.add(gpio_device_type({ sim_gpio_kind() }));
    auto spec = require(read_bench_text("[bench]\nname = 'bench'\ndirectory = '" + place
            + "'\n[[device]]\ntype = 'gpio'\n[device.sim]\nlines = 32\n",
        "bench.toml", registry));
    const auto session
        = require(BenchSession::start(*loop, std::move(spec), "", place + "/control.sock", [] {}));
    const auto on_command = [control, &loop](uint32_t) {
        char byte;
        if (::read(control, &byte, 1) == 1)
            acknowledge(control);
        else
            loop->stop();
    };
    const Watch watch = require(loop->watch(control, EPOLLIN, on_command));
    acknowledge(control);
    loop->run();
    return 0;
}

} // namespace vwb::bench
