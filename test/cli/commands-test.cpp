#include "cli/commands.hpp"

#include "cli/store-lock.hpp"
#include "support/scratch-folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace postroom::cli {
namespace {

struct Ran {
    int code;
    std::string out, err;
};

Ran run(std::vector<char const*> words)
{
    words.insert(words.begin(), "postroom");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Commands commands;
    int const code = commands.run(static_cast<int>(words.size()), words.data());
    std::fflush(stdout);
    return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(Commands, SayWhatIsWrongWithTheCommandLineAndEndWithTwo)
{
    std::vector<std::pair<std::vector<char const*>, std::string>> const wrong{
        {{}, "A subcommand is required"},
        {{"acount"}, "there is no command \"acount\"; there are: serve, store, "},
        {{"account", "ad"},
         "there is no command \"ad\"; there are: add, list, show, change, convert, authorize, rights, remove, "
         "transcript"},
        {{"account", "add", "x"}, "postroom account add --help"},
        {{"case", "show", "x"}, "number: \"x\" must be a whole number from 1"},
        {{"case", "reply", "1", "--text", "a", "--text-file", "b"}, "--text"},
        {{"case", "reply", "1"}, "there is nothing to say"},
        {{"case", "list", "--limit", "0"}, "--limit"},
        {{"retrieve"}, "--once is required"},
        {{"mailbox", "add", "a@b.c", "--account", "x", "--after", "burn"}, "--after"},
        {{"serve", "--role", "services"}, "takes PostgreSQL"},
        {{"version", "--format", "xml"}, "--format"},
        {{"application", "add", "x", "--client-id", "1", "--public", "--client-secret-file", "f"}, "--public"},
        {{"application", "add", "x", "--client-id", "1", "--client-secret-file", "/no/such/file"}, "can't be read"},
        {{"application", "credential"}, "A subcommand is required"},
        {{"application", "credential", "ad"}, "there is no command \"ad\"; there are: add, list, remove"},
        {{"application", "credential", "add", "x", "--certificate", "f", "--client-secret-file", "f"}, "--certificate"},
        {{"application", "credential", "add", "x", "--certificate", "f", "--ends", "2028-11-22"}, "--certificate"},
        {{"application", "credential", "add", "x", "--certificate", "/no/such/file"}, "can't be read"},
        {{"account", "add", "x", "--department", "d", "--access", "nobody's"}, "--access"},
        {{"account", "change", "x", "--password-file", "/no/such/file"}, "can't be read"},
        {{"account", "convert", "x", "--retrieve-as", "me"}, "--retrieve-as"},
        {{"user", "add", "x", "--password", "secret"}, "--password"},
        {{"lab", "mail", "--to", "a@b.c", "/no/such/file.eml"}, "can't be read"},
    };
    for (auto const& [words, expected] : wrong) {
        auto const ran = run(words);
        EXPECT_EQ(ran.code, wrong_usage) << ran.err;
        EXPECT_NE(ran.err.find(expected), std::string::npos) << "expected " << expected << "\ngot " << ran.err;
        EXPECT_EQ(ran.out, "");
    }
}

TEST(Commands, SayWhereAWrongConfigurationIsWrong)
{
    test::ScratchFolder const folder;
    auto const file = folder / "postroom.toml";
    std::ofstream(file) << "[console]\nport = 8080\n";
    for (auto const& words :
         {std::vector{"serve", "--config", file.c_str()}, std::vector{"case", "list", "--config", file.c_str()}}) {
        auto const ran = run(words);
        EXPECT_EQ(ran.code, wrong_usage);
        EXPECT_NE(ran.err.find(file + ", line 2: [console] has no key \"port\""), std::string::npos) << ran.err;
    }
}

TEST(Commands, EndWithThreeWhereNoServerAnswers)
{
    test::ScratchFolder const folder;
    auto const socket = folder / "postroom.sock";
    for (auto const& words : {std::vector{"case", "list"},
                              {"settings", "get"},
                              {"retrieve", "--once"},
                              {"account", "authorize", "sales"},
                              {"alarm", "list"}}) {
        auto with_socket = words;
        with_socket.insert(with_socket.end(), {"--socket", socket.c_str()});
        auto const ran = run(with_socket);
        EXPECT_EQ(ran.code, no_server);
        EXPECT_NE(ran.err.find(socket + " can't be reached: No such file or directory"), std::string::npos) << ran.err;
        EXPECT_NE(ran.err.find("postroom serve starts it"), std::string::npos);
    }
}

// Every command has an example and says what its exit codes mean.
void check_help(CLI::App const& app)
{
    auto const inner = app.get_subcommands([](CLI::App const*) { return true; });
    EXPECT_FALSE(app.get_description().empty()) << app.get_name();
    if (inner.empty()) {
        auto const help = app.help();
        auto path = app.get_name();
        for (auto const* above = app.get_parent(); above; above = above->get_parent())
            path = above->get_name() + " " + path;
        EXPECT_NE(help.find("Example:\n  " + path), std::string::npos) << help;
        EXPECT_NE(help.find("Exit codes: 0 "), std::string::npos) << help;
    }
    for (auto const* const each : inner) check_help(*each);
}

TEST(Commands, HelpWithAnExample)
{
    Commands commands;
    check_help(commands.root());
    auto const ran = run({"case", "reply", "--help"});
    EXPECT_EQ(ran.code, done);
    EXPECT_NE(ran.out.find("--close"), std::string::npos);
    // What it found is 1 and 2; that nothing was is another.
    EXPECT_EQ(run({"check", "--no-such-option"}).code, not_told);
    EXPECT_EQ(run({"check", "--explain", "no-such-item"}).code, not_told);
}

TEST(Commands, TellTheVersionWithoutAServer)
{
    test::ScratchFolder const folder;
    auto const ran = run({"version", "--format", "json", "--socket", (folder / "none").c_str()});
    EXPECT_EQ(ran.code, done);
    EXPECT_EQ(ran.out, "{\"program\":\"0.1.0\",\"server\":null}\n");
}

TEST(Completion, IsAScriptThatItsShellUnderstands)
{
    test::ScratchFolder const folder;
    std::ofstream(folder / "script") << run({"completion", "bash"}).out
                                     << "COMP_WORDS=(postroom account ad) COMP_CWORD=2; _postroom\n"
                                        "echo \"${COMPREPLY[*]}\"\n"
                                        "COMP_WORDS=(postroom retrieve --o) COMP_CWORD=2; _postroom\n"
                                        "echo \"${COMPREPLY[*]}\"\n"
                                        "COMP_WORDS=(postroom application credential r) COMP_CWORD=3; _postroom\n"
                                        "echo \"${COMPREPLY[*]}\"\n"
                                        "COMP_WORDS=(postroom case reply 1 --cl) COMP_CWORD=4; _postroom\n"
                                        "echo \"${COMPREPLY[*]}\"\n"
                                        "COMP_WORDS=(postroom ser) COMP_CWORD=1; _postroom\n"
                                        "echo \"${COMPREPLY[*]}\"\n";
    FILE* const shell = ::popen(("bash " + folder / "script" + " 2>&1").c_str(), "r");
    ASSERT_TRUE(shell);
    std::string said(200, '\0');
    said.resize(std::fread(said.data(), 1, said.size(), shell));
    EXPECT_EQ(::pclose(shell), 0);
    EXPECT_EQ(said, "add\n--once\nremove\n--close\nserve\n");
    EXPECT_EQ(run({"completion", "tcsh"}).code, wrong_usage);
}

TEST(Explain, NeedsNoServer)
{
    auto const known = run({"explain", "535", "5.7.139", "SmtpClientAuthentication is disabled for the Mailbox."});
    EXPECT_EQ(known.code, done) << known.err;
    EXPECT_EQ(known.out.substr(0, known.out.find('\n')),
              "Authenticated SMTP is off for the mailbox (smtp-auth-off-mailbox)");
    EXPECT_NE(known.out.find("Whose:  Exchange administrator"), std::string::npos);
    EXPECT_NE(known.out.find("Check:  smtp-enabled"), std::string::npos);
    EXPECT_EQ(run({"explain", "AADSTS50011"}).out, run({"explain", "50011"}).out);
    EXPECT_EQ(run({"explain", "-ERR Protocol error. 14"}).code, done);
    EXPECT_NE(run({"explain", "--format", "json", "432 4.3.2"}).out.find("\"id\":\"smtp-too-many-connections\""),
              std::string::npos);
}

TEST(Explain, SaysWhereNothingIsKnown)
{
    auto const code = run({"explain", "AADSTS999999"});
    EXPECT_EQ(code.code, failed);
    EXPECT_NE(code.out.find("error?code=999999"), std::string::npos) << code.out;
    auto const words = run({"explain", "599 no \x1b[31mway"});
    EXPECT_EQ(words.code, failed);
    EXPECT_EQ(words.out.find('\x1b'), std::string::npos);
    EXPECT_EQ(run({"explain"}).code, wrong_usage);
    EXPECT_EQ(run({"explain", " "}).code, wrong_usage);
    EXPECT_EQ(run({"explain", "--fromat", "json", "x"}).code, wrong_usage);
}

TEST(StoreLock, IsForOneProcessAndGoesWithIt)
{
    test::ScratchFolder const folder;
    auto const path = folder / "new/postroom.db";
    {
        auto const first = StoreLock::take(path);
        ASSERT_TRUE(first) << first.error().message;
        auto const second = StoreLock::take(path);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().kind, Trouble::conflict);
        EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos)
            << second.error().message;
    }
    EXPECT_TRUE(StoreLock::take(path));
}

}  // namespace
}  // namespace postroom::cli
