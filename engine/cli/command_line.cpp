// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/command_line.h"

#include "engine/base/config.h"
#include "engine/base/units.h"
#include "engine/cli/command_texts.h"
#include "engine/cli/exit_code.h"

#include <CLI/CLI.hpp>

#include <map>
#include <memory>
#include <sstream>

namespace vwb {
namespace {

constexpr size_t HELP_COLUMN = 28;
constexpr size_t HELP_WIDTH = 80;

// "  left      right, wrapped under itself"
std::string help_line(const std::string& left, const std::string& right)
{
    std::string text = "  " + left;
    size_t column = HELP_WIDTH; // a long left side has its line for itself
    if (text.size() + 2 <= HELP_COLUMN) {
        text.resize(HELP_COLUMN, ' ');
        column = HELP_COLUMN;
    }
    std::istringstream words(right);
    for (std::string word; words >> word;) {
        if (column + word.size() >= HELP_WIDTH) {
            text += "\n" + std::string(HELP_COLUMN, ' ');
            column = HELP_COLUMN;
        }
        text += (text.back() == ' ' ? "" : " ") + word;
        column += word.size() + 1;
    }
    return text + "\n";
}

// Help that shows what to type first and explains afterwards.
class ExamplesFirst final : public CLI::Formatter {
public:
    ExamplesFirst() { label("Positionals", "Arguments"); }

    void set_examples(const CLI::App* app, std::string examples)
    {
        m_examples[app] = std::move(examples);
    }

    std::string make_help(
        const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override
    {
        std::string help = make_description(app);
        if (const auto found = m_examples.find(app); found != m_examples.end())
            help += "\nExamples:\n" + found->second;
        help += "\n" + make_usage(app, std::move(name));
        help += make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode);
        const std::string footer = make_footer(app);
        return footer.empty() ? help : help + "\n" + footer;
    }

    std::string make_usage(const CLI::App* app, std::string name) const override
    {
        std::string usage = "Usage: " + name + " [OPTIONS]";
        for (const auto* option : app->get_options()) {
            if (option->get_positional())
                usage += " " + make_option_usage(option);
        }
        return usage + (app->get_subcommands({}).empty() ? "\n" : " COMMAND\n");
    }

    std::string make_option_usage(const CLI::Option* option) const override
    {
        const std::string& text = option->get_option_text();
        return option->get_required() ? text : "[" + text + "]";
    }

    std::string make_option(const CLI::Option* option, bool) const override
    {
        if (option->get_positional())
            return help_line(option->get_option_text(), option->get_description());
        std::string name = option->get_name(false, true);
        if (const size_t comma = name.find(','); comma != name.npos)
            name.insert(comma + 1, " ");
        if (!option->get_option_text().empty())
            name += " " + option->get_option_text();
        return help_line(name, option->get_description());
    }

    std::string make_subcommand(const CLI::App* app) const override
    {
        return help_line(app->get_name(), app->get_description());
    }

private:
    std::map<const CLI::App*, std::string> m_examples;
};

// How an option's value, or a positional argument, is called in help and errors.
CLI::Option* named(CLI::Option* option, const char* name)
{
    return option->option_text(name)->type_name(name);
}

class Parser {
public:
    Parser();
    std::variant<CommandLine, CommandLineEnd> parse(std::vector<std::string> arguments);

private:
    CLI::App* add(CLI::App& parent, const texts::CommandText& text);
    // The options become the outcome if their command is the one that was given.
    template <typename Options> Options& options_of(CLI::App* app)
    {
        auto options = std::make_shared<Options>();
        app->final_callback([this, options] { m_line.command = *options; });
        return *options;
    }
    static void add_observer(CLI::App* app, ObserverOptions& options);
    static void add_device(CLI::App* app, std::string& device);
    static void add_duration(
        CLI::App* app, const std::string& name, Duration& target, const std::string& help);

    void add_run();
    void add_demo();
    void add_doctor();
    void add_list();
    void add_inspect();
    void add_watch();
    void add_problems();
    void add_get();
    void add_set();
    void add_call();
    void add_features();
    void add_reset_and_disconnect();
    void add_shutdown();
    void add_guest();
    void add_guest_build(CLI::App& guest);
    void add_guest_run(CLI::App& guest);

    CommandLineEnd finish(const CLI::ParseError& error);
    CommandLineEnd usage_error(const std::string& text) const;
    std::string suggestion() const;
    const CLI::App* given() const;

