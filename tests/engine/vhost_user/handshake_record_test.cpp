// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The record of a session's messages, as a listener keeps it.
#include "engine/base/inspector.h"
#include "engine/vhost_user/handshake_record.h"
#include "tests/support/session_fixture.h"

#include <map>

#include <sys/socket.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class HandshakeRecordTest : public SessionFixture {
protected:
    Value record() const { return m_listener->handshake(); }
    static std::string cell(const Value& entry, const char* name)
    {
        const Value* member = entry.find(name);
        return member ? to_text(*member) : "(none)";
    }
    Value last() const
    {
        const Value all = record();
        return all.find("messages")->as_list()->back();
    }
    // "name name ..." of all messages.
    std::string names() const
    {
        const Value all = record();
        std::string text;
        for (const Value& entry : *all.find("messages")->as_list())
            text += (text.empty() ? "" : " ") + cell(entry, "name");
        return text;
    }
};

TEST_F(HandshakeRecordTest, TellsMessagesInOrderWithReplies)
{
    number(Id::GetFeatures, {}, {}, MESSAGE_VERSION);
    call(Id::SetOwner);
    EXPECT_EQ(names(), "GET_FEATURES SET_OWNER");
    const Value all = record();
    const Value& first = all.find("messages")->as_list()->front();
    EXPECT_EQ(cell(first, "from"), "front-end");
    EXPECT_EQ(cell(first, "verdict"), "accepted");
    const Value* reply = first.find("reply");
    EXPECT_EQ(cell(*reply, "size"), "8");
    EXPECT_TRUE(cell(*reply, "fields").starts_with("{value=0x")) << cell(*reply, "fields");
    EXPECT_TRUE(last().find("reply")->is_null());
}

TEST_F(HandshakeRecordTest, TellsWhyAMessageWasRefused)
{
    negotiate();
    EXPECT_NE(number(Id::SetVringNum, bytes(VringState { 0, 3 })), 0u);
    const Value entry = last();
    EXPECT_EQ(cell(entry, "fields"), "{queue=0, size=3}");
    EXPECT_EQ(cell(entry, "flags"), "[NEED_REPLY]");
    EXPECT_TRUE(cell(entry, "verdict").starts_with("refused: ")) << cell(entry, "verdict");
    EXPECT_NE(cell(*entry.find("reply"), "fields"), "{value=0x0}");
}

TEST_F(HandshakeRecordTest, NamesFieldsOfRingsAndMemory)
{
    start();
    const Value all = record();
    std::map<std::string, Value> by_name;
    for (const Value& entry : *all.find("messages")->as_list())
        by_name[cell(entry, "name")] = entry;
    EXPECT_EQ(cell(by_name["SET_VRING_ENABLE"], "fields"), "{queue=1, enable=1}");
    EXPECT_EQ(cell(by_name["SET_VRING_KICK"], "fds"), "1");
    EXPECT_EQ(cell(by_name["SET_VRING_KICK"], "fields"), "{queue=1, without_descriptor=no}");
    const Value* table = by_name["SET_MEM_TABLE"].find("fields");
    EXPECT_EQ(cell(*table, "region_count"), "1");
    EXPECT_EQ(cell(table->find("regions")->as_list()->front(), "guest_address"),
        hex_text(m_memory->info().guest_address));
}

TEST_F(HandshakeRecordTest, UnknownAndShortMessagesAreShownAsBytes)
{
    call(Id { 200 }, Bytes(100, std::byte { 0xab }));
    const Value entry = last();
    EXPECT_EQ(cell(entry, "name"), "message 200");
    EXPECT_EQ(cell(entry, "size"), "100");
    EXPECT_EQ(cell(*entry.find("fields"), "bytes").size(), 32u * 3 - 1);
    call(Id::SetVringAddr, Bytes(3, std::byte { 1 }));
    EXPECT_EQ(cell(last(), "fields"), "{bytes=01 01 01}");
}

TEST_F(HandshakeRecordTest, TellsMessagesOfTheBackEnd)
{
    negotiate();
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    EXPECT_EQ(number(Id::SetBackendReqFd, {}, { theirs.get() }), 0u);
    start();
    m_device->context().config_changed();
    settle();
    const Value entry = last();
    EXPECT_EQ(cell(entry, "from"), "back-end");
    EXPECT_EQ(cell(entry, "name"), "CONFIG_CHANGE_MSG");
}

TEST_F(HandshakeRecordTest, StaysAfterTheSessionUntilTheNextOne)
{
    call(Id::SetOwner);
    m_peer.close();
    settle();
    EXPECT_EQ(cell(record(), "open"), "no");
    EXPECT_EQ(names(), "SET_OWNER");
    connect();
    settle();
    EXPECT_EQ(cell(record(), "open"), "yes");
    EXPECT_EQ(names(), "");
}

TEST_F(HandshakeRecordTest, KeepsTheFirstAndTheLatestOfAnEndlessSession)
{
    const unsigned sent = 600;
    for (unsigned i = 0; i < sent; ++i)
        call(i == 0 ? Id::SetOwner : Id::GetQueueNum);
    const Value all = record();
    const auto& messages = *all.find("messages")->as_list();
    EXPECT_EQ(messages.size(), HandshakeRecord::FIRST + HandshakeRecord::LATEST);
    EXPECT_EQ(cell(messages.front(), "name"), "SET_OWNER");
    EXPECT_EQ(cell(all, "left_out"),
        std::to_string(sent - HandshakeRecord::FIRST - HandshakeRecord::LATEST));
}

} // namespace
} // namespace vwb::test
