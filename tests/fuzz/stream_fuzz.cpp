// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The framing of vhost-user messages: a stream of bytes in pieces of any size, with descriptors at
// any piece, over a real socket. Checked against a model that sees the stream as a whole: the same
// messages come out, the stream ends where it can no longer be read and is told once with its
// reason, and no descriptor is left open.
#include "engine/base/assert.h"
#include "engine/vhost_user/connection.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/input_clock.h"

#include <array>
#include <optional>

#include <sys/socket.h>
#include <unistd.h>

namespace vwb::fuzz {
namespace {

using Bytes = std::vector<std::byte>;

constexpr unsigned MAX_PIECES = 24;

int lowest_free_fd()
{
    const int fd = ::dup(STDERR_FILENO);
    ::close(fd);
    return fd;
}

// What a whole stream says.
struct Model {
    explicit Model(std::span<const std::byte> stream)
    {
        while (stream.size() >= sizeof(MessageHeader)) {
            MessageHeader header;
            std::memcpy(&header, stream.data(), sizeof header);
            if ((header.flags & MESSAGE_VERSION_MASK) != MESSAGE_VERSION) {
                end = ErrorKind::Protocol;
                return;
            }
            if (header.size > MAX_MESSAGE_PAYLOAD) {
                end = ErrorKind::Limit;
                return;
            }
            if (stream.size() < sizeof header + header.size)
                break;
            const auto payload = stream.subspan(sizeof header, header.size);
            messages.push_back({ header.request, Bytes(payload.begin(), payload.end()) });
            stream = stream.subspan(sizeof header + header.size);
        }
        end = stream.empty() ? ErrorKind::Closed : ErrorKind::Protocol;
    }

    std::vector<std::pair<uint32_t, Bytes>> messages;
    ErrorKind end; // when the peer leaves behind it
};

class Stream {
public:
    Stream(FuzzInput& input, EventLoop& loop)
        : m_input(input)
        , m_loop(loop)
    {
        int ends[2];
        VWB_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
        m_peer.reset(ends[0]);
        m_connection = Connection::create(m_loop, UniqueFd(ends[1]),
            { [this](Message message) { take(std::move(message)); },
                [this](const Error& error) {
                    VWB_ASSERT(!m_end && !error.message().empty());
                    m_end = error.kind();
                } }).value();
    }
    void run()
    {
        for (unsigned i = 0; i < MAX_PIECES && !m_input.empty() && !m_end; ++i) {
            send(next_piece());
            if (m_input.flag())
                settle();
        }
        settle();
        const Model model(m_stream);
        VWB_ASSERT(m_messages == model.messages);
        // A stream that cannot be read any further ended by itself, any other does now.
        m_peer.reset();
        settle();
        VWB_ASSERT(m_end == model.end && m_connection->closed());
    }

private:
    // A whole message, the start of one, or anything.
    Bytes next_piece()
    {
        const uint8_t kind = m_input.byte();
        Bytes piece;
        if (kind & 1) {
            const uint32_t request = m_input.byte();
            const uint32_t flags = kind & 2 ? MESSAGE_VERSION : m_input.number<uint32_t>();
            const uint32_t size = m_input.number<uint16_t>() & (kind & 4 ? 0x3f : 0xffff);
            const MessageHeader header { request, flags, size };
            const auto bytes = bytes_of(header);
            piece.assign(bytes.begin(), bytes.end());
        }
        const auto rest = std::as_bytes(m_input.bytes(m_input.byte()));
        piece.insert(piece.end(), rest.begin(), rest.end());
        return piece;
    }
    void send(const Bytes& piece)
    {
        if (piece.empty())
            return;
        const uint32_t fds = m_input.byte() & 0x80 ? m_input.below(12) : 0;
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(12 * sizeof(int))> control {};
        iovec bytes { const_cast<std::byte*>(piece.data()), piece.size() };
        msghdr message {};
        message.msg_iov = &bytes;
        message.msg_iovlen = 1;
        if (fds > 0) {
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(fds * sizeof(int));
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(fds * sizeof(int));
            for (uint32_t i = 0; i < fds; ++i)
                std::memcpy(CMSG_DATA(header) + i * sizeof(int), &m_any_fd, sizeof(int));
        }
        const ssize_t sent = ::sendmsg(m_peer.get(), &message, MSG_NOSIGNAL);
        if (sent > 0)
            m_stream.insert(m_stream.end(), piece.begin(), piece.begin() + sent);
    }
    void take(Message message)
    {
        VWB_ASSERT(!m_end && message.payload.size() == message.header.size);
        VWB_ASSERT(message.fds.size() <= MAX_MESSAGE_FDS);
        m_messages.emplace_back(message.header.request, std::move(message.payload));
    }
    void settle()
    {
        while (m_loop.run_once(Duration(0))) { }
    }

    FuzzInput& m_input;
    EventLoop& m_loop;
    UniqueFd m_peer;
    const int m_any_fd = STDERR_FILENO;
    Bytes m_stream; // all that was sent
    std::vector<std::pair<uint32_t, Bytes>> m_messages;
    std::optional<ErrorKind> m_end;
    std::unique_ptr<Connection> m_connection;
};

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace vwb::fuzz;
    static InputClock clock;
    static const auto loop = vwb::EventLoop::create(clock).value();
    FuzzInput input(data, size);
    const int before = lowest_free_fd();
    Stream(input, *loop).run();
    VWB_ASSERT(!loop->run_once({}));
    VWB_ASSERT(lowest_free_fd() == before);
    return 0;
}
