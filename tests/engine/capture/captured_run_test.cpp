// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a run that was captured says of its session.
#include "engine/capture/captured_run.h"
#include "engine/vhost_user/message.h"
#include "tests/support/observed_devices.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace vwb::test {
namespace {

constexpr uint64_t INDIRECT_DESC = uint64_t { 1 } << 28;
constexpr uint64_t RING_PACKED = uint64_t { 1 } << 34;

// What device.features answers, of two bits.
Value features_block(bool indirect, bool packed)
{
    Value bits = Value::list();
    for (const auto& [name, accepted] :
        { std::pair("INDIRECT_DESC", indirect), std::pair("RING_PACKED", packed) }) {
        Value bit = Value::object();
        bit.set("name", name);
        bit.set("accepted", accepted);
        bits.append(std::move(bit));
    }
    Value block = Value::object();
    block.set("bits", std::move(bits));
    return block;
}

class CapturedRunTest : public testing::Test {
protected:
    void set_features(uint64_t bits)
    {
        std::array<std::byte, sizeof bits> payload;
        std::memcpy(payload.data(), &bits, sizeof bits);
        TraceRecord message;
        message.kind = RecordKind::Message;
        message.device = &m_device;
        message.number = static_cast<uint32_t>(FrontEndMessage::SetFeatures);
        message.readable = payload;
        m_run.record(message);
    }
    bool accepted(const char* name) const
    {
        const Value* bit = m_run.accepted().at("lamp0").find(name);
        return bit && bit->as_bool() && *bit->as_bool();
    }

    const ObservedDevice m_device = lamp0();
    CapturedRun m_run;
};

TEST_F(CapturedRunTest, DeviceTellsWhatWasAcceptedBeforeTheCaptureBegan)
{
    m_run.features(m_device, features_block(true, true));
    EXPECT_TRUE(accepted("INDIRECT_DESC"));
    EXPECT_TRUE(accepted("RING_PACKED"));
}

TEST_F(CapturedRunTest, MessageKnowsBetterThanABlockTakenBeforeItCame)
{
    set_features(RING_PACKED);
    m_run.features(m_device, features_block(true, false));
    EXPECT_FALSE(accepted("INDIRECT_DESC"));
    EXPECT_TRUE(accepted("RING_PACKED"));
}

TEST_F(CapturedRunTest, LastMessageHolds)
{
    set_features(RING_PACKED | INDIRECT_DESC);
    set_features(INDIRECT_DESC);
    EXPECT_TRUE(accepted("INDIRECT_DESC"));
    EXPECT_FALSE(accepted("RING_PACKED"));
}

} // namespace
} // namespace vwb::test
