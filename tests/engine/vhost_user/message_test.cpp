// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/message_names.h"

#include <gtest/gtest.h>

namespace vwb {
namespace {

TEST(MessageNames, AreThoseOfTheDocument)
{
    EXPECT_STREQ(message_name(FrontEndMessage::GetFeatures), "GET_FEATURES");
    EXPECT_STREQ(message_name(FrontEndMessage::GetVringBase), "GET_VRING_BASE");
    EXPECT_STREQ(message_name(FrontEndMessage::SetVringErr), "SET_VRING_ERR");
    EXPECT_STREQ(message_name(FrontEndMessage::SetBackendReqFd), "SET_BACKEND_REQ_FD");
    EXPECT_STREQ(message_name(FrontEndMessage::SetConfig), "SET_CONFIG");
    EXPECT_STREQ(message_name(FrontEndMessage::PostcopyEnd), "POSTCOPY_END");
    EXPECT_STREQ(message_name(FrontEndMessage::ResetDevice), "RESET_DEVICE");
    EXPECT_STREQ(message_name(FrontEndMessage::RemMemReg), "REM_MEM_REG");
    EXPECT_STREQ(message_name(FrontEndMessage::GetStatus), "GET_STATUS");
    EXPECT_STREQ(message_name(FrontEndMessage::GetVringBaseSkipDrain), "GET_VRING_BASE_SKIP_DRAIN");
    EXPECT_STREQ(message_name(BackEndMessage::ConfigChangeMsg), "CONFIG_CHANGE_MSG");
    EXPECT_STREQ(message_name(BackEndMessage::ShmemUnmap), "SHMEM_UNMAP");
}

TEST(MessageNames, UnknownIdsHaveNoneButCanBeSpokenOf)
{
    EXPECT_EQ(message_name(FrontEndMessage { 0 }), nullptr);
    EXPECT_EQ(message_name(FrontEndMessage { 46 }), nullptr);
    EXPECT_EQ(message_name(BackEndMessage { 11 }), nullptr);
    EXPECT_EQ(message_text(FrontEndMessage { 99 }), "message 99");
    EXPECT_EQ(message_text(FrontEndMessage::SetOwner), "SET_OWNER");
}

TEST(MessageNames, ProtocolFeaturesOfAWordAreListed)
{
    // What virtio_uml knows, and a bit that nobody knows.
    const uint64_t features = 1 << 3 | 1 << 5 | 1 << 9 | 1 << 14 | uint64_t { 1 } << 40;
    EXPECT_EQ(to_text(protocol_feature_names(features)),
        "[REPLY_ACK, BACKEND_REQ, CONFIG, INBAND_NOTIFICATIONS, bit 40]");
    EXPECT_EQ(protocol_feature_name(0), "MQ");
    EXPECT_EQ(protocol_feature_name(15), "CONFIGURE_MEM_SLOTS");
    EXPECT_EQ(protocol_feature_name(23), "GET_VRING_BASE_SKIP_DRAIN");
}

} // namespace
} // namespace vwb
