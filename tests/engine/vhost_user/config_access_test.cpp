// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GET_CONFIG, SET_CONFIG and the messages of our own about the config space.
#include "engine/vhost_user/config_access.h"
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

// Eight bytes 1 to 8; only byte 4 can be written.
class OneWritableByte final : public EchoDevice {
public:
    OneWritableByte()
    {
        for (size_t i = 0; i < config.size(); ++i)
            config[i] = static_cast<std::byte>(i + 1);
    }
    Result<void> write_config(uint32_t offset, std::span<const std::byte> data) override
    {
        if (offset != 4 || data.size() != 1)
            return Error(ErrorKind::Invalid, "field is read-only");
        return EchoDevice::write_config(offset, data);
    }
};

class ConfigAccessTest : public SessionFixture {
protected:
    ConfigAccessTest()
        : SessionFixture(std::make_unique<OneWritableByte>())
    {
        negotiate();
    }
    std::optional<Message> read(uint32_t offset, uint32_t size)
    {
        Bytes payload = bytes(ConfigPayload { offset, size, 0 });
        payload.resize(payload.size() + std::min(size, MAX_CONFIG_BYTES));
        return call(Id::GetConfig, payload);
    }
    uint64_t write(uint32_t offset, const Bytes& data, uint32_t flags = 0)
    {
        Bytes payload = bytes(ConfigPayload { offset, static_cast<uint32_t>(data.size()), flags });
        payload.insert(payload.end(), data.begin(), data.end());
        return number(Id::SetConfig, payload);
    }
    Bytes config() const { return { m_device->config.begin(), m_device->config.end() }; }
    Bytes with(size_t index, int value) const
    {
        Bytes data = config();
        data[index] = static_cast<std::byte>(value);
        return data;
    }
};

TEST_F(ConfigAccessTest, ReplyRepeatsTheRequestWithTheBytes)
{
    const auto reply = read(2, 4);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->header.flags, 0x5u);
    ASSERT_EQ(reply->header.size, 16u);
    EXPECT_EQ(reply->read<ConfigPayload>().offset, 2u);
    EXPECT_EQ(reply->read<ConfigPayload>().size, 4u);
    EXPECT_EQ(reply->payload[12], std::byte { 3 });
    EXPECT_EQ(reply->payload[15], std::byte { 6 });
}

TEST_F(ConfigAccessTest, HeaderAloneIsEnoughToRead)
{
    const auto reply = call(Id::GetConfig, bytes(ConfigPayload { 0, 8, 0 }));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->header.size, 20u);
}

struct Range {
    uint32_t offset;
    uint32_t size;
};

class ConfigOutsideTest : public ConfigAccessTest, public testing::WithParamInterface<Range> { };

INSTANTIATE_TEST_SUITE_P(Ranges, ConfigOutsideTest,
    testing::Values(Range { 0, 9 }, Range { 8, 1 }, Range { 7, 2 }, Range { 4000, 4 },
        Range { 0, 256 }, Range { 0xffffffff, 2 }, Range { 1, 0xffffffff }, Range { 0, 257 }));

TEST_P(ConfigOutsideTest, ReadIsAnsweredWithoutABytePayload)
{
    const auto reply = read(GetParam().offset, GetParam().size);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->header.flags, 0x5u);
    EXPECT_EQ(reply->header.size, 0u);
    EXPECT_EQ(rules(), "vhost-user.get-config");
    EXPECT_NE(problems()[0].message.find(std::to_string(GetParam().size)), std::string::npos);
    EXPECT_EQ(read(0, 8)->header.size, 20u);
}

TEST_F(ConfigAccessTest, WriteReachesTheDevice)
{
    EXPECT_EQ(write(4, { std::byte { 77 } }), 0u);
    EXPECT_EQ(m_device->config[4], std::byte { 77 });
}

TEST_F(ConfigAccessTest, WriteOfAReadOnlyFieldIsRefusedByTheDevice)
{
    EXPECT_NE(write(0, { std::byte { 77 } }), 0u);
    EXPECT_EQ(problems()[0].message, "SET_CONFIG field is read-only");
    EXPECT_NE(write(0, { std::byte { 1 } }), 0u); // also with the value that it has
}

TEST_F(ConfigAccessTest, WriteOutsideIsRefused)
{
    EXPECT_NE(write(8, { std::byte { 1 } }), 0u);
    EXPECT_NE(write(0, Bytes(256)), 0u);
    EXPECT_EQ(rules(), "vhost-user.set-config");
}

// QEMU's generic device: the guest wrote one byte, the whole space comes.
TEST_F(ConfigAccessTest, WholeSpaceIsAWriteOfWhatChanges)
{
    EXPECT_EQ(write(0, with(4, 99)), 0u);
    EXPECT_EQ(m_device->config[4], std::byte { 99 });
    EXPECT_EQ(write(0, config()), 0u);
    EXPECT_NE(write(0, with(2, 99)), 0u);
    EXPECT_EQ(m_device->config[2], std::byte { 3 });
}

