// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vwb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

template <typename Options> Options parsed(const std::vector<std::string>& arguments)
{
    auto outcome = parse_command_line(arguments);
    const auto* end = std::get_if<CommandLineEnd>(&outcome);
    EXPECT_EQ(end, nullptr) << (end ? end->errors + end->output : "");
    const auto* line = std::get_if<CommandLine>(&outcome);
    const auto* options = line ? std::get_if<Options>(&line->command) : nullptr;
    EXPECT_NE(options, nullptr);
    return options ? *options : Options {};
}

CommandLineEnd ended(const std::vector<std::string>& arguments)
{
    auto outcome = parse_command_line(arguments);
    const auto* end = std::get_if<CommandLineEnd>(&outcome);
    EXPECT_NE(end, nullptr);
    return end ? *end : CommandLineEnd { -1, {}, {} };
}

TEST(CommandLine, RunTakesAllItsOptions)
{
    const auto options
        = parsed<RunOptions>({ "run", "b.toml", "--control", "/c", "--ready-fd=3", "--check" });
    EXPECT_EQ(options.bench, "b.toml");
    EXPECT_EQ(options.control, "/c");
    EXPECT_EQ(options.ready_fd, 3);
    EXPECT_TRUE(options.check);
    EXPECT_EQ(parsed<RunOptions>({ "run", "b.toml" }).ready_fd, -1);
}

TEST(CommandLine, DemoTakesAllItsOptions)
{
    const auto options = parsed<DemoOptions>({ "demo", "--seconds", "2.5", "--quick", "--json" });
    EXPECT_EQ(options.seconds, 2.5);
    EXPECT_TRUE(options.quick);
    EXPECT_TRUE(options.json);
    EXPECT_EQ(ended({ "demo", "--seconds", "0" }).status, 2);
}

TEST(CommandLine, WatchTakesFilterKindsAndLimits)
{
    const auto options = parsed<WatchOptions>({ "watch", "!(status == OK)", "--kind",
        "requests,problems", "--kind", "calls", "--count", "10", "--timeout", "1.5s", "--json" });
    EXPECT_EQ(options.filter, "!(status == OK)");
    EXPECT_THAT(options.kinds, ElementsAre("requests", "problems", "calls"));
    EXPECT_EQ(options.count, 10u);
    EXPECT_EQ(options.timeout, 1500ms);
    EXPECT_TRUE(options.observer.json);
}

TEST(CommandLine, ObserverCommandsTakeTheirWords)
{
    EXPECT_EQ(parsed<InspectOptions>({ "inspect", "gpio0.queues" }).path, "gpio0.queues");
    EXPECT_EQ(parsed<InspectOptions>({ "inspect" }).path, "");
    EXPECT_THAT(parsed<GetOptions>({ "get", "gpio0.a", "gpio0.b" }).signals,
        ElementsAre("gpio0.a", "gpio0.b"));
    EXPECT_THAT(parsed<SetOptions>({ "set", "gpio0.a=1", "gpio0.b=-2" }).assignments,
        ElementsAre("gpio0.a=1", "gpio0.b=-2"));
    const auto call = parsed<CallOptions>({ "call", "gpio0", "pulse", "signal=a", "width=5us" });
    EXPECT_EQ(call.device, "gpio0");
    EXPECT_EQ(call.action, "pulse");
    EXPECT_THAT(call.parameters, ElementsAre("signal=a", "width=5us"));
    EXPECT_EQ(parsed<ListOptions>({ "list", "--control", "/c" }).observer.control, "/c");
    EXPECT_TRUE(parsed<ProblemsOptions>({ "problems", "gpio0", "--strict" }).strict);
    const auto features = parsed<FeaturesOptions>({ "features", "gpio0", "--withhold", "EVENT_IDX",
        "--withhold", "IRQ", "--queue-size=16", "--usual" });
    EXPECT_EQ(features.device, "gpio0");
    EXPECT_THAT(features.withhold, ElementsAre("EVENT_IDX", "IRQ"));
    EXPECT_TRUE(features.offer.empty());
    EXPECT_EQ(features.queue_size, 16u);
    EXPECT_FALSE(features.queues);
    EXPECT_TRUE(features.usual);
    EXPECT_EQ(parsed<ResetOptions>({ "reset", "gpio0" }).device, "gpio0");
    EXPECT_EQ(parsed<DisconnectOptions>({ "disconnect", "gpio0" }).device, "gpio0");
    EXPECT_EQ(parsed<ShutdownOptions>({ "shutdown", "--control=/c" }).observer.control, "/c");
    EXPECT_TRUE(parsed<DoctorOptions>({ "doctor", "--json" }).json);
}

