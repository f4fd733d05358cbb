#include "cli/commands.hpp"

#include "base/text.hpp"
#include "cli/configuration.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace postroom::cli {

namespace {

struct Where {
    std::string socket, config, format = "text";
};

std::string socket_path(Where const& where)
{
    if (!where.socket.empty()) return where.socket;
    if (char const* const given = std::getenv("POSTROOM_SOCKET"); given && *given != '\0') return given;
    return or_exit(read_configuration(where.config), wrong_usage).socket;
}

// The parser speaks English only. What it says most is said here instead; the rest as it says it.
std::string in_our_words(CLI::ParseError const& error)
{
    constexpr std::string_view required = " is required";  // lint-strings: allow
    std::string words = error.what();
    if (error.get_name() == "RequiredError" && words.starts_with("A subcommand"))
        return say("A subcommand is required");
    if (error.get_name() == "RequiredError" && words.ends_with(required))
        return say("{} is required", words.substr(0, words.size() - required.size()));
    auto const stop = words.find(": ");
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && stop != words.npos)
        return say("this was not expected: {}", words.substr(stop + 2));
    if (error.get_name() == "ValidationError" && stop != words.npos) {
        auto const value = words.find(" not in {");  // lint-strings: allow
        if (value != words.npos && words.ends_with('}'))
            return say("{}: {} is none of {}", words.substr(0, stop), words.substr(stop + 2, value - stop - 2),
                       words.substr(value + 9, words.size() - value - 10));
    }
    return words;
}

// A misspelt command is "left over" to the parser, which then says only that one is missing.
std::string words_of(CLI::ParseError const& error, CLI::App const& named)
{
    auto const left = named.remaining();
    auto const inner = named.get_subcommands([](CLI::App const*) { return true; });
    if (left.empty() || inner.empty() || left.front().starts_with('-')) return in_our_words(error);
    std::string names;
    for (auto const* const each : inner) names += (names.empty() ? "" : ", ") + each->get_name();
    return say("there is no command \"{}\"; there are: {}", left.front(), names);
}

int complain(int code, std::string_view words)
{
    fmt::print(stderr, "postroom: {}\n", for_terminal(words));
    return code;
}

}  // namespace

CLI::Validator positive()
{
    return CLI::Validator(
        [](std::string& text) {
            bool const right = !text.empty() && text.size() < 19 && text != "0" &&
                               text.find_first_not_of("0123456789") == std::string::npos;
            return right ? std::string() : say("\"{}\" must be a whole number from 1", text);
        },
        "");
}

CLI::Validator between(int least, int most)
{
    return CLI::Validator(
        [least, most](std::string& text) {
            int number = 0;
            auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
            bool const right =
                error == std::errc{} && stop == text.data() + text.size() && number >= least && number <= most;
            return right ? std::string() : say("\"{}\" must be a whole number from {} to {}", text, least, most);
        },
        fmt::format("{}-{}", least, most));
}

void Talk::show(json::value const& answer, std::string const& text) const
{
    print(as_json ? json::serialize(answer) + "\n" : text);
}

Commands::Commands() : root_(say("The mail room of a contact centre whose mailboxes live in Microsoft 365"), "postroom")
{
    auto const labels = root_.get_formatter();
    labels->label("Usage", say("Usage"));
    labels->label("OPTIONS", say("OPTIONS"));
    labels->label("SUBCOMMAND", say("SUBCOMMAND"));
    labels->label("Positionals", say("Positionals"));
    labels->label("REQUIRED", say("REQUIRED"));
    labels->label("Excludes", say("Excludes"));
    labels->label("TEXT", say("TEXT"));
    labels->label("INT", say("NUMBER"));
    root_.option_defaults()->group(say("Options"));
    root_.set_help_flag("-h,--help", say("Print this help message and exit"));
    root_
        .add_option("--lang", language_,
                    say("The language to speak: {}; otherwise what LANGUAGE, LC_ALL, LC_MESSAGES or LANG says",
                        language_codes()))
        ->type_name(say("LANGUAGE"));
    root_.require_subcommand(1);
    root_.get_formatter()->column_width(32);
    add_serve_command(*this);
    add_store_commands(*this);
    add_vault_commands(*this);
    add_lab_commands(*this);
    add_settings_commands(*this);
    add_user_commands(*this);
    add_token_commands(*this);
    add_department_commands(*this);
    add_application_commands(*this);
    add_account_commands(*this);
    add_mailbox_commands(*this);
    add_retrieve_command(*this);
    add_reconcile_command(*this);
    add_case_commands(*this);
    add_send_command(*this);
    add_outbound_commands(*this);
    add_sending_commands(*this);
    add_template_commands(*this);
    add_exception_commands(*this);
    add_screen_commands(*this);
    add_alarm_commands(*this);
    add_webhook_commands(*this);
    add_check_command(*this);
    add_connect_command(*this);
    add_explain_command(*this);
    add_version_command(*this);
    add_completion_command(*this);
}