TEST_F(ConfigAccessTest, MigrationMayBringReadOnlyFieldsAsTheyAre)
{
    EXPECT_EQ(write(0, { std::byte { 1 }, std::byte { 2 } }, CONFIG_WRITE_FOR_MIGRATION), 0u);
    EXPECT_NE(write(0, { std::byte { 1 }, std::byte { 3 } }, CONFIG_WRITE_FOR_MIGRATION), 0u);
}

TEST_F(ConfigAccessTest, UnknownFlagsAndSizesThatDisagreeAreRefused)
{
    EXPECT_NE(write(4, { std::byte { 1 } }, 2), 0u);
    EXPECT_EQ(problems()[0].message, "SET_CONFIG has flags 2, expected 0 (write) or 1 (migration)");
    EXPECT_NE(number(Id::SetConfig, bytes(ConfigPayload { 4, 2, 0 }, std::byte { 5 })), 0u);
    EXPECT_EQ(problems()[0].message, "SET_CONFIG says 2 bytes and brings 1");
}

class ConfigChangeTest : public SessionFixture {
protected:
    void give_channel()
    {
        UniqueFd back_end;
        m_channel = RawFrontEnd::pair(back_end);
        call(Id::SetBackendReqFd, {}, { back_end.get() });
    }
    std::optional<Message> announced()
    {
        settle();
        return m_channel.receive();
    }
    void answer(uint64_t value, uint32_t request = 2, uint32_t flags = 5)
    {
        Bytes reply = bytes(MessageHeader { request, flags, 8 }, value);
        EXPECT_TRUE(m_channel.send_bytes(reply));
        settle();
    }

    RawFrontEnd m_channel;
};

TEST_F(ConfigChangeTest, IsAnnouncedWithARequestForAnAnswer)
{
    start();
    give_channel();
    m_device->context().config_changed();
    const auto message = announced();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->header.request, 2u);
    EXPECT_EQ(message->header.flags, 0x9u);
    EXPECT_EQ(message->header.size, 0u);
    answer(0);
    EXPECT_EQ(rules(), "");
}

TEST_F(ConfigChangeTest, NoAnswerIsAskedForWithoutReplyAck)
{
    negotiate(OFFERED_PROTOCOL_FEATURES & ~protocol_bit(ProtocolFeature::ReplyAck));
    give_channel();
    call(Id::SetMemTable, memory_table(), { m_memory->fd() });
    set_up_ring(0);
    m_device->context().config_changed();
    EXPECT_EQ(announced()->header.flags, 0x1u);
}

// vhost-user, Suspended device state: no messages of our own while all rings are stopped.
TEST_F(ConfigChangeTest, WaitsUntilARingIsStarted)
{
    negotiate();
    give_channel();
    m_device->context().config_changed();
    m_device->context().config_changed();
    EXPECT_FALSE(announced());
    share_memory();
    set_up_ring(0);
    EXPECT_TRUE(announced());
    EXPECT_FALSE(announced());
}

TEST_F(ConfigChangeTest, NeedsTheConfigFeatureAndAChannel)
{
    start();
    m_device->context().config_changed();
    settle();
    negotiate(protocol_bit(ProtocolFeature::BackendReq));
    give_channel();
    EXPECT_FALSE(announced());
}

TEST_F(ConfigChangeTest, RefusingAnswerAndStrayMessagesAreNoted)
{
    start();
    give_channel();
    m_device->context().config_changed();
    EXPECT_TRUE(announced());
    answer(3);
    ASSERT_EQ(rules(), "vhost-user.backend-channel");
    EXPECT_EQ(problems()[0].message, "the front-end refused CONFIG_CHANGE_MSG with 3");
    answer(0); // to nothing
    EXPECT_NE(problems()[0].message.find("is no answer to a message of ours"), std::string::npos);
    answer(0, 7, 1);
    EXPECT_EQ(problems()[0].count, 3u);
    EXPECT_EQ(request(0, "served"), "served");
}

TEST_F(ConfigChangeTest, FrontEndThatDoesNotReadStallsNothing)
{
    start();
    give_channel();
    for (int i = 0; i < 100'000; ++i)
        m_device->context().config_changed();
    EXPECT_EQ(request(0, "served"), "served");
    size_t count = 0;
    while (announced())
        ++count;
    EXPECT_GT(count, 1u);
    EXPECT_LT(count, 100'000u);
}

TEST_F(ConfigChangeTest, BrokenChannelCostsOnlyTheChannel)
{
    start();
    give_channel();
    answer(0, 1, 2); // an unknown version
    EXPECT_TRUE(m_channel.closed());
    EXPECT_EQ(rules(), "vhost-user.backend-channel");
    m_device->context().config_changed();
    EXPECT_EQ(request(0, "served"), "served");
    give_channel();
    m_device->context().config_changed();
    EXPECT_TRUE(announced());
}

TEST_F(ConfigChangeTest, ChannelMustBeASocket)
{
    negotiate();
    EXPECT_NE(number(Id::SetBackendReqFd, {}, { m_memory->fd() }), 0u);
    EXPECT_EQ(problems()[0].message, "SET_BACKEND_REQ_FD the descriptor is no Unix stream socket");
}

} // namespace
} // namespace vwb::test
