// The servers of the installation, and conversations with a mail server that one of them holds, with nothing stored.
#include "base/text.hpp"
#include "checks/elsewhere.hpp"
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "model/causes.hpp"

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

std::uint16_t port_of(checks::Purpose purpose)
{
    if (purpose == checks::Purpose::imap) return 993;
    return purpose == checks::Purpose::pop3 ? 995 : 587;
}

checks::Connecting connecting_by(Members const& members)
{
    checks::Connecting connecting;
    connecting.purpose = purpose_in(members);
    auto server = parse_endpoint(members.text("host"), port_of(connecting.purpose));
    if (!server) throw Problem(server.error().kind, server.error().words, "host");
    connecting.server = std::move(*server);
    connecting.implicit_tls = members.flag_or("implicit_tls", connecting.purpose != checks::Purpose::smtp);
    connecting.user = members.text_or("user", "");
    connecting.folder = members.text_or("folder", "INBOX");
    connecting.limit = std::chrono::seconds(members.number_or("limit_s", 15, 1, most_seconds).value_or(15));
    return connecting;
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
                       {"user", connecting.user},
                       {"held", false},
                       {"steps", json::array()},
                       {"causes", json::array()}};
    boost::system::error_code none;
    auto const talk = json::parse(job.output, none);
    if (none || !talk.is_object()) return shown;
    shown["held"] = job.state == "done" && talk.at("held").as_bool();
    shown["steps"] = talk.at("steps");
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
    Members const members(request.http,
                          {"protocol", "host", "implicit_tls", "user", "token", "folder", "limit_s", "on"});
    auto const connecting = connecting_by(members);
    auto const on = members.text("on");
    std::optional<Secret> token;
    if (members.has("token")) token.emplace(members.text("token", 64 * 1024));
    if (token && connecting.user.empty())
        throw Problem(Trouble::invalid, tr("say as whom to sign in with the token"), "user");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const server = checks::live_server(c, on);
        if (!server) throw Problem(server.error().kind, server.error().words, "on");
        auto const id =
            checks::begin_connection(c, *house.ground.vault, connecting, token ? &*token : nullptr, server->name);
        note(c, request.caller, "connection.test", postroom::to_string(connecting.server), {{"on", server->name}},
             house.now());
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
