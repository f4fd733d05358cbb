// The servers of the installation, and conversations with a mail server that one of them holds, with nothing stored.
#include "base/text.hpp"
#include "checks/elsewhere.hpp"
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/names.hpp"
#include "console/responses.hpp"
#include "model/causes.hpp"
#include "store/applications.hpp"

#include <boost/json/parse.hpp>

namespace postroom::console {

namespace {

constexpr std::int64_t most_seconds = 600;

std::string_view to_string(checks::Side side)
{
    switch (side) {
        case checks::Side::application: return "application";
        case checks::Side::services: return "services";
        case checks::Side::both: return "both";
    }
    return "";
}

checks::Purpose purpose_in(Members const& members)
{
    auto const protocol = members.text("protocol");
    if (protocol == "imap") return checks::Purpose::imap;
    if (protocol == "pop3") return checks::Purpose::pop3;
    if (protocol == "smtp") return checks::Purpose::smtp;
    throw Problem(Trouble::invalid, tr("the protocol is imap, pop3 or smtp"), "protocol");
}

checks::Connecting connecting_by(Members const& members)
{
    checks::Connecting connecting;
    connecting.purpose = purpose_in(members);
    connecting.implicit_tls = members.flag_or("implicit_tls", connecting.purpose != checks::Purpose::smtp);
    connecting.user = members.text_or("user", "");
    connecting.folder = members.text_or("folder", "INBOX");
    connecting.limit = std::chrono::seconds(members.number_or("limit_s", 15, 1, most_seconds).value_or(15));
    connecting.transcript = members.flag_or("transcript", false);
    return connecting;
}

std::optional<Endpoint> server_in(Members const& members, checks::Purpose purpose)
{
    auto const host = members.text_or("host", "");
    if (host.empty()) return std::nullopt;
    auto server = parse_endpoint(host, checks::usual_port(purpose));
    if (!server) throw Problem(server.error().kind, server.error().words, "host");
    return *server;
}

// With the token that it has, which nobody sees, and which goes nowhere else.
void use_account(store::Connection& c, checks::Connecting& connecting, Members const& members, Caller const& caller,
                 std::optional<Endpoint> const& asked)
{
    auto const account = account_named(c, caller.sight, members.text("account"), "account");
    if (account.access == model::Access::password)
        throw Problem(Trouble::invalid, tr("{} has a password, and no token", account.name), "account");
    std::optional<model::Application> application;
    if (account.application) application = store::application(c, *account.application);
    auto const place = checks::place_for_token(account, application, connecting.purpose, asked);
    if (!place) throw Problem(place.error().kind, place.error().words, "host");
    connecting.server = place->server;
    if (!members.has("implicit_tls")) connecting.implicit_tls = place->implicit_tls;
    connecting.account = account.id;
    connecting.account_name = account.name;
    auto const address = members.text_or("mailbox", "");
    if (address.empty()) return;
    auto const mailbox = mailbox_at(c, caller.sight, address, "mailbox");
    if (mailbox.account != account.id)
        throw Problem(Trouble::invalid, tr("the mailbox {} is not of the account {}", mailbox.address, account.name),
                      "mailbox");
    connecting.mailbox = mailbox.id;
    if (!members.has("folder")) connecting.folder = mailbox.folder;
}

// That of this name; where it is left open, and a token is needed, one that has them.
checks::LiveServer server_for(store::Connection& c, std::string const& on, bool needs_tokens)
{
    if (on.empty()) {
        if (!needs_tokens) throw Problem(Trouble::invalid, tr("say which server is to do it"), "on");
        for (auto const& each : checks::live_servers(c))
            if (each.side != checks::Side::application) return each;
        throw Problem(Trouble::not_found, tr("no server with the role services is running"), "on");
    }
    auto const server = checks::live_server(c, on);
    if (!server) throw Problem(server.error().kind, server.error().words, "on");
    if (needs_tokens && server->side == checks::Side::application)
        throw Problem(Trouble::invalid, tr("{} has no tokens: its role is application", server->name), "on");
    return *server;
}

// As its server left it; the causes in the reader's language.
json::object to_json(store::Job const& job, checks::Connecting const& connecting, words::Language const& language)
{
    json::object shown{{"id", postroom::to_string(job.id)},
                       {"on", job.kind.substr(checks::kind_for("").size())},
                       {"state", job.state == "waiting"   ? "waiting"
                                 : job.state == "claimed" ? "working"
                                                          : "done"},
                       {"protocol", std::string(checks::to_string(connecting.purpose))},
                       {"server", postroom::to_string(connecting.server)},
                       {"account", nullptr},
                       {"user", connecting.user},
                       {"held", false},
                       {"steps", json::array()},
                       {"causes", json::array()},
                       {"dialogue", json::array()}};
    if (connecting.account) shown["account"] = connecting.account_name;
    boost::system::error_code none;
    auto const talk = json::parse(job.output, none);
    if (none || !talk.is_object()) return shown;
    shown["held"] = job.state == "done" && talk.at("held").as_bool();
    shown["steps"] = talk.at("steps");
    if (connecting.account) shown["user"] = talk.at("user");
    if (auto const* const said = talk.as_object().if_contains("dialogue")) shown["dialogue"] = *said;
    json::array causes;
    for (auto const& each : talk.at("causes").as_array())
        if (auto const* const cause = model::find_cause(std::string_view(each.as_string())))
            causes.emplace_back(console::to_json(model::RankedCause{.cause = cause, .said = {}}, language));
    shown["causes"] = std::move(causes);
    return shown;
}

}  // namespace

Answer list_servers(House& house, Request const& request)
{
    request.only_parameters({});
    auto const found = co_await house.store().read([](store::Connection& c) { return checks::live_servers(c); });
    json::array items;
    for (auto const& each : found)
        items.push_back(json::object{{"name", each.name}, {"role", std::string(to_string(each.side))}});
    co_return items_response(std::move(items));
}

Answer begin_connection(House& house, Request const& request)
{
    Members const members(request.http, {"protocol", "host", "implicit_tls", "user", "token", "account", "mailbox",
                                         "folder", "limit_s", "transcript", "on"});
    auto connecting = connecting_by(members);
    auto const asked = server_in(members, connecting.purpose);
    auto const on = members.text_or("on", "");
    bool const by_account = members.has("account");
    std::optional<Secret> token;
    if (members.has("token")) token.emplace(members.text("token", 64 * 1024));
    if (by_account && (token || !connecting.user.empty()))
        throw Problem(Trouble::invalid, tr("an account has its own token and user"), "account");
    if (!by_account && members.has("mailbox"))
        throw Problem(Trouble::invalid, tr("a mailbox is named with its account"), "mailbox");
    if (!by_account && !asked) throw Problem(Trouble::invalid, tr("say which mail server"), "host");
    if (token && connecting.user.empty())
        throw Problem(Trouble::invalid, tr("say as whom to sign in with the token"), "user");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const server = server_for(c, on, by_account);
        if (by_account)
            use_account(c, connecting, members, request.caller, asked);
        else
            connecting.server = *asked;
        auto const id =
            checks::begin_connection(c, *house.ground.vault, connecting, token ? &*token : nullptr, server.name);
        json::object about{{"on", server.name}};
        if (by_account) about["account"] = connecting.account_name;
        note(c, request.caller, "connection.test", postroom::to_string(connecting.server), about, house.now());
        return to_json(*store::job(c, id), connecting, request.language());
    });
    house.hooks.check_due();
    co_return json_response(net::http::status::accepted, body);
}

Answer show_connection(House& house, Request const& request)
{
    auto const id = request.id<model::JobId>("id");
    auto const found = co_await house.store().read([&](store::Connection& c) { return store::job(c, id); });
    auto const connecting = found ? checks::connecting_of(*found) : std::nullopt;
    if (!connecting) throw Problem(Trouble::not_found, tr("there is no such connection test (any more)"));
    co_return json_response(net::http::status::ok, to_json(*found, *connecting, request.language()));
}

}  // namespace postroom::console
