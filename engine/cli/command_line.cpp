// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/command_line.h"

#include "engine/base/config.h"
#include "engine/base/units.h"
#include "engine/cli/command_texts.h"
#include "engine/cli/declarations.h"
#include "engine/cli/exit_code.h"
#include "engine/cli/gate_texts.h"

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

// One command's arguments, given to the option library.
class CommandArguments final : public ArgumentList {
public:
    explicit CommandArguments(CLI::App& app)
        : m_app(app)
        , m_footer(app.get_footer())
    {
    }

    void argument(const char* name, std::string& into, const char* help, Need need) override
    {
        label(m_app.add_option(first_word(name), into, help), name)
            ->required(need == Need::Required);
    }
    void arguments(
        const char* text, std::vector<std::string>& into, const char* help, Need need) override
    {
        label(m_app.add_option(first_word(text), into, help), text)
            ->required(need == Need::Required);
    }
    void flag(const char* name, bool& into, const char* help) override
    {
        m_app.add_flag(name, into, help);
    }
    void text(const OptionText& option, std::string& into) override { add(option, into); }
    void texts(const OptionText& option, std::vector<std::string>& into) override
    {
        add(option, into)->allow_extra_args(false);
    }
    void words(const OptionText& option, std::vector<std::string>& into,
        const std::vector<std::string>& known) override
    {
        CLI::Option* list = add(option, into)->delimiter(',')->allow_extra_args(false);
        if (!known.empty())
            list->check(CLI::IsMember(known));
    }
    void word(
        const OptionText& option, std::string& into, const std::vector<std::string>& known) override
    {
        add(option, into)->check(CLI::IsMember(known));
    }
    void number(const OptionText& option, int& into) override
    {
        add(option, into)->check(CLI::NonNegativeNumber);
    }
    void number(const OptionText& option, uint64_t& into) override
    {
        add(option, into)->check(CLI::PositiveNumber);
    }
    void number(const OptionText& option, std::optional<uint32_t>& into) override
    {
        add(option, into);
    }
    void real(const OptionText& option, double& into, double least, double most) override
    {
        add(option, into)->check(CLI::Range(least, most));
    }
    void duration(const OptionText& option, Duration& into) override
    {
        add_parsed(option, into, parse_duration);
    }
    void size(const OptionText& option, uint64_t& into) override
    {
        add_parsed(option, into, parse_size);
    }
    void exclusive(const char* one, const char* other) override
    {
        m_app.get_option(one)->excludes(m_app.get_option(other));
    }
    void explain(const std::string& text) override { m_app.footer(text + "\n" + m_footer); }

private:
    // "SIGNAL" of "SIGNAL=VALUE..."
    static std::string first_word(std::string text)
    {
        const size_t start = text.find_first_not_of("- ");
        return text.substr(start, text.find_first_of("=. ", start) - start);
    }
    // How a value is called in help and errors.
    static CLI::Option* label(CLI::Option* option, const char* name)
    {
        return option->option_text(name)->type_name(name);
    }
    template <typename Target> CLI::Option* add(const OptionText& option, Target& into)
    {
        return label(m_app.add_option(option.name, into, option.help), option.value);
    }
    template <typename Target, typename Parse>
    void add_parsed(const OptionText& option, Target& into, Parse parse)
    {
        const auto assign = [&into, parse](const std::string& text) {
            auto value = parse(text);
            if (!value)
                throw CLI::ValidationError(value.error().message());
            into = *value;
        };
        label(
            m_app.add_option_function<std::string>(option.name, assign, option.help), option.value);
    }

    CLI::App& m_app;
    std::string m_footer;
};

