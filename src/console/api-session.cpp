// Signing in and out, and one's own password.
#include "base/text.hpp"
#include "console/admission.hpp"
#include "console/api.hpp"
#include "console/passwords.hpp"
#include "console/responses.hpp"
#include "console/sessions.hpp"
#include "store/people.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace postroom::console {

namespace {

// Between looking and writing the user may have been removed, or the password changed.
bool is_still(store::Connection& c, model::User const& user)
{
    auto const now = store::user(c, user.id);
    return now && now->password_hash == user.password_hash;
}

}  // namespace

Answer get_session(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        return view_session(names, request.caller);
    });
    co_return json_response(net::http::status::ok, body);
}

Answer sign_in(House& house, Request const& request)
{
    Members const members(request.http, {"name", "password"});
    auto const name = members.name("name");
    Secret const password(members.text("password", most_password));
    auto const lower_name = to_lower(name);
    check_throttle(house, lower_name, request);
    auto const user = co_await house.store().read([&](store::Connection& c) { return store::user_named(c, name); });
    auto hash = user ? user->password_hash : std::string();
    bool const fits = co_await compare(house, std::move(hash), password);
    Problem const wrong(net::http::status::unauthorized, tr("the name or the password is wrong"));
    check_waits(house, lower_name, request);
    if (!fits) {
        auto const address = address_of(request);
        auto const now = house.now();
        house.names.failed(lower_name, now);
        house.addresses.failed(address, now);
        // A name that nobody has is not written down: it may be a password, typed into the wrong field.
        spdlog::warn("console: a sign-in from {} failed: {}", address,
                     user ? fmt::format("the password was not that of {}", printable(user->name, 64)) : "no such user");
        throw Problem(wrong);
    }
    // Not the address: a password that somebody knows must not buy guesses at others.
    house.names.succeeded(lower_name);
    auto const begun = co_await house.store().write([&](store::Connection& c) {
        if (!is_still(c, *user)) throw Problem(wrong);
        return begin_session(house, c, *user, request.http);
    });
    co_return admitted(begun);
}

Answer sign_out(House& house, Request const& request)
{
    auto const& token = request.caller.session;
    bool const secure = co_await house.store().write([&](store::Connection& c) {
        if (!token.empty()) {
            store::end_session(c, session_digest(token));
            note(c, request.caller, "session.end", request.caller.name, {}, house.now());
        }
        return is_secure(c, request.http.tls);
    });
    auto response = no_content();
    response.headers.emplace_back("Set-Cookie", session_set_cookie("", secure));
    co_return response;
}

Answer change_password(House& house, Request const& request)
{
    Members const members(request.http, {"old", "new"});
    Secret const old(members.text("old", most_password));
    Secret fresh(members.text("new", most_password));
    auto const& caller = request.caller;
    if (!caller.user)
        throw Problem(Trouble::forbidden, tr("nobody signs in on the socket, so there is no password of their own; "
                                             "postroom user link NAME makes a link for choosing a new one"));
    auto const lower_name = to_lower(caller.name);
    check_throttle(house, lower_name, request);
    auto const user = co_await house.store().read([&](store::Connection& c) { return store::user(c, *caller.user); });
    auto hash = user ? user->password_hash : std::string();
    bool const fits = co_await compare(house, std::move(hash), old);
    Problem const wrong(Trouble::forbidden, tr("that is not your password so far"), "old");
    check_waits(house, lower_name, request);
    if (!fits) {
        house.names.failed(lower_name, house.now());
        throw Problem(wrong);
    }
    house.names.succeeded(lower_name);
    auto const new_hash = co_await hash_of(house, std::move(fresh), "new");
    co_await house.store().write([&](store::Connection& c) {
        if (!is_still(c, *user)) throw Problem(wrong);
        store::set_password_hash(c, user->id, new_hash);
        auto const spared = caller.session.empty() ? std::string() : session_digest(caller.session);
        store::end_sessions_of(c, user->id, spared);
        store::remove_link(c, user->id);
        note(c, caller, "password.change", user->name, {}, house.now());
    });
    co_return no_content();
}

}  // namespace postroom::console
