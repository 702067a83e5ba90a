// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/request_queue.h"

#include <gtest/gtest.h>

#include <array>

using namespace vwb;

namespace {

// Notes the heads of what is completed.
class Sink final : public RequestSink {
public:
    void complete_request(DescriptorChain chain, uint32_t) override
    {
        completed.push_back(chain.release().head);
    }
    void give_back_request(DescriptorChain chain) override { chain.release(); }
    void abandon_request(DescriptorChain chain) override
    {
        chain.release();
        ADD_FAILURE() << "a request was dropped";
    }

    std::vector<uint16_t> completed;
};

class RequestQueueTest : public testing::Test {
protected:
    void push(uint16_t head)
    {
        m_records[head].head = head;
        m_queue.push(Request(m_sink, DescriptorChain(m_records[head])));
    }
    void serve()
    {
        std::move(m_queue.front()).complete(0);
        m_queue.pop();
    }

    Sink m_sink;
    std::array<ChainRecord, 64> m_records;
    RequestQueue m_queue { 4 };
};

} // namespace

TEST_F(RequestQueueTest, OldestIsFirstHoweverManyComeAndGo)
{
    std::vector<uint16_t> expected;
    for (uint16_t head = 0; head < 60; ++head) {
        push(head);
        expected.push_back(head);
        if (head >= 3) // three wait at any time
            serve();
    }
    EXPECT_EQ(m_queue.size(), 3u);
    while (!m_queue.empty())
        serve();
    EXPECT_EQ(m_sink.completed, expected);
}

TEST_F(RequestQueueTest, MayGrowAndBeEmptiedAtOnce)
{
    for (uint16_t head = 0; head < 10; ++head)
        push(head);
    serve();
    size_t left = 0;
    for (Request& request : m_queue) {
        std::move(request).give_back();
        ++left;
    }
    EXPECT_EQ(left, 9u);
    m_queue.clear();
    EXPECT_TRUE(m_queue.empty());
    push(20);
    EXPECT_EQ(m_queue.size(), 1u);
    serve();
    EXPECT_EQ(m_sink.completed, (std::vector<uint16_t> { 0, 20 }));
}