CLI::App& Commands::group(std::string const& name, std::string const& meaning)
{
    return inner_group(root_, name, meaning);
}

CLI::App& Commands::inner_group(CLI::App& parent, std::string const& name, std::string const& meaning)
{
    auto* const added = parent.add_subcommand(name, meaning)->group(say("Subcommands"));
    added->get_help_ptr()->group(say("Options"));
    added->require_subcommand(1);
    return *added;
}

CLI::App& Commands::leaf(CLI::App& parent, std::string const& name, std::string const& meaning,
                         std::string const& example, std::string const& more, std::string const& codes)
{
    auto* const added = parent.add_subcommand(name, meaning)->group(say("Subcommands"));
    added->get_help_ptr()->group(say("Options"));
    added->footer(fmt::format("{}\n  {}\n{}{}{}", say("Example:"), example, more.empty() ? "" : "\n" + more,
                              more.empty() ? "\n" : "\n\n", codes));
    return *added;
}

std::string Commands::usual_codes()
{
    return say(
        "Exit codes: 0 done; 1 refused or failed, stderr says why; 2 wrong command line or configuration; 3 the server "
        "can't be reached.");
}

CLI::App const& Commands::given() const
{
    CLI::App const* named = &root_;
    for (auto inner = root_.get_subcommands(); !inner.empty(); inner = named->get_subcommands()) named = inner.front();
    return *named;
}

int Commands::ended(ExitCode code, std::string const& words) const
{
    bool const taken = code != no_server && finding_.contains(&given());
    return complain(taken ? not_told : code, words);
}

void Commands::runs(CLI::App& leaf, std::function<int()> work)
{
    leaf.callback([this, work = std::move(work)] { choose(work); });
}

void Commands::talks(CLI::App& leaf, std::function<int(Talk&)> work, bool prints)
{
    auto const where = std::make_shared<Where>();
    leaf.add_option("--socket", where->socket,
                    say("The running server's Unix socket; otherwise $POSTROOM_SOCKET, or what the configuration says"))
        ->type_name(say("FILE"));
    leaf.add_option("--config", where->config, say("The configuration file that names the socket"))
        ->type_name(say("FILE"));
    if (prints)
        leaf.add_option("--format", where->format, say("How to print: text, or json as the API gives it"))
            ->check(CLI::IsMember({"text", "json"}));
    runs(leaf, [where, work = std::move(work)] {
        Talk talk{ServerClient(socket_path(*where)), where->format == "json"};
        return work(talk);
    });
}

int Commands::run(int argc, char const* const* argv)
{
    try {
        root_.parse(argc, argv);
        return chosen_ ? chosen_() : done;
    } catch (CLI::Success const& help) {
        return root_.exit(help);
    } catch (CLI::ParseError const& error) {
        auto const& named = given();
        auto path = named.get_name();
        for (auto const* above = named.get_parent(); above; above = above->get_parent())
            path = above->get_name() + " " + path;
        return ended(wrong_usage, words_of(error, named) + "\n" + say("{} --help says what is right", path));
    } catch (Exit const& exit) {
        return ended(exit.code(), exit.what());
    } catch (std::exception const& error) {
        return ended(failed, say("a mistake of ours: {}", error.what()));
    }
}

int run(int argc, char const* const* argv)
{
    std::vector<char const*> words;
    try {
        words = choose_language(argc, argv);
    } catch (Exit const& exit) {
        return complain(exit.code(), exit.what());
    }
    Commands commands;
    return commands.run(static_cast<int>(words.size()), words.data());
}

}  // namespace postroom::cli
