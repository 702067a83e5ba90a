// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A client of the control protocol that says anything, to the real methods over two real devices:
// each line of the input is one of the client's, but for those of the world around it: "!" and
// bytes is a request of the guest, "@" and a character lets time go by. Checked: what comes back is
// JSON, line by line; no call is dropped without an answer; a session ends with its client; and
// server and devices come to rest after each step.
//
// What the harness must not do: write files (so that no path has a slash) and wait for another
// thread (a guest is connected, so that nobody can be a second one).
#include "engine/base/log.h"
#include "engine/control/json.h"
#include "tests/fuzz/control_bed.h"

#include <algorithm>

#include <sys/socket.h>

namespace vwb::fuzz {
namespace {

constexpr unsigned MAX_LINES = 24;

// A bench takes longer to make than most inputs, so that one that was only told nonsense is kept.
struct World {
    World()
        : loop(EventLoop::create(clock).value())
    {
        set_log_level(LogLevel::Off);
    }
    void renew()
    {
        server.reset();
        settle(); // what it has left for the devices to do
        bench.reset();
        settle();
        clock.reset();
        bench = std::make_unique<FuzzBench>(*loop);
        server = ControlServer::start(*loop, *bench, "").value();
        settle();
    }
    void settle()
    {
        for (unsigned rounds = 0; loop->run_once(Duration(0)); ++rounds)
            VWB_ASSERT(rounds < 100000); // it comes to rest
    }

    InputClock clock;
    std::unique_ptr<EventLoop> loop;
    std::unique_ptr<FuzzBench> bench;
    std::unique_ptr<ControlServer> server;
    bool used = true; // a method may have been called, or time or the guest have done something
};

bool has_slash_in_disguise(std::string_view line)
{
    static constexpr std::string_view disguise = "u002f";
    return std::search(line.begin(), line.end(), disguise.begin(), disguise.end(),
               [](char a, char b) { return a == b || (a == 'F' && b == 'f'); })
        != line.end();
}

class Client {
public:
    explicit Client(World& world)
        : m_world(world)
    {
        if (std::exchange(m_world.used, false))
            m_world.renew();
        int ends[2];
        VWB_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
        m_socket.reset(ends[0]);
        m_world.server->adopt(UniqueFd(ends[1]));
    }
    void run(std::string_view text)
    {
        for (unsigned i = 0; i < MAX_LINES && !text.empty(); ++i) {
            const size_t end = std::min(text.find('\n'), text.size() - 1);
            line(text.substr(0, end + 1));
            text.remove_prefix(end + 1);
        }
        flush();
        m_socket.reset();
        m_world.settle();
        VWB_ASSERT(m_world.server->clients() == 0);
    }

private:
    void line(std::string_view text)
    {
        if (text[0] == '!') {
            flush();
            const auto bytes = text.substr(1, 16);
            m_world.used = true;
            m_world.bench->gpio().guest_request(
                { reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size() });
            m_world.settle();
        } else if (text[0] == '@') {
            flush();
            const auto step = static_cast<uint8_t>(text.size() > 1 ? text[1] : 0) % 31u;
            m_world.used = true;
            m_world.clock.advance(Duration(int64_t { 1 } << step));
            m_world.settle();
        } else if (!has_slash_in_disguise(text)) {
            m_lines += text;
        }
    }
    // What the client has to say so far, and what it is answered.
    void flush()
    {
        if (m_lines.empty())
            return;
        std::ranges::replace(m_lines, '/', '|');
        m_world.used |= !is_nonsense(m_lines);
        [[maybe_unused]] const ssize_t sent
            = ::send(m_socket.get(), m_lines.data(), m_lines.size(), MSG_NOSIGNAL);
        m_lines.clear();
        m_world.settle();
        listen();
    }
    void listen()
    {
        static std::array<char, 65536> bytes;
        for (;;) {
            const ssize_t count = ::recv(m_socket.get(), bytes.data(), bytes.size(), 0);
            if (count <= 0)
                break;
            m_heard.append(bytes.data(), static_cast<size_t>(count));
            m_world.settle();
        }
        for (size_t end = m_heard.find('\n'); end != m_heard.npos; end = m_heard.find('\n')) {
            check(std::string_view(m_heard).substr(0, end));
            m_heard.erase(0, end + 1);
        }
    }
    // No line is a request: neither an object nor a list.
    static bool is_nonsense(std::string_view lines)
    {
        while (!lines.empty()) {
            const size_t end = std::min(lines.find('\n'), lines.size());
            if (auto value = parse_json(lines.substr(0, end)); value
                && (value->is_list()
                    || !std::holds_alternative<RpcRequestFault>(
                        read_rpc_request(std::move(*value)))))
                return false;
            lines.remove_prefix(std::min(end + 1, lines.size()));
        }
        return true;
    }
    static void check(std::string_view reply)
    {
        // Reading them all would take longer than making them.
        VWB_ASSERT(reply.size() % 8 != 0 || parse_json(reply));
        VWB_ASSERT(reply.find(R"("code":-32603)") == reply.npos); // a dropped call, a bug
    }

    World& m_world;
    UniqueFd m_socket;
    std::string m_lines; // not sent yet
    std::string m_heard;
};

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static vwb::fuzz::World world;
    vwb::fuzz::Client(world).run({ reinterpret_cast<const char*>(data), size });
    return 0;
}
