// The tree of commands. Each group of commands lives in a file of its own and hangs itself into the tree here; which
// one was chosen runs after the whole command line was understood.
#pragma once

#include "cli/exit.hpp"
#include "cli/output.hpp"
#include "cli/server-client.hpp"
#include "cli/speech.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace postroom::cli {

/// What a command that talks to the running server works with.
struct Talk {
    ServerClient server;
    bool as_json = false;

    /// Prints the API's own JSON where --format json was given, else `text`.
    void show(json::value const& answer, std::string const& text) const;
};

/// A whole number from 1.
[[nodiscard]] CLI::Validator positive();
[[nodiscard]] CLI::Validator between(int least, int most);

class Commands {
public:
    Commands();

    [[nodiscard]] CLI::App& root() { return root_; }
    /// A word that only groups: postroom department …
    CLI::App& group(std::string const& name, std::string const& meaning);
    CLI::App& inner_group(CLI::App& parent, std::string const& name, std::string const& meaning);
    /// A command, with its example and what its exit codes mean in --help.
    CLI::App& leaf(CLI::App& parent, std::string const& name, std::string const& meaning, std::string const& example,
                   std::string const& more = {}, std::string const& codes = usual_codes());
    /// Its exit codes 1 and 2 say what was found, so that it ends with not_told where nothing was.
    void finds(CLI::App const& leaf) { finding_.insert(&leaf); }

    /// What runs after the command line was understood.
    void choose(std::function<int()> work) { chosen_ = std::move(work); }
    void runs(CLI::App& leaf, std::function<int()> work);
    /// With --socket and --config, and --format where it prints data.
    void talks(CLI::App& leaf, std::function<int(Talk&)> work, bool prints = true);

    /// Parses and runs. Returns the exit code; what went wrong is on stderr.
    int run(int argc, char const* const* argv);

private:
    static std::string usual_codes();
    // The command that was given, as far as it was understood.
    CLI::App const& given() const;
    int ended(ExitCode code, std::string const& words) const;

    CLI::App root_;
    std::set<CLI::App const*> finding_;
    std::string language_;  // for --help: choose_language() took it
    std::function<int()> chosen_;
};

/// The program: chooses the language, then does what the command line says. Returns the exit code.
int run(int argc, char const* const* argv);

void add_serve_command(Commands& commands);
void add_store_commands(Commands& commands);
void add_vault_commands(Commands& commands);
void add_lab_commands(Commands& commands);
void add_user_commands(Commands& commands);
void add_token_commands(Commands& commands);
void add_application_commands(Commands& commands);
void add_department_commands(Commands& commands);
void add_account_commands(Commands& commands);
void add_authorize_commands(Commands& commands, CLI::App& account);  ///< those of the group account about its grant
void add_mailbox_commands(Commands& commands);
void add_mailbox_show(Commands& commands, CLI::App& group);
void add_mailbox_acknowledge(Commands& commands, CLI::App& group);
void add_retrieve_command(Commands& commands);
void add_reconcile_command(Commands& commands);
void add_case_commands(Commands& commands);
void add_case_queue(Commands& commands, CLI::App& group);    ///< those of the group case about whose it is
void add_case_answers(Commands& commands, CLI::App& group);  ///< those of the group case that send mail
void add_send_command(Commands& commands);
void add_sending_commands(Commands& commands);
void add_template_commands(Commands& commands);
void add_outbound_commands(Commands& commands);
void add_exception_commands(Commands& commands);
void add_screen_commands(Commands& commands);
void add_alarm_commands(Commands& commands);
void add_webhook_commands(Commands& commands);
void add_settings_commands(Commands& commands);
void add_explain_command(Commands& commands);
void add_check_command(Commands& commands);
void add_connect_command(Commands& commands);
void add_version_command(Commands& commands);
void add_completion_command(Commands& commands);

}  // namespace postroom::cli