TEST(CommandLine, GuestRunHandsTheCommandOnUntouched)
{
    const auto options = parsed<GuestRunOptions>({ "guest", "run", "--kernel", "linux", "--dt",
        "a.dtb", "--memory", "256M", "--timeout", "60s", "--boot-timeout", "5s", "--console",
        "--append", "a=1", "--append", "b", "--", "ls", "-l", "--json", "--", "x" });
    EXPECT_EQ(options.kernel, "linux");
    EXPECT_EQ(options.device_tree, "a.dtb");
    EXPECT_EQ(options.memory, 256u << 20);
    EXPECT_EQ(options.timeout, 60s);
    EXPECT_EQ(options.boot_timeout, 5s);
    EXPECT_TRUE(options.show_console);
    EXPECT_THAT(options.kernel_arguments, ElementsAre("a=1", "b"));
    EXPECT_THAT(options.command, ElementsAre("ls", "-l", "--json", "--", "x"));
}

TEST(CommandLine, GuestBuildHandsItsOptionsToTheScript)
{
    EXPECT_THAT(parsed<GuestBuildOptions>({ "guest", "build", "--force", "-j", "2" }).arguments,
        ElementsAre("--force", "-j", "2"));
    EXPECT_THAT(parsed<GuestBuildOptions>({ "guest", "build" }).arguments, ElementsAre());
}

TEST(CommandLine, MistypedWordsAreAnsweredWithTheNearest)
{
    EXPECT_THAT(ended({ "lsit" }).errors, HasSubstr("unknown command 'lsit'; did you mean 'list'"));
    EXPECT_THAT(ended({ "list", "--jsn" }).errors, HasSubstr("did you mean '--json'"));
    EXPECT_THAT(ended({ "guest", "rnu" }).errors, HasSubstr("did you mean 'run'"));
    EXPECT_EQ(ended({ "lsit" }).status, 2);
    EXPECT_EQ(ended({ "lsit" }).output, "");
}

TEST(CommandLine, WrongUsageNamesTheCommandAndTheArgument)
{
    EXPECT_THAT(ended({ "run" }).errors, HasSubstr("vwb run: BENCH is required"));
    EXPECT_THAT(ended({ "run" }).errors, HasSubstr("Try 'vwb run --help'"));
    EXPECT_THAT(ended({ "guest", "run" }).errors, HasSubstr("Try 'vwb guest run --help'"));
    EXPECT_THAT(ended({ "watch", "--timeout", "5" }).errors, HasSubstr("units are ns, us, ms"));
    EXPECT_THAT(ended({ "watch", "--kind", "nonsense" }).errors, HasSubstr("signals"));
    EXPECT_THAT(ended({ "list", "surplus" }).errors, HasSubstr("unexpected argument 'surplus'"));
}

TEST(CommandLine, NothingAtAllIsAnsweredWithHelp)
{
    EXPECT_EQ(ended({}).status, 2);
    EXPECT_THAT(ended({}).errors, HasSubstr("vwb demo"));
    EXPECT_THAT(ended({ "guest" }).errors, HasSubstr("vwb guest build"));
}

TEST(CommandLine, HelpShowsExamplesBeforeOptionsAndTheExitCodes)
{
    const auto help = ended({ "--help" });
    EXPECT_EQ(help.status, 0);
    EXPECT_EQ(help.errors, "");
    EXPECT_LT(help.output.find("Examples:"), help.output.find("Options:"));
    EXPECT_THAT(help.output, HasSubstr("Exit codes:"));
    for (const char* command : { "run", "demo", "list", "inspect", "watch", "get", "set", "signal",
             "call", "problems", "features", "reset", "disconnect", "shutdown", "guest", "doctor" })
        EXPECT_THAT(help.output, HasSubstr(std::string("\n  ") + command + " "));
}

TEST(CommandLine, EveryCommandHasHelpWithExamples)
{
    for (const char* command :
        { "run", "demo", "list", "inspect", "watch", "get", "set", "signal", "call", "problems",
            "features", "reset", "disconnect", "shutdown", "guest", "doctor" }) {
        const auto help = ended({ command, "--help" });
        EXPECT_EQ(help.status, 0);
        EXPECT_THAT(help.output, HasSubstr(std::string("Examples:\n  vwb ") + command));
        EXPECT_THAT(help.output, HasSubstr(std::string("Usage: vwb ") + command));
    }
    EXPECT_THAT(ended({ "watch", "--help" }).output, HasSubstr("used_length"));
    EXPECT_THAT(ended({ "guest", "run", "--help" }).output, HasSubstr("Usage: vwb guest run"));
}

TEST(CommandLine, VersionIsOneLine)
{
    EXPECT_EQ(ended({ "--version" }).output, "vhost-workbench " VWB_VERSION "\n");
}

TEST(CommandLine, VerbosityIsTheLogLevel)
{
    const auto level = [](const std::vector<std::string>& arguments) {
        return std::get<CommandLine>(parse_command_line(arguments)).log_level;
    };
    EXPECT_EQ(level({ "list" }), std::nullopt);
    EXPECT_EQ(level({ "-v", "list" }), LogLevel::Info);
    EXPECT_EQ(level({ "-vv", "list" }), LogLevel::Debug);
    EXPECT_EQ(level({ "-q", "list" }), LogLevel::Error);
}

} // namespace
} // namespace vwb
