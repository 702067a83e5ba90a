// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/handshake_record.h"

#include "engine/vhost_user/message_names.h"
#include "engine/vhost_user/message_text.h"

namespace vwb {
namespace {

int64_t ns(TimePoint time)
{
    return time.time_since_epoch().count();
}

Value flag_names(uint32_t flags)
{
    Value names = Value::list();
    if (flags & MESSAGE_REPLY)
        names.append("REPLY");
    if (flags & MESSAGE_NEED_REPLY)
        names.append("NEED_REPLY");
    return names;
}

} // namespace

HandshakeRecord::Entry* HandshakeRecord::add(Entry entry)
{
    if (m_first.size() < FIRST) {
        m_first.push_back(std::move(entry)); // never moves: there is room for all of them
        return &m_first.back();
    }
    if (m_latest.size() == LATEST) {
        if (m_current == &m_latest.front())
            m_current = nullptr;
        m_latest.pop_front();
        ++m_left_out;
    }
    m_latest.push_back(std::move(entry));
    return &m_latest.back();
}

void HandshakeRecord::judged(std::string verdict)
{
    if (m_current)
        m_current->verdict = std::move(verdict);
}

void HandshakeRecord::received(const Message& message, TimePoint now)
{
    Entry entry;
    entry.time_ns = ns(now);
    entry.id = message.header.request;
    entry.flags = message.header.flags;
    entry.size = message.payload.size();
    entry.fds = message.fds.size();
    entry.fields = describe_payload(FrontEndMessage { entry.id }, message.payload);
    m_current = add(std::move(entry));
}

void HandshakeRecord::replied(std::span<const std::byte> payload, size_t fds, TimePoint now)
{
    if (!m_current)
        return;
    Entry& entry = *m_current;
    entry.reply = Value::object();
    entry.reply.set("after_ns", ns(now) - entry.time_ns);
    entry.reply.set("size", payload.size());
    entry.reply.set("fds", fds);
    entry.reply.set("fields", describe_payload(FrontEndMessage { entry.id }, payload));
}

void HandshakeRecord::sent(BackEndMessage id, size_t size, TimePoint now)
{
    Entry entry;
    entry.time_ns = ns(now);
    entry.from_front_end = false;
    entry.id = static_cast<uint32_t>(id);
    entry.size = size;
    entry.verdict = "sent";
    add(std::move(entry));
}

Value HandshakeRecord::value_of(const Entry& entry)
{
    Value value = Value::object();
    value.set("time_ns", entry.time_ns);
    value.set("from", entry.from_front_end ? "front-end" : "back-end");
    const char* name = entry.from_front_end ? nullptr : message_name(BackEndMessage { entry.id });
    value.set("name", name ? std::string(name) : message_text(FrontEndMessage { entry.id }));
    value.set("flags", flag_names(entry.flags));
    value.set("size", entry.size);
    value.set("fds", entry.fds);
    value.set("fields", entry.fields);
    value.set("verdict", entry.verdict);
    value.set("reply", entry.reply);
    return value;
}

Value HandshakeRecord::value() const
{
    Value messages = Value::list();
    for (const Entry& entry : m_first)
        messages.append(value_of(entry));
    for (const Entry& entry : m_latest)
        messages.append(value_of(entry));
    Value value = Value::object();
    value.set("messages", std::move(messages));
    value.set("left_out", m_left_out);
    return value;
}

} // namespace vwb
