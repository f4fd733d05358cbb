#include "checks/elsewhere.hpp"

#include "base/text.hpp"
#include "checks/judging.hpp"
#include "oauth/clouds.hpp"
#include "oauth/json-fields.hpp"
#include "store/alarms.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace postroom::checks {

namespace json = boost::json;

namespace {

constexpr Duration alive = std::chrono::seconds(60);  // a server gives a sign of life every 20 s

std::string place_of(model::JobId id)
{
    return "job/" + to_string(id) + "/token";
}

json::object object_in(std::string_view text)
{
    boost::system::error_code error;
    auto value = json::parse({text.data(), text.size()}, error);
    return !error && value.is_object() ? std::move(value.get_object()) : json::object();
}

std::string_view word_of(Purpose purpose)
{
    switch (purpose) {
        case Purpose::imap: return "imap";
        case Purpose::pop3: return "pop3";
        case Purpose::smtp: return "smtp";
        case Purpose::provider: return "https";
    }
    return "";
}

}  // namespace

std::string kind_for(std::string_view server)
{
    return fmt::format("on {}", server);
}

std::vector<LiveServer> live_servers(store::Connection& c)
{
    std::map<std::string, LiveServer> by_name;
    auto const since = c.now() - alive;
    for (auto const& each : store::pulses(c)) {
        if (each.stopped || each.seen < since) continue;
        auto const side = each.part == "application" ? Side::application : Side::services;
        auto const [at, added] = by_name.try_emplace(each.server, LiveServer{each.server, side});
        if (!added && at->second.side != side) at->second.side = Side::both;
    }
    std::vector<LiveServer> all;
    for (auto const& [name, server] : by_name) all.push_back(server);
    return all;
}

Result<LiveServer> live_server(store::Connection& c, std::string_view name)
{
    auto const all = live_servers(c);
    std::vector<LiveServer> of_the_machine;
    std::vector<std::string> names;
    for (auto const& each : all) {
        if (each.name == name) return each;
        if (each.name.substr(0, each.name.find(':')) == name) of_the_machine.push_back(each);
        names.push_back(each.name);
    }
    if (of_the_machine.size() == 1) return of_the_machine.front();
    return failure(Trouble::not_found, tr("no server called {} is running; these are: {}", printable(name, 128),
                                          fmt::format("{}", fmt::join(names, ", "))));
}

Result<Place> place_for_token(model::Account const& account, std::optional<model::Application> const& application,
                              Purpose purpose, std::optional<Endpoint> const& asked)
{
    auto const is = [&](Endpoint const& other) {
        return equal_ignoring_case(asked->host, other.host) && asked->port == other.port;
    };
    auto const retrieval = account.retrieval == model::Protocol::pop3 ? Purpose::pop3 : Purpose::imap;
    if (purpose == Purpose::smtp && (!asked || is(account.submission_server)))
        return Place{purpose, account.submission_server, account.submission_implicit_tls};
    if (purpose == retrieval && (!asked || is(account.retrieval_server)))
        return Place{purpose, account.retrieval_server, !account.retrieval_starttls};
    // An authority of its own may be anybody's.
    std::string providers;
    if (application && application->authority.empty())
        if (auto const cloud = oauth::cloud_named(application->cloud))
            providers = purpose == Purpose::smtp ? cloud->smtp_host : cloud->imap_host;
    if (!providers.empty() && !asked) return Place{purpose, {providers, usual_port(purpose)}, purpose != Purpose::smtp};
    if (!providers.empty() && equal_ignoring_case(asked->host, providers))
        return Place{purpose, *asked, purpose != Purpose::smtp};
    if (!asked)
        return failure(Trouble::invalid, tr("{} has no server that speaks {}", account.name, to_string(purpose)));
    return failure(Trouble::invalid,
                   tr("the token of {} is shown to its own servers and to its provider's only, and {} is none of them",
                      account.name, postroom::to_string(*asked)));
}