    CLI::App m_app { texts::PROGRAM, "vwb" };
    std::shared_ptr<ExamplesFirst> m_formatter = std::make_shared<ExamplesFirst>();
    CommandLine m_line;
    int m_verbose = 0;
    bool m_quiet = false;
};

Parser::Parser()
{
    m_app.formatter(m_formatter);
    m_app.set_help_flag("-h,--help", "Print this help and exit");
    m_app.set_version_flag(
        "--version", "vhost-workbench " VWB_VERSION, "Print the version and exit");
    m_app.add_flag("-v,--verbose", m_verbose, "Log more to standard error; twice: even more");
    m_app.add_flag("-q,--quiet", m_quiet, "Log errors only");
    m_app.require_subcommand(0, 1);
    m_app.footer("Environment and exit codes: 'vwb --help'."); // what commands inherit
    m_formatter->set_examples(&m_app, texts::PROGRAM_EXAMPLES);
    add_run();
    add_demo();
    add_doctor();
    add_list();
    add_inspect();
    add_watch();
    add_problems();
    add_get();
    add_set();
    add_call();
    add_features();
    add_reset_and_disconnect();
    add_shutdown();
    add_guest();
    m_app.footer("'vwb COMMAND --help' explains a command with examples.\n\n"
        + std::string(texts::ENVIRONMENT) + "\n" + exit_code_help());
}

CLI::App* Parser::add(CLI::App& parent, const texts::CommandText& text)
{
    CLI::App* app = parent.add_subcommand(text.name, text.description);
    app->group(text.group);
    m_formatter->set_examples(app, text.examples);
    return app;
}

void Parser::add_observer(CLI::App* app, ObserverOptions& options)
{
    named(app->add_option("--control", options.control,
              "Control socket of the bench; default: $VWB_CONTROL, else the only bench that runs"),
        "PATH");
    app->add_flag("--json", options.json, "Print JSON: one object, or one a line for streams");
}

void Parser::add_device(CLI::App* app, std::string& device)
{
    named(app->add_option("DEVICE", device, "Name of a device, as 'vwb list' shows it"), "DEVICE")
        ->required();
}

void Parser::add_duration(
    CLI::App* app, const std::string& name, Duration& target, const std::string& help)
{
    const auto parse = [&target](const std::string& text) {
        const auto duration = parse_duration(text);
        if (!duration)
            throw CLI::ValidationError(duration.error().message());
        target = *duration;
    };
    named(app->add_option_function<std::string>(name, parse, help), "DURATION");
}

void Parser::add_run()
{
    CLI::App* app = add(m_app, texts::RUN);
    auto& options = options_of<RunOptions>(app);
    named(app->add_option("BENCH", options.bench, "Bench file"), "BENCH.toml")->required();
    named(app->add_option("--control", options.control,
              "Control socket to make; default: named after the bench, in "
              "$XDG_RUNTIME_DIR/vhost-workbench"),
        "PATH");
    named(app->add_option("--ready-fd", options.ready_fd,
              "Write READY=1 to this descriptor when all sockets listen"),
        "N")
        ->check(CLI::NonNegativeNumber);
    app->add_flag("--check", options.check, "Check the bench file and exit");
}

void Parser::add_demo()
{
    CLI::App* app = add(m_app, texts::DEMO);
    auto& options = options_of<DemoOptions>(app);
    named(app->add_option("--seconds", options.seconds, "How long to drive them (default: 5)"), "N")
        ->check(CLI::Range(0.1, 86400.0));
    app->add_flag("--quick", options.quick, "As short as an honest check can be");
    app->add_flag("--json", options.json, "Print the summary as JSON");
}

void Parser::add_doctor()
{
    CLI::App* app = add(m_app, texts::DOCTOR);
    app->add_flag("--json", options_of<DoctorOptions>(app).json, "Print JSON");
}

void Parser::add_list()
{
    CLI::App* app = add(m_app, texts::LIST);
    add_observer(app, options_of<ListOptions>(app).observer);
}

void Parser::add_inspect()
{
    CLI::App* app = add(m_app, texts::INSPECT);
    auto& options = options_of<InspectOptions>(app);
    named(app->add_option("PATH", options.path, "Device, then names down its tree"), "PATH");
    add_observer(app, options.observer);
}

void Parser::add_watch()
{
    CLI::App* app = add(m_app, texts::WATCH);
    auto& options = options_of<WatchOptions>(app);
    named(app->add_option("FILTER", options.filter, "Show only what fits, see below"), "FILTER");
    named(app->add_option("--kind", options.kinds,
              "What to show: requests, popped, problems, signals, messages, states, calls "
              "(default: requests and problems)"),
        "KIND[,KIND]")
        ->delimiter(',')
        ->check(CLI::IsMember(std::vector<std::string> {
            "requests", "popped", "problems", "signals", "messages", "states", "calls" }));
    named(app->add_option("--count", options.count, "End after N events"), "N")
        ->check(CLI::PositiveNumber);
    add_duration(app, "--timeout", options.timeout,
        "End after this time (50ms, 2s, 1min); exit code 124 if --count was not reached");
    add_observer(app, options.observer);
    app->footer(std::string(texts::FILTERS) + "\n" + m_app.get_footer());
}

void Parser::add_problems()
{
    CLI::App* app = add(m_app, texts::PROBLEMS);
    auto& options = options_of<ProblemsOptions>(app);
    named(app->add_option("DEVICE", options.device, "Only of this device"), "DEVICE");
    app->add_flag("--strict", options.strict, "Exit code 5 if there are problems");
    add_observer(app, options.observer);
}

void Parser::add_get()
{
    CLI::App* app = add(m_app, texts::GET);
    auto& options = options_of<GetOptions>(app);
    named(app->add_option("SIGNAL", options.signals, "DEVICE.SIGNAL, or DEVICE for all of it"),
        "SIGNAL...")
        ->required();
    add_observer(app, options.observer);
}

void Parser::add_set()
{
    CLI::App* app = add(m_app, texts::SET);
    auto& options = options_of<SetOptions>(app);
    named(app->add_option("SIGNAL", options.assignments, "DEVICE.SIGNAL=VALUE"), "SIGNAL=VALUE...")
        ->required();
    add_observer(app, options.observer);
}

void Parser::add_call()
{
    CLI::App* app = add(m_app, texts::CALL);
    auto& options = options_of<CallOptions>(app);
    add_device(app, options.device);
    named(app->add_option("ACTION", options.action, "Action of this device"), "ACTION");
    named(app->add_option("KEY", options.parameters, "Parameters of the action"), "KEY=VALUE...");
    add_observer(app, options.observer);
}

void Parser::add_features()
{
    CLI::App* app = add(m_app, texts::FEATURES);
    auto& options = options_of<FeaturesOptions>(app);
    add_device(app, options.device);
    const auto bits = [app](const char* name, std::vector<std::string>& into, const char* help) {
        named(app->add_option(name, into, help), "NAME")->allow_extra_args(false);
    };
    bits("--offer", options.offer, "Offer this feature too; may be repeated");
    bits("--withhold", options.withhold, "Do not offer this feature; may be repeated");
    bits("--protocol-offer", options.protocol_offer, "The same of vhost-user's protocol features");
    bits("--protocol-withhold", options.protocol_withhold,
        "The same of vhost-user's protocol features");
    app->add_option("--queues", options.queues, "Cap on the number of queues; 0: none");
    app->add_option("--queue-size", options.queue_size, "Cap on the entries of a queue; 0: none");
    app->add_option("--segments", options.segments, "Cap on the segments of a chain; 0: none");
    app->add_flag("--usual", options.usual, "Turn everything back first");
    add_observer(app, options.observer);
}

void Parser::add_reset_and_disconnect()
{
    CLI::App* reset = add(m_app, texts::RESET);
    auto& reset_options = options_of<ResetOptions>(reset);
    add_device(reset, reset_options.device);
    add_observer(reset, reset_options.observer);

    CLI::App* disconnect = add(m_app, texts::DISCONNECT);
    auto& disconnect_options = options_of<DisconnectOptions>(disconnect);
    add_device(disconnect, disconnect_options.device);
    add_observer(disconnect, disconnect_options.observer);
}

void Parser::add_shutdown()
{
    CLI::App* app = add(m_app, texts::SHUTDOWN);
    add_observer(app, options_of<ShutdownOptions>(app).observer);
}

void Parser::add_guest()
{
    CLI::App* guest = add(m_app, texts::GUEST);
    guest->require_subcommand(0, 1);
    add_guest_build(*guest);
    add_guest_run(*guest);
}

void Parser::add_guest_build(CLI::App& guest)
{
    CLI::App* app = add(guest, texts::GUEST_BUILD);
    app->prefix_command(); // options are those of the script and are handed on untouched
    app->final_callback([this, app] { m_line.command = GuestBuildOptions { app->remaining() }; });
}

void Parser::add_guest_run(CLI::App& guest)
{
    CLI::App* app = add(guest, texts::GUEST_RUN);
    auto& options = options_of<GuestRunOptions>(app);
    named(
        app->add_option("COMMAND", options.command, "Command to run in the guest"), "-- COMMAND...")
        ->required();
    named(app->add_option("--kernel", options.kernel,
              "User-Mode Linux kernel; default: $VWB_GUEST, else the one of 'vwb guest build'"),
        "FILE");
    auto* bench = named(app->add_option("--bench", options.bench,
                            "Bench file; default: the bench that runs, else one of every device"),
        "FILE");
    named(app->add_option("--control", options.control, "Control socket of a running bench to use"),
        "PATH")
        ->excludes(bench);
    named(app->add_option("--dt", options.device_tree,
              "Device tree for the guest: a blob, or a .dts with ${gpio0} for the socket path of "
              "gpio0"),
        "FILE");
    const auto parse_memory = [&options](const std::string& text) {
        const auto size = parse_size(text);
        if (!size)
            throw CLI::ValidationError(size.error().message());
        options.memory = *size;
    };
    named(app->add_option_function<std::string>("--memory", parse_memory, "Memory of the guest"),
        "SIZE");
    add_duration(app, "--timeout", options.timeout, "End the guest after this time, exit code 124");
    add_duration(app, "--boot-timeout", options.boot_timeout,
        "How long the guest may take until the command starts");
    app->add_flag("--console", options.show_console, "Show the guest's console on standard error");
    named(app->add_option("--append", options.kernel_arguments,
              "One more argument for the kernel; may be repeated"),
        "ARGUMENT")
        ->allow_extra_args(false);
}

const CLI::App* Parser::given() const
{
    const CLI::App* app = &m_app;
    while (!app->get_subcommands().empty())
        app = app->get_subcommands().back();
    return app;
}

// What the user may have meant by the first word that nobody understood, or an empty text.
std::string Parser::suggestion() const
{
    const CLI::App& app = *given();
    const auto words = app.remaining();
    if (words.empty())
        return {};
    std::vector<std::string> known;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames())
            known.push_back("--" + name);
    }
    const bool has_commands = !app.get_subcommands({}).empty();
    for (const auto* command : app.get_subcommands({}))
        known.push_back(command->get_name());
    const char* what = "unexpected argument";
    if (words[0].starts_with("-"))
        what = "unknown option";
    else if (has_commands)
        what = "unknown command";
    const std::string near = nearest_word(words[0], known);
    return std::string(what) + " '" + words[0] + "'"
        + (near.empty() ? "" : "; did you mean '" + near + "'?");
}

