// postroom connect: one conversation with a mail server, step by step, with nothing stored and no server of ours.
#include "base/text.hpp"
#include "checks/conversation.hpp"
#include "cli/access-token.hpp"
#include "cli/commands.hpp"
#include "cli/configuration.hpp"
#include "cli/connection.hpp"
#include "cli/explanation.hpp"
#include "cli/mail-servers.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>

namespace postroom::cli {

namespace {

namespace asio = boost::asio;
using checks::Purpose;

struct Given {
    std::string host, account, mailbox, user, folder, token_file, token_command, format = "text", config, on, socket;
    DeviceCodeAsked device;
    std::vector<std::string> anchors;
    bool device_code = false, starttls = false, implicit_tls = false, transcript = false;
    int limit = 15;
};

// For people, on stderr: what is printed on stdout stays a report.
class Shown final : public net::Transcript {
public:
    void sent(Wire const& wire) override { show("C: ", wire.masked()); }
    void received(std::string_view bytes) override { show("S: ", bytes); }
    void note(std::string_view text) override { show("-- ", text); }

    static void show(std::string_view who, std::string_view text)
    {
        for (auto const line : split(text, '\n'))
            if (!trim(line).empty()) std::cerr << who << printable(trim(line), 2'000) << '\n';
    }
};

// Runs one coroutine to its end.
template <class T>
T run(asio::io_context& loop, net::awaitable<T> work)
{
    std::optional<T> result;
    std::exception_ptr trouble;
    asio::co_spawn(loop, std::move(work), [&](std::exception_ptr const& thrown, T value) {
        trouble = thrown;
        if (!thrown) result.emplace(std::move(value));
    });
    loop.run();
    loop.restart();
    if (trouble) std::rethrow_exception(trouble);
    return std::move(*result);
}

std::optional<Secret> token_of(Given const& given, asio::io_context& loop, std::shared_ptr<net::TlsContext> const& tls,
                               std::shared_ptr<net::Proxy const> const& proxy)
{
    if (!given.token_file.empty()) return token_in(given.token_file);
    if (!given.token_command.empty()) return token_from(given.token_command);
    if (!given.device_code) return std::nullopt;
    if (given.device.authority.empty() || given.device.client_id.empty() || given.device.scopes.empty())
        throw Exit(wrong_usage, say("--device-code takes --authority, --client-id and --scope, too"));
    net::Https https(loop.get_executor(), tls, proxy);
    auto token = run(loop, token_by_device_code(https, given.device));
    if (!token) {
        auto const means = model::explain(token.error().message);
        throw Exit(failed,
                   say(token.error().words) +
                       (means.known() ? "\n\n" + std::string(trim(explained(means, token.error().message))) : ""));
    }
    return std::move(*token);
}

json::object asked_of(Purpose purpose, Given const& given, std::optional<Secret> const& token)
{
    auto protocol = to_lower(to_string(purpose));
    json::object asked{{"protocol", std::move(protocol)}, {"limit_s", given.limit}, {"transcript", given.transcript}};
    auto const add = [&](char const* name, std::string const& value) {
        if (!value.empty()) asked[name] = value;
    };
    add("host", given.host);
    add("account", given.account);
    add("mailbox", given.mailbox);
    add("user", given.user);
    add("folder", given.folder);
    add("on", given.on);
    if (given.starttls || given.implicit_tls) asked["implicit_tls"] = given.implicit_tls;
    if (token) asked["token"] = std::string(token->expose());
    return asked;
}

// By a server of the installation: on which, or with the token of whose account, was said.
json::object elsewhere(Purpose purpose, Given const& given, std::optional<Secret> const& token,
                       std::string const& socket)
{
    ServerClient const server(given.socket.empty() ? socket : given.socket);
    auto talk = connection_elsewhere(server, asked_of(purpose, given, token));
    for (auto const& each : talk.at("dialogue").as_array()) {
        auto const who = member(each.as_object(), "who");
        Shown::show(who == "client" ? "C: " : who == "server" ? "S: " : "-- ", member(each.as_object(), "text"));
    }
    return talk;
}

int connect(Purpose purpose, Given const& given)
{
    auto const configuration = or_exit(read_configuration(given.config), wrong_usage);
    auto anchors = configuration.anchors;
    anchors.insert(anchors.end(), given.anchors.begin(), given.anchors.end());
    auto const tls = or_exit(net::TlsContext::client(anchors), wrong_usage);
    if (given.host.empty() && given.account.empty()) throw Exit(wrong_usage, say("say which mail server"));
    asio::io_context loop{1};
    checks::Way way;
    way.purpose = purpose;
    if (!given.host.empty()) way.server = or_exit(parse_endpoint(given.host, checks::usual_port(purpose)), wrong_usage);
    way.implicit_tls = purpose == Purpose::smtp ? given.implicit_tls : !given.starttls;
    if (!given.folder.empty()) way.folder = given.folder;
    way.limit = std::chrono::seconds(given.limit);
    way.host_name = host_name();
    way.tls = tls;
    way.proxy = configuration.proxy;
    if (given.transcript) way.transcript = std::make_shared<Shown>();
    auto token = token_of(given, loop, tls, configuration.proxy);
    if (token && given.user.empty()) throw Exit(wrong_usage, say("--user says as whom to sign in with the token"));
    json::object talk;
    if (!given.on.empty() || !given.account.empty()) {
        talk = elsewhere(purpose, given, token, configuration.socket);
    } else {
        if (token)
            way.proof = grants::Proof{
                .secret = std::move(*token), .password = false, .ends = Instant::max(), .owner = given.user};
        way.user = given.user;
        net::Resolver resolver(loop.get_executor());
        talk = connection_here(run(loop, checks::converse(resolver, std::move(way))));
    }
    print(given.format == "json" ? json::serialize(talk) + "\n" : connection_in_text(talk));
    return talk.at("held").as_bool() ? done : failed;
}

}  // namespace

void add_connect_command(Commands& commands)
{
    auto& group = commands.group("connect", say("Try a mail server step by step, with nothing stored"));
    struct Kind {
        char const* name;
        Purpose purpose;
        std::string meaning;
    };
    for (auto const& kind : {Kind{"imap", Purpose::imap, say("Sign in over IMAP, and look into a folder")},
                             Kind{"pop3", Purpose::pop3, say("Sign in over POP3, and list the mailbox")},
                             Kind{"smtp", Purpose::smtp, say("Sign in to submission; nothing is sent")}}) {
        auto const given = std::make_shared<Given>();
        auto& leaf = commands.leaf(
            group, kind.name, kind.meaning,
            // lint-strings: allow
            fmt::format("postroom connect {} outlook.office365.com --user sales@contoso.com "
                        "--token-file token.txt --transcript",
                        kind.name),
            say("Needs no running server, but for --on and --account. Without a token it ends before the sign-in. Exit "
                "code 0 where every step held, 1 otherwise."));
        leaf.add_option("HOST", given->host,
                        say("The server, as host or host:port; with --account that account's own, unless it is said"));
        auto* const account =
            leaf.add_option("--account", given->account, say("With the token that this account has; nobody sees it"));
        account->type_name(say("NAME"));
        leaf.add_option("--mailbox", given->mailbox, say("Of --account: which to open, or to send from"))
            ->needs(account)
            ->type_name(say("ADDRESS"));
        auto* const user =
            leaf.add_option("--user", given->user, say("As whom to sign in: the mailbox; of SMTP the token's owner"));
        auto* const file = leaf.add_option("--token-file", given->token_file,
                                           say("A file whose first line is an access token; - is standard input"));
        auto* const command =
            leaf.add_option("--token-command", given->token_command, say("A command that prints an access token"));
        auto* const device = leaf.add_flag("--device-code", given->device_code,
                                           say("Get a token by a code that is entered in any browser"));
        file->excludes(command)->excludes(device);
        command->excludes(device);
        account->excludes(file)->excludes(command)->excludes(device)->excludes(user);
        leaf.add_option("--authority", given->device.authority,
                        say("Of --device-code: the provider's URL, with the tenant"));
        leaf.add_option("--client-id", given->device.client_id, say("Of --device-code: the application's"));
        leaf.add_option("--scope", given->device.scopes,
                        say("Of --device-code: what to ask for; may be given several times"));
        if (kind.purpose == Purpose::smtp)
            leaf.add_flag("--implicit-tls", given->implicit_tls, say("TLS from the first byte, as on port 465"));
        else
            leaf.add_flag("--starttls", given->starttls, say("TLS begins later, as on ports 143 and 110"));
        if (kind.purpose == Purpose::imap)
            leaf.add_option("--folder", given->folder, say("Which to open; INBOX otherwise"));
        leaf.add_option("--anchor", given->anchors, say("A PEM file to trust beside the system's; several times"));
        leaf.add_option("--limit", given->limit, say("Seconds to wait for each answer"))->check(between(1, 600));
        leaf.add_flag("--transcript", given->transcript, say("Show what is said on stderr, secrets masked"));
        leaf.add_option("--on", given->on, say("Have this server of the installation do it, and show what it sees"))
            ->type_name(say("SERVER"));
        leaf.add_option("--socket", given->socket, say("Of --on and --account: the running server's Unix socket"))
            ->envname("POSTROOM_SOCKET")
            ->type_name(say("FILE"));
        leaf.add_option("--config", given->config, say("The configuration file: proxy and trust anchors"))
            ->type_name(say("FILE"));
        leaf.add_option("--format", given->format, say("How to print: text or json"))
            ->check(CLI::IsMember({"text", "json"}));
        auto const purpose = kind.purpose;
        commands.runs(leaf, [given, purpose] { return connect(purpose, *given); });
    }
}

}  // namespace postroom::cli
