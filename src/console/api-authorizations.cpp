// Obtaining a grant: beginning the sign-in, watching it, and the browser's return from the provider.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "grants/guard.hpp"
#include "store/accounts.hpp"
#include "store/grants.hpp"

#include <fmt/format.h>

namespace postroom::console {

namespace {

// As the provider wrote it: the guard reads it, and nothing here looks at a code or a state.
std::string query_of(net::HttpRequest const& request)
{
    std::string query;
    for (auto const& [name, value] : request.query)
        query += (query.empty() ? "" : "&") + net::percent_encode(name) + "=" + net::percent_encode(value);
    return query;
}

}  // namespace

Answer authorize_account(House& house, Request const& request)
{
    auto const name = co_await house.store().read(
        [&](store::Connection& c) { return account_named(c, request.caller.sight, request.path("name")).name; });
    auto const begun = or_problem(co_await grants::begin_authorization(house.ground, name, request.caller.name));
    co_await house.store().write([&](store::Connection& c) {
        note(c, request.caller, "account.authorize", name, {{"authorization", to_string(begun.id)}}, house.now());
    });
    json::object body{{"id", to_string(begun.id)}, {"account", name}, {"url", begun.url},
                      {"state", "waiting"},        {"reason", ""},    {"ends", to_rfc3339(begun.ends)}};
    co_return json_response(net::http::status::created, body);
}

Answer show_authorization(House& house, Request const& request)
{
    auto const id = request.id<model::AuthorizationId>("id");
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const found = store::authorization(c, id);
        if (!found || !seen(request.caller.sight, store::account(c, found->account)))
            throw Problem(Trouble::not_found, tr("there is no such authorization"));
        Names names(c, request.language());
        return to_json(*found, names.account(found->account));
    });
    co_return json_response(net::http::status::ok, body);
}

Answer return_from_provider(House& house, Request const& request)
{
    auto const outcome = co_await grants::finish_authorization(house.ground, query_of(request.http));
    if (outcome.accepted) house.hooks.accounts_changed();
    auto const& language = request.language();
    auto const words = fmt::format("<p>{}</p>", escape_html(outcome.words));
    if (outcome.accepted) {
        auto const next = tr("<p>You can close this page, or go <a href=\"/\">to the console</a>.</p>");
        co_return page_response(net::http::status::ok, language.say(tr("The account is authorized")),
                                words + language.say(next), language);
    }
    auto const next = tr(
        "<p>What the account had before stays in force. To try again, begin anew: in <a href=\"/\">the console</a>, or "
        "with <code>postroom account authorize</code>.</p>");
    co_return page_response(net::http::status::bad_request, language.say(tr("The account is not authorized")),
                            words + language.say(next), language);
}

}  // namespace postroom::console
