// Access tokens, with which other software comes in for a user. A secret is shown once, when it is made.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "console/sessions.hpp"
#include "store/people.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace postroom::console {

namespace {

constexpr int default_days = 365;
constexpr int most_days = 3650;
constexpr std::size_t most_tokens = 100;  // of one user, in force

// Those of others are for system administrators; on the socket there are none of one's own.
model::User whose(store::Connection& c, Caller const& caller, std::string const& name)
{
    bool const own = name.empty() || (caller.user && equal_ignoring_case(name, caller.name));
    if (own) {
        auto found = caller.user ? store::user(c, *caller.user) : std::nullopt;
        if (!found) throw Problem(Trouble::invalid, tr("say whose: the member \"user\" is missing"), "user");
        return std::move(*found);
    }
    if (!caller.may(Access::system))
        throw Problem(Trouble::forbidden, tr("the tokens of others are for system administrators only"));
    return user_named(c, name, "user");
}

std::vector<std::string> wanted_scopes(Members const& members)
{
    auto const given = members.texts("scopes", 20);
    std::vector<std::string> known;
    for (auto const access : scopes()) known.emplace_back(to_string(access));
    auto const all = fmt::format("{}", fmt::join(known, ", "));
    if (given.empty())
        throw Problem(Trouble::invalid, tr("a token needs at least one scope; there are: {}", all), "scopes");
    for (auto const& each : given)
        if (std::ranges::find(known, each) == known.end())
            throw Problem(Trouble::invalid, tr("there is no scope \"{}\"; there are: {}", each, all), "scopes");
    std::vector<std::string> wanted;
    for (auto const& each : known)
        if (std::ranges::find(given, each) != given.end()) wanted.push_back(each);
    return wanted;
}

// A token that its user could never use, or that may more than the token it was made with, is a mistake or worse.
void check_scopes(std::vector<std::string> const& wanted, model::User const& user, Caller const& caller)
{
    for (auto const access : scopes()) {
        std::string const scope(to_string(access));
        if (std::ranges::find(wanted, scope) == wanted.end()) continue;
        if (!allows(access, user.role, model::sight_of(user).all()))
            throw Problem(
                Trouble::invalid,
                tr("{} has the role {}, which does not go with the scope {}", user.name, to_string(user.role), scope),
                "scopes");
        if (!in_scope(access, caller.scopes))
            throw Problem(Trouble::forbidden,
                          tr("a token can't make one that may more than itself: it has no scope {}", scope));
    }
}

}  // namespace

Answer list_tokens(House& house, Request const& request)
{
    request.only_parameters({"user", "limit", "after"});
    auto const page = page_of(request, 1000, 1000);
    auto const before = id_after(page);
    std::optional<std::string> next;
    auto const name = request.http.parameter("user");
    auto items = co_await house.store().read([&](store::Connection& c) {
        std::optional<model::UserId> user;
        if (request.caller.user || name) user = whose(c, request.caller, std::string(name.value_or(""))).id;
        Names names(c, request.language());
        json::array found;
        auto tokens = store::access_tokens(c, user);
        if (before) std::erase_if(tokens, [&](auto const& each) { return each.id.value >= *before; });
        next = cut(tokens, page, [](auto const& last) { return to_string(last.id); });
        for (auto const& each : tokens) found.emplace_back(to_json(each, names.user(each.user)));
        return found;
    });
    co_return page_response(std::move(items), next);
}

Answer add_token(House& house, Request const& request)
{
    Members const members(request.http, {"name", "scopes", "days", "user"});
    auto const now = house.now();
    model::AccessToken token;
    token.id = model::AccessTokenId::make();
    token.name = members.name("name", 64);
    token.scopes = wanted_scopes(members);
    token.created = now;
    if (auto const days = members.number_or("days", default_days, 1, most_days))
        token.ends = now + std::chrono::days(*days);
    // A token does not outlive the one that it was made with.
    if (auto const& bound = request.caller.token_ends; bound && (!token.ends || *token.ends > *bound))
        token.ends = bound;
    auto const user_name = members.text_or("user", "");
    auto const secret = make_access_token();
    auto body = co_await house.store().write([&](store::Connection& c) {
        auto const user = whose(c, request.caller, user_name);
        token.user = user.id;
        check_scopes(token.scopes, user, request.caller);
        auto const others = store::access_tokens(c, user.id);
        auto const holds = [&](model::AccessToken const& each) { return each.holds(now); };
        if (std::ranges::count_if(others, holds) >= std::ptrdiff_t(most_tokens))
            throw Problem(Trouble::conflict,
                          tr("{} has {} tokens in force: remove some first", user.name, most_tokens));
        if (std::ranges::any_of(others, [&](auto const& each) { return holds(each) && each.name == token.name; }))
            throw Problem(Trouble::conflict, tr("{} has a token \"{}\" already", user.name, token.name), "name");
        store::add_access_token(c, token, access_token_digest(secret.expose()));
        json::object detail{{"user", user.name}, {"scopes", fmt::format("{}", fmt::join(token.scopes, " "))}};
        if (token.ends) detail["ends"] = to_rfc3339(*token.ends);
        note(c, request.caller, "token.add", token.name, std::move(detail), now);
        return to_json(token, user.name);
    });
    body["secret"] = std::string(secret.expose());
    co_return json_response(net::http::status::created, body);
}

Answer remove_token(House& house, Request const& request)
{
    auto const id = request.id<model::AccessTokenId>("id");
    auto const& caller = request.caller;
    co_await house.store().write([&](store::Connection& c) {
        auto const token = store::access_token(c, id);
        if (!token || (token->user != caller.user && !caller.may(Access::system)))
            throw Problem(Trouble::not_found, tr("there is no such token; postroom token list shows those there are"));
        if (!store::revoke_access_token(c, id, house.now())) return;
        Names names(c, request.language());
        note(c, caller, "token.revoke", token->name, {{"user", names.user(token->user)}}, house.now());
    });
    co_return no_content();
}

}  // namespace postroom::console
