// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/capture_reader.h"

#include "engine/base/endian.h"
#include "engine/capture/crc32.h"
#include "engine/control/json.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace vwb {
namespace {

constexpr JsonLimits BODY_LIMITS { 32, size_t { 1 } << 20 };

uint32_t word_at(std::span<const std::byte> bytes, size_t offset)
{
    le32 word;
    std::memcpy(&word, bytes.data() + offset, sizeof word);
    return word;
}

CaptureReader::Source source_of(UniqueFd fd)
{
    return [file = std::make_shared<UniqueFd>(std::move(fd))](
               std::span<std::byte> out) -> Result<size_t> {
        for (;;) {
            const ssize_t count = ::read(file->get(), out.data(), out.size());
            if (count >= 0)
                return static_cast<size_t>(count);
            if (errno != EINTR)
                return Error::from_errno("read", errno);
        }
    };
}

} // namespace

Result<std::unique_ptr<CaptureReader>> CaptureReader::open(const std::string& path)
{
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return Error::from_errno(path, errno);
    return create(path, source_of(std::move(fd)));
}

Result<std::unique_ptr<CaptureReader>> CaptureReader::create(const std::string& name, Source source)
{
    std::unique_ptr<CaptureReader> reader(new CaptureReader(name, std::move(source)));
    VWB_TRY(reader->read_header());
    return reader;
}

Error CaptureReader::damaged(const std::string& what) const
{
    return { ErrorKind::Invalid,
        m_name + ": damaged at offset " + std::to_string(m_block_offset) + ": " + what };
}

Result<bool> CaptureReader::fill(std::span<std::byte> out)
{
    size_t done = 0;
    while (done < out.size()) {
        auto count = m_source(out.subspan(done));
        if (!count)
            return std::move(count).error().within(m_name);
        if (*count == 0)
            break;
        done += *count;
        m_offset += *count;
    }
    if (done == 0)
        return out.empty();
    if (done < out.size())
        return Error(ErrorKind::Invalid,
            m_name + ": cut off at offset " + std::to_string(m_offset) + ", within the block at "
                + std::to_string(m_block_offset));
    return true;
}

Result<void> CaptureReader::read_header()
{
    std::array<std::byte, CAPTURE_MAGIC.size()> magic;
    const auto whole = fill(magic);
    if (!whole || !*whole || std::memcmp(magic.data(), CAPTURE_MAGIC.data(), magic.size()) != 0)
        return Error(ErrorKind::Invalid,
            m_name + ": is no capture of vhost-workbench (they begin with 89 56 57 42)");
    BlockType type {};
    if (!VWB_TRY(read_block(type)))
        return damaged("the capture ends before its header");
    if (type != BlockType::Header)
        return damaged("the first block is no header");
    const Value value = VWB_TRY(value_of_body());
    auto header = capture_header_of(value);
    if (!header)
        return std::move(header).error().within(m_name);
    m_header = std::move(*header);
    return {};
}

// Reads head, body and checksum; the body stays in m_body. False at the end.
Result<bool> CaptureReader::read_block(BlockType& type)
{
    m_block_offset = m_offset;
    std::array<std::byte, BLOCK_HEAD_SIZE> head;
    if (!VWB_TRY(fill(head)))
        return false;
    const uint32_t size = word_at(head, 0);
    if (size > MAX_BLOCK_BODY)
        return damaged("a block of " + std::to_string(size) + " bytes");
    // Grows with what is really there, not with what is claimed.
    m_body.clear();
    while (m_body.size() < size) {
        const size_t before = m_body.size();
        const size_t step = std::min<size_t>(size - before, size_t { 1 } << 16);
        m_body.resize(before + step);
        if (!VWB_TRY(fill(std::span(m_body).subspan(before))))
            return damaged("the capture ends within this block");
    }
    std::array<std::byte, BLOCK_TAIL_SIZE> tail;
    if (!VWB_TRY(fill(tail)))
        return damaged("the capture ends within this block");
    if (crc32(m_body, crc32(head)) != word_at(tail, 0))
        return damaged("the checksum is wrong");
    type = static_cast<BlockType>(word_at(head, 4));
    return true;
}

Result<std::vector<TraceEvent>> CaptureReader::events_of_body() const
{
    if (m_body.size() % EVENT_SIZE != 0)
        return damaged("half an event");
    std::vector<TraceEvent> events;
    events.reserve(m_body.size() / EVENT_SIZE);
    for (size_t at = 0; at < m_body.size(); at += EVENT_SIZE) {
        const TraceEvent event
            = get_event(std::span<const std::byte, EVENT_SIZE>(&m_body[at], EVENT_SIZE));
        if (!m_header.find(event.device))
            return damaged("an event of device " + std::to_string(event.device)
                + ", which the header does not name");
        events.push_back(event);
    }
    return events;
}

Result<Value> CaptureReader::value_of_body() const
{
    const std::string_view text(
        m_body.empty() ? "" : reinterpret_cast<const char*>(m_body.data()), m_body.size());
    auto value = parse_json(text, BODY_LIMITS);
    if (!value)
        return damaged(value.error().message());
    if (!value->is_object())
        return damaged("an object is expected");
    return value;
}

Result<std::optional<CaptureBlock>> CaptureReader::next()
{
    for (;;) {
        BlockType type {};
        if (!VWB_TRY(read_block(type)))
            return std::optional<CaptureBlock>();
        m_ended = type == BlockType::End;
        CaptureBlock block { type };
        if (type == BlockType::Events)
            block.events = VWB_TRY(events_of_body());
        else if (type > BlockType::Header && type <= BlockType::End)
            block.body = VWB_TRY(value_of_body());
        else
            continue; // of a later version, or a second header
        return std::optional<CaptureBlock>(std::move(block));
    }
}

std::string missing_end_text(const CaptureReader& reader)
{
    return reader.name() + ": has no end after offset " + std::to_string(reader.offset())
        + ": it is still being written, or its bench was killed; all before that was read";
}

} // namespace vwb
