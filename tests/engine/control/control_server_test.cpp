// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/control_server.h"
#include "engine/control/inspect_path.h"
#include "engine/control/json.h"
#include "tests/support/fake_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vwb::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using namespace std::chrono_literals;

class ControlServerTest : public testing::Test {
protected:
    ControlServerTest()
    {
        m_bench.add(m_lamp);
        m_bench.add(m_disk);
        m_server = std::move(ControlServer::start(*m_loop, m_bench, m_directory.path("c"))).value();
        m_client = std::make_unique<TestObserver>(m_server->path());
        run();
    }

    void run() { settle({ m_loop.get(), m_device_loop.get() }); }

    Value exchange(const std::string& method, const std::string& params)
    {
        m_client->send_line(
            R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}");
        run();
        auto reply = parse_json(m_client->line().value_or("null"));
        return reply ? std::move(*reply) : Value();
    }
    // The result, or the part of it at the path.
    std::string ask(
        const std::string& method, const std::string& params = "{}", const std::string& path = "")
    {
        const Value reply = exchange(method, params);
        const Value* result = reply.find("result");
        const auto outcome = follow_path(result ? *result : reply, path);
        return outcome.value ? to_json(*outcome.value) : "no " + outcome.missing;
    }
    // "kind: message"
    std::string error(const std::string& method, const std::string& params = "{}")
    {
        const Value reply = exchange(method, params);
        const auto kind = follow_path(reply, "error.data.kind");
        const auto message = follow_path(reply, "error.message");
        return kind.value && message.value ? to_text(*kind.value) + ": " + to_text(*message.value)
                                           : to_json(reply);
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = std::move(EventLoop::create(m_clock)).value();
    std::unique_ptr<EventLoop> m_device_loop = std::move(EventLoop::create(m_clock)).value();
    FakeDevice m_lamp { lamp0(), *m_device_loop };
    FakeDevice m_disk { disk0(), *m_loop };
    FakeBench m_bench;
    TestDirectory m_directory;
    std::unique_ptr<ControlServer> m_server;
    std::unique_ptr<TestObserver> m_client;
};

TEST_F(ControlServerTest, BenchInfoTellsTheBenchAndItsClocks)
{
    m_clock.advance(5s);
    EXPECT_EQ(ask("bench.info", "{}", "name"), R"("bench")");
    EXPECT_EQ(ask("bench.info", "{}", "file"), R"("bench.toml")");
    EXPECT_EQ(ask("bench.info", "{}", "version"), "\"" VWB_VERSION "\"");
    EXPECT_EQ(ask("bench.info", "{}", "control"), to_json(m_server->path()));
    EXPECT_EQ(ask("bench.info", "{}", "started"), R"("1970-01-01T00:00:00Z")");
    EXPECT_EQ(ask("bench.info", "{}", "time_ns"), "5000000000");
    EXPECT_EQ(ask("bench.info", "{}", "devices"), "2");
}

TEST_F(ControlServerTest, DevicesAreListedWithWhatTheyDid)
{
    EXPECT_EQ(ask("device.list", "{}", "devices.0"),
        R"({"name":"lamp0","type":"lamp","device_id":41,"hardware":"fake",)"
        R"("socket":"/nowhere/socket","stage":"running","peer_pid":4711,"requests":12,)"
        R"("completed":11,"in_flight":1,"problems":0,"faults":0,"held":0})");
    EXPECT_EQ(ask("device.list", "{}", "devices.1.name"), R"("disk0")");
}

TEST_F(ControlServerTest, DeviceInfoHasItsActions)
{
    EXPECT_EQ(ask("device.info", R"({"device":"lamp0"})", "stage"), R"("running")");
    EXPECT_EQ(ask("device.info", R"({"device":"lamp0"})", "actions.1.name"), R"("set")");
    EXPECT_EQ(ask("device.info", R"({"device":"lamp0"})", "actions.1.parameters.1"),
        R"({"name":"value","type":"integer","required":true,"help":"0 or 1"})");
}

TEST_F(ControlServerTest, UnknownDeviceIsAnsweredWithTheNearest)
{
    for (const char* method : { "device.info", "device.schema", "device.reset", "device.disconnect",
             "problems.list", "signal.list" })
        EXPECT_EQ(error(method, R"({"device":"lamp9"})"),
            "not-found: there is no device 'lamp9'; did you mean 'lamp0'?");
    EXPECT_EQ(error("device.info", R"({"device":"xyz"})"),
        "not-found: there is no device 'xyz'; there are [lamp0, disk0]");
}

TEST_F(ControlServerTest, UnknownMethodIsAnsweredWithTheNearest)
{
    const Value reply = exchange("device.lst", "{}");
    EXPECT_EQ(to_text(*follow_path(reply, "error.code").value), "-32601");
    EXPECT_THAT(to_json(reply), HasSubstr("did you mean 'device.list'?"));
}

TEST_F(ControlServerTest, WrongParametersAreNamed)
{
    EXPECT_THAT(error("device.info"), HasSubstr("invalid: device.info: parameter 'device'"));
    EXPECT_THAT(error("device.info", R"({"device":5})"), HasSubstr("must be a string"));
    EXPECT_THAT(error("device.info", R"({"device":"lamp0","x":1})"), HasSubstr("'x'"));
    EXPECT_THAT(error("action", R"({"device":"lamp0","action":"get","parameters":[]})"),
        HasSubstr("must be of type object"));
    EXPECT_THAT(error("bench.info", "[1]"), HasSubstr("at most"));
    EXPECT_THAT(error("subscribe", R"({"kinds":[5]})"), HasSubstr("list of strings"));
}

TEST_F(ControlServerTest, ParametersMayComeByPosition)
{
    EXPECT_EQ(ask("device.info", R"(["lamp0"])", "name"), R"("lamp0")");
    EXPECT_EQ(ask("signal.set", R"(["lamp0.red",1])", "value"), "1");
}

TEST_F(ControlServerTest, InspectAnswersAnyPath)
{
    EXPECT_EQ(ask("inspect", R"({"path":"lamp0.queues.requestq.last_avail_idx"})"),
        R"({"path":"lamp0.queues.requestq.last_avail_idx","value":7})");
    EXPECT_EQ(ask("inspect", R"({"path":"bench.name"})", "value"), R"("bench")");
    EXPECT_EQ(ask("inspect", R"({"path":"control.clients"})", "value"), "1");
    EXPECT_EQ(ask("inspect", "{}", "value.disk0.type"), R"("disk")");
    EXPECT_EQ(ask("inspect", R"({"path":""})", "value.lamp0.queues.eventq.last_avail_idx"), "9");
}

TEST_F(ControlServerTest, InspectAsksOnlyTheDeviceThatIsMeant)
{
    ask("inspect", R"({"path":"lamp0.queues"})");
    EXPECT_EQ(m_lamp.inspections, 1u);
    EXPECT_EQ(m_disk.inspections, 0u);
}

TEST_F(ControlServerTest, MissingPathNamesTheNearestAndWhatThereIs)
{
    EXPECT_EQ(error("inspect", R"({"path":"lamp0.queues.requstq"})"),
        "not-found: 'lamp0.queues' has no 'requstq'; did you mean 'requestq'?");
    EXPECT_EQ(error("inspect", R"({"path":"lamp0.queues.x"})"),
        "not-found: 'lamp0.queues' has no 'x'; it has [requestq, eventq]");
    EXPECT_EQ(error("inspect", R"({"path":"lamp7"})"),
        "not-found: the bench has no 'lamp7'; did you mean 'lamp0'?");
    EXPECT_EQ(error("inspect", R"({"path":"lamp0.type.x"})"),
        "not-found: 'lamp0.type' has no 'x': it is a plain value");
    const Value reply = exchange("inspect", R"({"path":"lamp0.queues.x"})");
    EXPECT_EQ(
        to_json(*follow_path(reply, "error.data.children").value), R"(["requestq","eventq"])");
    EXPECT_EQ(to_json(*follow_path(reply, "error.data.path").value), R"("lamp0.queues")");
}

TEST_F(ControlServerTest, SchemaOfADeviceIsData)
{
    EXPECT_EQ(ask("device.schema", R"({"device":"lamp0"})", "schema.messages.1.name"), R"("SET")");
    EXPECT_EQ(ask("device.schema", R"({"device":"disk0"})", "schema.queues"), R"(["ioq"])");
}

TEST_F(ControlServerTest, ProblemsAreListedOfOneDeviceOrAll)
{
    m_lamp.report("d.first", 1);
    m_lamp.report("d.first", 1);
    m_disk.report("d.second");
    EXPECT_EQ(ask("problems.list", "{}", "problems.1.rule"), R"("d.second")");
    EXPECT_EQ(ask("problems.list", R"({"device":"lamp0"})", "problems.0"),
        R"({"device":"lamp0","side":"driver","severity":"error","rule":"d.first",)"
        R"("clause":"clause 1","message":"found that","queue":"eventq","count":2,)"
        R"("first_ns":0,"last_ns":0})");
    EXPECT_EQ(ask("problems.list", R"({"device":"disk0"})", "problems.1"), "no 1");
}

TEST_F(ControlServerTest, ActionsAreCalledWithCheckedParameters)
{
    EXPECT_EQ(ask("action",
                  R"({"device":"lamp0","action":"set","parameters":{"signal":"red","value":1}})"),
        R"({"value":1})");
    EXPECT_EQ(m_lamp.signals["red"], 1);
    EXPECT_EQ(error("action", R"({"device":"lamp0","action":"sett"})"),
        "not-found: lamp0 has no action 'sett'; did you mean 'set'?");
    EXPECT_THAT(error("action", R"({"device":"lamp0","action":"xyzzy"})"),
        HasSubstr("it has get, set, signals, fail"));
    EXPECT_THAT(
        error("action", R"({"device":"lamp0","action":"set","parameters":{"signal":"red"}})"),
        HasSubstr("'value'"));
    EXPECT_EQ(
        error("action", R"({"device":"lamp0","action":"fail"})"), "io: the hardware is on fire");
}

TEST_F(ControlServerTest, SignalsAreReadAndDrivenByName)
{
    EXPECT_EQ(
        ask("signal.get", R"({"signal":"lamp0.red"})"), R"({"signal":"lamp0.red","value":0})");
    EXPECT_EQ(ask("signal.set", R"({"signal":"lamp0.red","value":1})"),
        R"({"signal":"lamp0.red","value":1,"state":1})");
    EXPECT_EQ(ask("signal.get", R"({"signal":"lamp0.red"})", "value"), "1");
    EXPECT_EQ(ask("signal.list", R"({"device":"lamp0"})"),
        R"({"signals":[{"signal":"lamp0.green","name":"green","value":0},)"
        R"({"signal":"lamp0.red","name":"red","value":1}]})");
    EXPECT_EQ(ask("signal.list", "{}", "signals.3.signal"), R"("disk0.red")");
    EXPECT_EQ(error("signal.get", R"({"signal":"lamp0.blue"})"), "not-found: no such signal");
    EXPECT_THAT(error("signal.get", R"({"signal":"lamp0"})"), HasSubstr("invalid: 'lamp0' is no"));
    EXPECT_THAT(error("signal.get", R"({"signal":"lamp9.red"})"), HasSubstr("'lamp0'?"));
    EXPECT_THAT(error("signal.set", R"({"signal":"lamp0.red","value":"x"})"), HasSubstr("integer"));
}

TEST_F(ControlServerTest, FeatureDialIsHandedOn)
{
    EXPECT_EQ(
        ask("device.dial", R"({"device":"lamp0","withhold":["EVENT_IDX"],"queues":1})"), "{}");
    EXPECT_EQ(to_text(m_lamp.last_wish), "{device=lamp0, withhold=[EVENT_IDX], queues=1}");
    EXPECT_EQ(ask("device.features", R"({"device":"lamp0"})"), "{}");
    EXPECT_THAT(error("device.dial", R"({"device":"lamp0","queues":"many"})"), HasSubstr("queues"));
}

TEST_F(ControlServerTest, DevicesAreResetAndDisconnected)
{
    EXPECT_EQ(ask("device.reset", R"({"device":"lamp0"})"), "{}");
    EXPECT_EQ(ask("device.disconnect", R"({"device":"lamp0"})"), "{}");
    EXPECT_EQ(m_lamp.resets, 1u);
    EXPECT_EQ(m_lamp.disconnects, 1u);
    EXPECT_EQ(m_disk.resets, 0u);
}

TEST_F(ControlServerTest, ShutdownIsAnsweredAndHandedOn)
{
    EXPECT_EQ(ask("bench.shutdown"), "{}");
    EXPECT_EQ(m_bench.shutdowns, 1u);
}

TEST_F(ControlServerTest, StuckDeviceTimesOutAndTheOthersGoOn)
{
    m_client->send_line(R"({"jsonrpc":"2.0","id":1,"method":"inspect","params":{"path":"lamp0"}})");
    m_client->send_line(
        R"({"jsonrpc":"2.0","id":2,"method":"inspect","params":{"path":"disk0.type"}})");
    m_client->send_line(R"({"jsonrpc":"2.0","id":3,"method":"device.list"})");
    settle({ m_loop.get() });
    EXPECT_THAT(m_client->line().value_or(""), HasSubstr("\"disk\""));
    EXPECT_EQ(m_client->line(), std::nullopt);
    m_clock.advance(1s);
    settle({ m_loop.get() });
    EXPECT_THAT(m_client->line().value_or(""), HasSubstr("lamp0 did not respond within 1s"));
    const auto list = m_client->line().value_or("");
    EXPECT_THAT(list, HasSubstr("not responding"));
    EXPECT_THAT(list, HasSubstr(R"("name":"disk0")"));
}

TEST_F(ControlServerTest, DiscoverDescribesEverything)
{
    const Value reply = exchange("rpc.discover", "{}");
    const Value& result = *reply.find("result");
    std::vector<std::string> methods;
    for (const auto& method : *result.find("methods")->as_list()) {
        methods.push_back(method.find("name")->string_or(""));
        EXPECT_NE(method.find("help")->string_or(""), "") << methods.back();
        EXPECT_NE(method.find("result")->string_or(""), "") << methods.back();
    }
    EXPECT_THAT(methods,
        IsSupersetOf({ "rpc.discover", "bench.info", "bench.shutdown", "inspect", "device.list",
            "device.info", "device.schema", "device.reset", "device.disconnect", "device.features",
            "device.dial", "problems.list", "action", "queue.snapshot", "device.handshake",
            "memory.read", "signal.get", "signal.set", "signal.record", "signal.list", "subscribe",
            "unsubscribe", "trace.stats", "capture.start", "capture.stop", "capture.save",
            "capture.status", "capture.list", "capture.note", "fault.arm", "fault.plan",
            "fault.disarm", "fault.clear", "fault.list", "fault.report", "hold.add", "hold.remove",
            "hold.list", "hold.wait", "hold.show", "hold.edit", "hold.release", "hold.step",
            "hold.answer", "hold.fail", "inject" }));
    std::ranges::sort(methods);
    EXPECT_EQ(std::ranges::adjacent_find(methods), methods.end()); // each name once
    EXPECT_EQ(to_text(*follow_path(result, "devices.0.actions.1.name").value), "set");
    EXPECT_EQ(to_text(*follow_path(result, "devices.1.schema.messages.0.name").value), "IO");
    EXPECT_EQ(to_text(*follow_path(result, "error_codes.not-found").value), "-32001");
    EXPECT_NE(follow_path(result, "events.request").value, nullptr);
    std::vector<std::string> fields;
    for (const auto& field : *result.find("filter")->as_list())
        fields.push_back(field.find("name")->string_or(""));
    EXPECT_THAT(fields, Contains("latency"));
    EXPECT_THAT(fields, Contains("lamp.lamp"));
    EXPECT_THAT(fields, Contains("status"));
}

TEST_F(ControlServerTest, SecondServerOnTheSamePathIsRefused)
{
    const auto second = ControlServer::start(*m_loop, m_bench, m_server->path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind(), ErrorKind::Unavailable);
}

TEST_F(ControlServerTest, ServerMayGoWhileCallsAreOnTheirWay)
{
    m_client->send_line(R"({"jsonrpc":"2.0","id":1,"method":"inspect","params":{"path":"lamp0"}})");
    m_client->send_line(R"({"jsonrpc":"2.0","id":2,"method":"subscribe"})");
    settle({ m_loop.get() });
    m_server.reset();
    run();
    EXPECT_EQ(m_lamp.inspections, 0u);
    EXPECT_FALSE(m_lamp.trace().enabled());
}

TEST_F(ControlServerTest, QueueSnapshotTakesNamesAndNumbersOfQueuesAndAWindow)
{
    const std::string queue(lamp0().schema->queues[0]);
    EXPECT_EQ(
        ask("queue.snapshot", R"({"device":"lamp0"})"), R"({"index":0,"first":0,"count":64})");
    EXPECT_EQ(ask("queue.snapshot",
                  R"({"device":"lamp0","queue":")" + queue + R"(","first":5,"count":7})"),
        R"({"index":0,"first":5,"count":7})");
    EXPECT_EQ(ask("queue.snapshot", R"({"device":"lamp0","queue":0})", "index"), "0");
}

TEST_F(ControlServerTest, QueueSnapshotSaysWhatIsWrong)
{
    EXPECT_TRUE(error("queue.snapshot", R"({"device":"lamp0","queue":"nosuch"})")
                    .starts_with("not-found: lamp0 has no queue 'nosuch'"))
        << error("queue.snapshot", R"({"device":"lamp0","queue":"nosuch"})");
    EXPECT_NE(error("queue.snapshot", R"({"device":"lamp0","count":0})").find("expected 1 to 1024"),
        std::string::npos);
    EXPECT_NE(
        error("queue.snapshot", R"({"device":"lamp0","count":2000})").find("expected 1 to 1024"),
        std::string::npos);
    EXPECT_NE(error("queue.snapshot", R"({"device":"lamp9"})").find("lamp0"), std::string::npos);
}

TEST_F(ControlServerTest, MemoryReadTakesAddressesAsUsersWriteThem)
{
    EXPECT_EQ(ask("memory.read", R"({"device":"lamp0","address":"0x1000"})"),
        R"({"address":4096,"length":256})");
    EXPECT_EQ(ask("memory.read", R"({"device":"lamp0","address":4096,"length":16})"),
        R"({"address":4096,"length":16})");
    for (const char* wrong : { "\"0x\"", "\"12 34\"", "\"-1\"", "[]", "null" })
        EXPECT_NE(error("memory.read", R"({"device":"lamp0","address":)" + std::string(wrong) + "}")
                      .find("expected a number"),
            std::string::npos)
            << wrong;
    EXPECT_NE(error("memory.read", R"({"device":"lamp0","address":0,"length":65537})")
                  .find("expected 1 to 65536"),
        std::string::npos);
}

} // namespace
} // namespace vwb::test