model::JobId begin_connection(store::Connection& c, vault::Vault const& vault, Connecting const& connecting,
                              Secret const* token, std::string_view server)
{
    auto const id = model::JobId::make();
    json::object connect{{"protocol", word_of(connecting.purpose)},
                         {"host", connecting.server.host},
                         {"port", connecting.server.port},
                         {"implicit_tls", connecting.implicit_tls},
                         {"user", connecting.user},
                         {"folder", connecting.folder},
                         {"limit_ms", connecting.limit.count()},
                         {"transcript", connecting.transcript}};
    if (connecting.account) {
        connect["account"] = to_string(*connecting.account);
        connect["account_name"] = connecting.account_name;
        connect["mailbox"] = connecting.mailbox ? to_string(*connecting.mailbox) : "";
    }
    json::object input{{"connect", std::move(connect)}};
    if (token != nullptr) input["token"] = to_base64(vault.seal(*token, place_of(id)).bytes);
    store::add_job(c, {.id = id, .kind = kind_for(server), .input = json::serialize(input), .created = c.now()});
    return id;
}

std::optional<Connecting> connecting_of(store::Job const& job)
{
    auto const input = object_in(job.input);
    auto const* const found = input.if_contains("connect");
    if (found == nullptr || !found->is_object()) return std::nullopt;
    auto const& asked = found->get_object();
    Connecting connecting;
    auto const protocol = oauth::text_member(asked, "protocol");
    for (auto const each : {Purpose::imap, Purpose::pop3, Purpose::smtp})
        if (word_of(each) == protocol) connecting.purpose = each;
    connecting.server = {oauth::text_member(asked, "host"),
                         static_cast<std::uint16_t>(asked.at("port").to_number<std::int64_t>())};
    connecting.implicit_tls = asked.at("implicit_tls").as_bool();
    connecting.user = oauth::text_member(asked, "user");
    connecting.folder = oauth::text_member(asked, "folder");
    connecting.limit = Duration(asked.at("limit_ms").to_number<std::int64_t>());
    // A server of an older version writes none.
    if (auto const* const transcript = asked.if_contains("transcript")) connecting.transcript = transcript->as_bool();
    connecting.account_name = oauth::text_member(asked, "account_name");
    if (auto const id = parse_uuid(oauth::text_member(asked, "account"))) connecting.account = model::AccountId{*id};
    if (auto const id = parse_uuid(oauth::text_member(asked, "mailbox"))) connecting.mailbox = model::MailboxId{*id};
    return connecting;
}

Result<std::optional<Secret>> take_token(store::Connection& c, vault::Vault const& vault, store::Job const& job)
{
    auto input = object_in(job.input);
    if (input.contains("taken"))
        return failure(Trouble::not_found, "the server was restarted while it had the token; ask again");
    auto const sealed = from_base64(oauth::text_member(input, "token"));
    if (!sealed || sealed->empty()) return std::optional<Secret>();
    auto token = vault.unseal({*sealed}, place_of(job.id));
    input.erase("token");
    input["taken"] = true;
    store::change_job_input(c, job.id, json::serialize(input));
    if (!token) return std::unexpected(token.error());
    return std::optional<Secret>(std::move(*token));
}

json::object to_json(Conversation const& talk)
{
    json::array steps;
    for (auto const& each : talk.steps)
        steps.push_back(json::object{{"step", std::string(to_string(each.kind))},
                                     {"held", each.held},
                                     {"asked", each.asked},
                                     {"came", each.came},
                                     {"took_ms", each.took.count()}});
    json::array causes;
    if (talk.broken() != nullptr)
        for (auto const* const cause : blame(talk, {}).causes) causes.emplace_back(cause->id);
    return {{"protocol", std::string(to_string(talk.purpose))},
            {"server", to_string(talk.server)},
            {"user", talk.user},
            {"held", talk.broken() == nullptr},
            {"steps", std::move(steps)},
            {"causes", std::move(causes)}};
}

}  // namespace postroom::checks