class Parser {
public:
    Parser();
    std::variant<CommandLine, CommandLineEnd> parse(std::vector<std::string> arguments);

private:
    CLI::App* add(CLI::App& parent, const texts::CommandText& text);
    // The options become the outcome if their command is the one that was given.
    template <typename Options> void add_command(CLI::App& parent, const texts::CommandText& text)
    {
        auto options = std::make_shared<Options>();
        CLI::App* app = add(parent, text);
        CommandArguments list(*app);
        declare(*options, list);
        app->final_callback([this, options] { m_line.command = *options; });
    }
    CLI::App& add_group(const texts::CommandText& text);
    void add_guest();
    void add_fault();
    void add_hold();

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
    add_command<RunOptions>(m_app, texts::RUN);
    add_command<DemoOptions>(m_app, texts::DEMO);
    add_command<DoctorOptions>(m_app, texts::DOCTOR);
    add_command<ListOptions>(m_app, texts::LIST);
    add_command<InspectOptions>(m_app, texts::INSPECT);
    add_command<WatchOptions>(m_app, texts::WATCH);
    add_command<ProblemsOptions>(m_app, texts::PROBLEMS);
    add_command<GetOptions>(m_app, texts::GET);
    add_command<SetOptions>(m_app, texts::SET);
    add_command<CallOptions>(m_app, texts::CALL);
    add_command<SignalOptions>(m_app, texts::SIGNAL);
    add_command<FeaturesOptions>(m_app, texts::FEATURES);
    add_command<QueueOptions>(m_app, texts::QUEUE);
    add_command<HandshakeOptions>(m_app, texts::HANDSHAKE);
    add_command<MemoryOptions>(m_app, texts::MEMORY);
    add_command<ResetOptions>(m_app, texts::RESET);
    add_command<DisconnectOptions>(m_app, texts::DISCONNECT);
    add_command<ShutdownOptions>(m_app, texts::SHUTDOWN);
    add_command<RecordOptions>(m_app, texts::RECORD);
    add_command<DumpOptions>(m_app, texts::DUMP);
    add_command<StatsOptions>(m_app, texts::STATS);
    add_command<CompareOptions>(m_app, texts::COMPARE);
    add_command<ReplayOptions>(m_app, texts::REPLAY);
    add_command<ExtcapOptions>(m_app, texts::EXTCAP);
    add_command<InjectOptions>(m_app, texts::INJECT);
    add_fault();
    add_hold();
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

// A command that has commands.
CLI::App& Parser::add_group(const texts::CommandText& text)
{
    CLI::App* group = add(m_app, text);
    group->require_subcommand(0, 1);
    return *group;
}

void Parser::add_fault()
{
    CLI::App& group = add_group(texts::FAULT);
    add_command<FaultArmOptions>(group, texts::FAULT_ARM);
    add_command<FaultPlanOptions>(group, texts::FAULT_PLAN);
    add_command<FaultListOptions>(group, texts::FAULT_LIST);
    add_command<FaultReportOptions>(group, texts::FAULT_REPORT);
    add_command<FaultClearOptions>(group, texts::FAULT_CLEAR);
}

void Parser::add_hold()
{
    CLI::App& group = add_group(texts::HOLD);
    add_command<HoldAddOptions>(group, texts::HOLD_ADD);
    add_command<HoldListOptions>(group, texts::HOLD_LIST);
    add_command<HoldWaitOptions>(group, texts::HOLD_WAIT);
    add_command<HoldRemoveOptions>(group, texts::HOLD_REMOVE);
    add_command<HoldShowOptions>(group, texts::HOLD_SHOW);
    add_command<HoldReleaseOptions>(group, texts::HOLD_RELEASE);
    add_command<HoldStepOptions>(group, texts::HOLD_STEP);
    add_command<HoldFailOptions>(group, texts::HOLD_FAIL);
    add_command<HoldEditOptions>(group, texts::HOLD_EDIT);
    add_command<HoldAnswerOptions>(group, texts::HOLD_ANSWER);
}

void Parser::add_guest()
{
    CLI::App* guest = &add_group(texts::GUEST);
    CLI::App* build = add(*guest, texts::GUEST_BUILD);
    build->prefix_command(); // options are those of the script and are handed on untouched
    build->final_callback(
        [this, build] { m_line.command = GuestBuildOptions { build->remaining() }; });
    add_command<GuestRunOptions>(*guest, texts::GUEST_RUN);
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