CommandLineEnd Parser::usage_error(const std::string& text) const
{
    std::string name;
    for (const CLI::App* app = given(); app; app = app->get_parent())
        name = app->get_name() + (name.empty() ? "" : " ") + name;
    CommandLineEnd end;
    end.status = static_cast<int>(ExitCode::Usage);
    end.errors = name + ": " + text + "\nTry '" + name + " --help'.\n";
    return end;
}

CommandLineEnd Parser::finish(const CLI::ParseError& error)
{
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) { // --help, --version
        std::ostringstream output;
        m_app.exit(error, output, output);
        return { 0, output.str(), {} };
    }
    const std::string text = suggestion();
    return usage_error(text.empty() ? error.what() : text);
}

std::variant<CommandLine, CommandLineEnd> Parser::parse(std::vector<std::string> arguments)
{
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants it
    try {
        m_app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
        return finish(error);
    }
    const CLI::App* app = given();
    if (!app->get_subcommands({}).empty()) { // "vwb" or "vwb guest" alone: teach
        const CLI::App* parent = app->get_parent();
        return CommandLineEnd { static_cast<int>(ExitCode::Usage), {},
            app->help(parent ? parent->get_name() : "") };
    }
    if (m_quiet)
        m_line.log_level = LogLevel::Error;
    else if (m_verbose > 0)
        m_line.log_level = m_verbose == 1 ? LogLevel::Info : LogLevel::Debug;
    return std::move(m_line);
}

} // namespace

std::variant<CommandLine, CommandLineEnd> parse_command_line(
    const std::vector<std::string>& arguments)
{
    return Parser().parse(arguments);
}

} // namespace vwb
