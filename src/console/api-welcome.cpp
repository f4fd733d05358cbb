// One-time links: how a user chooses the first password, or a new one instead of one that was forgotten. The secret is
// in the link's fragment, which no browser sends and no log shows.
#include "base/text.hpp"
#include "console/admission.hpp"
#include "console/api.hpp"
#include "console/external-url.hpp"
#include "console/json.hpp"
#include "console/passwords.hpp"
#include "console/responses.hpp"
#include "console/sessions.hpp"
#include "store/people.hpp"

#include <spdlog/spdlog.h>

namespace postroom::console {

namespace {

struct Found {
    model::User user;
    Instant ends{};
};

Problem gone()
{
    return {net::http::status::gone,
            tr("this link was used, has ended, or was replaced by a newer one: ask a system administrator for a new "
               "one, which postroom user link NAME makes")};
}

std::optional<Found> find(store::Connection& c, std::string const& digest, Instant now)
{
    auto const link = store::link_with(c, digest, now);
    if (!link) return std::nullopt;
    auto user = store::user(c, link->user);
    if (!user) return std::nullopt;
    return Found{std::move(*user), link->ends};
}

net::awaitable<Found> found_or_problem(House& house, Request const& request, std::string digest)
{
    check_throttle(house, {}, request);
    auto found = co_await house.store().read([&](store::Connection& c) { return find(c, digest, house.now()); });
    if (!found) {
        house.addresses.failed(address_of(request), house.now());
        spdlog::warn("console: a one-time link from {} was used, has ended, or never was one", address_of(request));
        throw gone();
    }
    co_return std::move(*found);
}

}  // namespace

Answer make_link(House& house, Request const& request)
{
    auto const secret = make_link_secret();
    auto const now = house.now();
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const user = user_named(c, request.path("name"));
        check_reach(request.caller, user);
        auto const url = external_url_or_problem(c);
        model::UserLink const link{user.id, now + link_life};
        store::put_link(c, link, link_digest(secret.expose()));
        note(c, request.caller, "user.link", user.name, {{"ends", to_rfc3339(link.ends)}}, now);
        return json::object{{"url", url + "/welcome#" + std::string(secret.expose())}, {"ends", to_rfc3339(link.ends)}};
    });
    co_return json_response(net::http::status::created, body);
}

Answer look_at_link(House& house, Request const& request)
{
    Secret const secret(Members(request.http, {"secret"}).text("secret", 128));
    auto digest = link_digest(secret.expose());
    auto const found = co_await found_or_problem(house, request, std::move(digest));
    json::object const body{{"name", found.user.name}, {"ends", to_rfc3339(found.ends)}};
    co_return json_response(net::http::status::ok, body);
}

Answer use_link(House& house, Request const& request)
{
    Members const members(request.http, {"secret", "password"});
    Secret const secret(members.text("secret", 128));
    Secret password(members.text("password", most_password));
    auto const digest = link_digest(secret.expose());
    auto const found = co_await found_or_problem(house, request, digest);
    auto const hash = co_await hash_of(house, std::move(password), "password");
    auto const begun = co_await house.store().write([&](store::Connection& c) {
        auto const now = house.now();
        auto const still = find(c, digest, now);
        if (!still || !store::use_link(c, digest)) throw gone();
        auto const& user = still->user;
        store::set_password_hash(c, user.id, hash);
        store::end_sessions_of(c, user.id);
        Caller const caller{.name = user.name, .role = user.role};
        note(c, caller, "password.choose", user.name, {{"through", std::string("link")}}, now);
        return begin_session(house, c, user, request.http);
    });
    house.names.succeeded(to_lower(found.user.name));
    co_return admitted(begun);
}

}  // namespace postroom::console
