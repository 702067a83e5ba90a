// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/session_sharing.h"

#include <algorithm>

#include <fcntl.h>

namespace vwb {
namespace {

SharedObjectPayload payload_of(const Uuid& uuid)
{
    SharedObjectPayload payload;
    std::ranges::copy(uuid.bytes, payload.uuid);
    return payload;
}

ShmemMapPayload payload_of(const SharedPiece& piece)
{
    ShmemMapPayload payload;
    payload.region = piece.region;
    payload.offset = piece.offset;
    payload.size = piece.size;
    return payload;
}

bool same(const SharedPiece& a, const SharedPiece& b)
{
    return a.region == b.region && a.offset == b.offset && a.size == b.size;
}

bool overlap(const SharedPiece& a, const SharedPiece& b)
{
    return a.region == b.region && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

std::string text_of(const SharedPiece& piece)
{
    return "shared memory region " + std::to_string(piece.region) + ", offset "
        + hex_text(piece.offset) + ", size " + hex_text(piece.size);
}

Error bad_sharing(const std::string& what)
{
    return { ErrorKind::Invalid, what };
}

// Of an answer; an empty one stands for a message that is not confirmed.
Result<void> verdict_of(const Result<Message>& answer, const char* message)
{
    if (!answer)
        return answer.error();
    const uint64_t verdict = answer->payload.empty() ? 0 : answer->read<uint64_t>();
    if (verdict != 0)
        return Error(ErrorKind::Protocol,
            std::string(message) + ": the front-end refused it (verdict " + std::to_string(verdict)
                + ")");
    return {};
}

} // namespace

SessionSharing::SessionSharing(DeviceHost& host, FindWay find_way)
    : m_host(host)
    , m_find_way(std::move(find_way))
{
}

// --- objects ---

Result<void> SessionSharing::check_export(const Uuid& uuid, const UniqueFd& file) const
{
    if (uuid == Uuid {} || !file)
        return bad_sharing("an object has a UUID that is not 0, and a file");
    if (m_state->objects.count(uuid) > 0)
        return bad_sharing("object " + to_string(uuid) + " is exported already");
    if (m_state->objects.size() >= MAX_OBJECTS)
        return Error(ErrorKind::Limit,
            "all " + std::to_string(MAX_OBJECTS) + " objects of a session are exported");
    return {};
}

void SessionSharing::export_object(const Uuid& uuid, UniqueFd file, Done done)
{
    if (auto wrong = check_export(uuid, file); !wrong)
        return done(std::move(wrong));
    auto way = m_find_way(ProtocolFeature::SharedObject);
    if (!way)
        return done(std::move(way).error());
    // The front-end may ask for it before it confirms.
    m_state->objects[uuid] = std::move(file);
    auto answered
        = [state = m_state, uuid, told = std::move(done)](Result<Message> answer) mutable {
              auto verdict = verdict_of(answer, "SHARED_OBJECT_ADD");
              if (!verdict)
                  state->objects.erase(uuid);
              told(std::move(verdict));
          };
    way->channel->ask(BackEndMessage::SharedObjectAdd, bytes_of(payload_of(uuid)), {},
        way->acknowledge, std::move(answered));
}

void SessionSharing::withdraw_object(const Uuid& uuid, Done done)
{
    if (m_state->objects.erase(uuid) == 0)
        return done(bad_sharing("object " + to_string(uuid) + " is not exported"));
    auto way = m_find_way(ProtocolFeature::SharedObject);
    if (!way)
        return done(std::move(way).error());
    way->channel->ask(BackEndMessage::SharedObjectRemove, bytes_of(payload_of(uuid)), {},
        way->acknowledge, [told = std::move(done)](Result<Message> answer) mutable {
            told(verdict_of(answer, "SHARED_OBJECT_REMOVE"));
        });
}

void SessionSharing::look_up_object(const Uuid& uuid, Found found)
{
    auto way = m_find_way(ProtocolFeature::SharedObject);
    if (!way)
        return found(std::move(way).error());
    auto answered = [told = std::move(found)](Result<Message> answer) mutable {
        if (auto verdict = verdict_of(answer, "SHARED_OBJECT_LOOKUP"); !verdict)
            return told(std::move(verdict).error());
        if (answer->fds.empty())
            return told(Error(
                ErrorKind::Protocol, "SHARED_OBJECT_LOOKUP: the answer came without a descriptor"));
        told(std::move(answer->fds[0]));
    };
    // It has a reply of its own, whatever was negotiated.
    way->channel->ask(BackEndMessage::SharedObjectLookup, bytes_of(payload_of(uuid)), {},
        BackendChannel::Acknowledge::Ask, std::move(answered));
}

UniqueFd SessionSharing::object(const Uuid& uuid) const
{
    const auto found = m_state->objects.find(uuid);
    if (found == m_state->objects.end())
        return {};
    return UniqueFd(::fcntl(found->second.get(), F_DUPFD_CLOEXEC, 0));
}

// --- mappings ---

Result<void> SessionSharing::check_piece(const SharedPiece& piece) const
{
    const auto& sizes = m_host.traits().shared_memory;
    const uint64_t size = piece.region < sizes.size() ? sizes[piece.region] : 0;
    if (size == 0)
        return bad_sharing("the device has no " + text_of(piece));
    if (piece.size == 0 || piece.size % PAGE != 0 || piece.offset % PAGE != 0)
        return bad_sharing(text_of(piece) + ": expected whole pages of 4096 bytes");
    if (piece.offset > size || piece.size > size - piece.offset)
        return bad_sharing(text_of(piece) + ": the region has " + hex_text(size) + " bytes");
    return {};
}

Result<void> SessionSharing::check_free(const SharedPiece& piece) const
{
    if (m_state->pieces.size() >= MAX_MAPPINGS)
        return Error(ErrorKind::Limit,
            "all " + std::to_string(MAX_MAPPINGS) + " mappings of a session are there");
    for (const SharedPiece& other : m_state->pieces) {
        if (overlap(piece, other))
            return bad_sharing(text_of(piece) + " overlaps what is mapped: " + text_of(other));
    }
    return {};
}

void SessionSharing::map(
    const SharedPiece& piece, UniqueFd file, uint64_t file_offset, SharedAccess access, Done done)
{
    auto checked = check_piece(piece);
    if (checked)
        checked = check_free(piece);
    if (checked && (!file || file_offset % PAGE != 0))
        checked = bad_sharing(text_of(piece) + ": expected a file, from a page of it on");
    if (!checked)
        return done(std::move(checked));
    auto way = m_find_way(ProtocolFeature::Shmem);
    if (!way)
        return done(std::move(way).error());
    ShmemMapPayload payload = payload_of(piece);
    payload.fd_offset = file_offset;
    payload.flags = access == SharedAccess::ReadWrite ? 1 : 0;
    m_state->pieces.push_back(piece);
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(file));
    auto answered
        = [state = m_state, piece, told = std::move(done)](Result<Message> answer) mutable {
              auto verdict = verdict_of(answer, "SHMEM_MAP");
              if (!verdict)
                  std::erase_if(state->pieces,
                      [&piece](const SharedPiece& other) { return same(piece, other); });
              told(std::move(verdict));
          };
    way->channel->ask(BackEndMessage::ShmemMap, bytes_of(payload), std::move(fds), way->acknowledge,
        std::move(answered));
}

void SessionSharing::unmap(const SharedPiece& piece, Done done)
{
    const auto mapped = std::ranges::find_if(
        m_state->pieces, [&piece](const SharedPiece& other) { return same(piece, other); });
    if (mapped == m_state->pieces.end())
        return done(bad_sharing(text_of(piece) + " is not mapped like that"));
    auto way = m_find_way(ProtocolFeature::Shmem);
    if (!way)
        return done(std::move(way).error());
    m_state->pieces.erase(mapped);
    way->channel->ask(BackEndMessage::ShmemUnmap, bytes_of(payload_of(piece)), {}, way->acknowledge,
        [told = std::move(done)](
            Result<Message> answer) mutable { told(verdict_of(answer, "SHMEM_UNMAP")); });
}

void SessionSharing::inspect(Inspector& inspector) const
{
    Value objects = Value::list();
    for (const auto& [uuid, file] : m_state->objects)
        objects.append(to_string(uuid));
    inspector.field("objects", std::move(objects));
    Value mappings = Value::list();
    for (const SharedPiece& piece : m_state->pieces) {
        Value entry = Value::object();
        entry.set("region", piece.region);
        entry.set("offset", piece.offset);
        entry.set("size", piece.size);
        mappings.append(std::move(entry));
    }
    inspector.field("mappings", std::move(mappings));
}

} // namespace vwb
