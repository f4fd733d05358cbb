// Obtaining a grant: beginning by each flow, watching it, and the browser's return from the provider.
#include "console/api.hpp"
#include "console/external-url.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "grants/guard.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/grants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postroom::console {

namespace {

constexpr int most_shown = 20;

// As the provider wrote it: the guard reads it, and nothing here looks at a code or a state.
std::string query_of(net::HttpRequest const& request)
{
    std::string query;
    for (auto const& [name, value] : request.query)
        query += (query.empty() ? "" : "&") + net::percent_encode(name) + "=" + net::percent_encode(value);
    return query;
}

// Refused for want of a consent that an administrator can give.
bool wants_consent(model::Authorization const& authorization)
{
    static constexpr std::array<std::string_view, 4> ids{"AADSTS65001", "AADSTS90093", "AADSTS90094", "AADSTS90095"};
    if (authorization.outcome != model::Authorization::State::refused) return false;
    auto const causes = model::explain(authorization.reason).causes;
    return std::ranges::any_of(causes,
                               [&](auto const& each) { return std::ranges::find(ids, each.cause->id) != ids.end(); });
}

json::object view(House const& house, store::Connection& c, Request const& request, model::Account const& account,
                  model::Authorization const& authorization)
{
    std::string consent;
    if (account.application && wants_consent(authorization))
        if (auto const application = store::application(c, *account.application))
            consent = grants::admin_consent_url(house.ground, *application, external_url(c), request.caller.name);
    return to_json(authorization, account.name, consent, request.language());
}

// What the words of a refusal mean, and what to do about it: the likeliest cause, where the catalogue knows one.
std::optional<Words> likely_cause(std::string const& said, words::Language const& language)
{
    auto const causes = model::explain(said, {.application_only = false}).causes;
    if (causes.empty()) return std::nullopt;
    auto const& cause = *causes.front().cause;
    return Words(fmt::format("<h2>{}</h2><p>{}</p><p>{}</p>", escape_html(language.say_marked(cause.title)),
                             escape_html(language.say_marked(cause.meaning)),
                             escape_html(language.say_marked(cause.remedy))));
}

// What the guard says, between what it is about and what to do next.
net::HttpResponse page(words::Language const& language, net::http::status status, Words const& title,
                       std::string const& said, std::vector<Words> const& next)
{
    auto body = fmt::format("<p>{}</p>", escape_html(said));
    for (auto const& each : next) body += language.say(each);
    return page_response(status, language.say(title), body, language);
}

Words to_try_again()
{
    return tr(
        "<p>What the account had before stays in force. To try again, begin anew: in <a href=\"/\">the console</a>, or "
        "with <code>postroom account authorize</code>.</p>");
}

}  // namespace

Answer list_authorizations(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const account = account_named(c, request.caller.sight, request.path("name"));
        json::array found;
        for (auto const& each : store::latest_authorizations(c, account.id, most_shown))
            found.emplace_back(view(house, c, request, account, each));
        return found;
    });
    co_return items_response(std::move(items));
}

Answer begin_authorization(House& house, Request const& request)
{
    Members const members(request.http, {"flow", "test_mail", "consent"});
    grants::Manner manner;
    if (members.has("flow")) manner.flow = or_problem(model::parse_flow(members.text("flow")), "flow");
    manner.test_mail = members.flag_or("test_mail", false);
    manner.consent = members.flag_or("consent", false);
    auto const name = co_await house.store().read(
        [&](store::Connection& c) { return account_named(c, request.caller.sight, request.path("name")).name; });
    auto const begun =
        or_problem(co_await grants::begin_authorization(house.ground, name, request.caller.name, manner));
    auto body = co_await house.store().write([&](store::Connection& c) {
        note(c, request.caller, "account.authorize", name,
             {{"authorization", to_string(begun.id)}, {"flow", to_string(begun.flow)}}, house.now());
        auto const authorization = store::authorization(c, begun.id);
        auto const account = authorization ? store::account(c, authorization->account) : std::nullopt;
        if (!account) throw Problem(Trouble::not_found, tr("there is no such authorization"));
        return view(house, c, request, *account, *authorization);
    });
    if (!begun.url.empty()) body["url"] = begun.url;
    house.hooks.authorization_begun();
    co_return json_response(net::http::status::created, body);
}

Answer show_authorization(House& house, Request const& request)
{
    auto const id = request.id<model::AuthorizationId>("id");
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const found = store::authorization(c, id);
        auto const account = found ? seen(request.caller.sight, store::account(c, found->account)) : std::nullopt;
        if (!account) throw Problem(Trouble::not_found, tr("there is no such authorization"));
        return view(house, c, request, *account, *found);
    });
    co_return json_response(net::http::status::ok, body);
}

net::HttpResponse unreadable_return(net::http::status status, std::string const& why, words::Language const& language)
{
    auto const said = language.say(tr("What the browser brought back from the provider can't be read: {}.", why));
    return page(language, status, tr("The account is not authorized"), said, {to_try_again()});
}

Answer return_from_provider(House& house, Request const& request)
{
    auto const outcome = co_await grants::finish_authorization(house.ground, query_of(request.http));
    if (outcome.accepted) house.hooks.accounts_changed();
    auto const& language = request.language();
    std::vector<Words> next{tr("<p>You can close this page, or go <a href=\"/\">to the console</a>.</p>")};
    using enum net::http::status;
    if (outcome.accepted) co_return page(language, ok, tr("The account is authorized"), outcome.words, next);
    if (outcome.consented)
        co_return page(language, ok, tr("The provider says that consent was given"), outcome.words, next);
    if (outcome.trying) co_return page(language, ok, tr("The sign-in is being tried"), outcome.words, next);
    next = {to_try_again()};
    if (!outcome.consent_url.empty())
        next.insert(next.begin(), tr("<p>An administrator of the tenant can <a rel=\"noreferrer\" href=\"{}\">consent "
                                     "for all of its users</a>.</p>",
                                     escape_html(outcome.consent_url)));
    if (auto cause = likely_cause(outcome.words, request.language())) next.insert(next.begin(), std::move(*cause));
    co_return page(language, bad_request, tr("The account is not authorized"), outcome.words, next);
}

}  // namespace postroom::console
