// Signing in and out.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/external-url.hpp"
#include "console/passwords.hpp"
#include "console/responses.hpp"
#include "console/sessions.hpp"
#include "store/people.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace postroom::console {

namespace {

constexpr int most_hashing = 20;  // at 0.1 s each: more would only wait for longer than a browser does

net::HttpResponse session_response(std::string const& name, model::Role role, std::string_view token)
{
    json::object body{{"name", name},
                      {"role", std::string(to_string(role))},
                      {"csrf", token.empty() ? std::string() : csrf_of(token)}};
    return json_response(net::http::status::ok, body);
}

std::string address_of(std::string_view peer)
{
    return std::string(peer.substr(0, peer.rfind(':')));
}

class Hashing {
public:
    explicit Hashing(int& count) : count_(count) { ++count_; }
    ~Hashing() { --count_; }
    Hashing(Hashing const&) = delete;
    Hashing& operator=(Hashing const&) = delete;

private:
    int& count_;
};

void check_throttle(House& house, std::string const& name, std::string const& address)
{
    auto const now = house.now();
    auto const wait = std::max(house.names.wait(name, now), house.addresses.wait(address, now));
    if (wait > Duration::zero() || house.hashing >= most_hashing)
        throw Problem(net::http::status::too_many_requests,
                      fmt::format("too many wrong passwords lately; try again in {} s",
                                  std::max<std::int64_t>(1, (wait.count() + 999) / 1000)));
}

}  // namespace

Answer get_session(House&, Request const& request)
{
    co_return session_response(request.caller.name, request.caller.role, request.caller.session);
}

Answer sign_in(House& house, Request const& request)
{
    Members const members(request.http, {"name", "password"});
    auto const name = members.name("name");
    Secret const password(members.text("password", most_password));
    auto const lower_name = to_lower(name);
    auto const address = address_of(request.http.peer);
    check_throttle(house, lower_name, address);
    auto const user = co_await house.store().read([&](store::Connection& c) { return store::user_named(c, name); });
    bool fits = false;
    {
        Hashing const hashing(house.hashing);
        auto compare = [hash = user ? user->password_hash : std::string(), password] {
            return password_fits(hash, password);
        };
        fits = co_await house.off_the_loop(std::move(compare));
    }
    auto const now = house.now();
    if (!fits) {
        house.names.failed(lower_name, now);
        house.addresses.failed(address, now);
        // A name that nobody has is not written down: it may be a password, typed into the wrong field.
        spdlog::warn("console: a sign-in from {} failed: {}", address,
                     user ? fmt::format("the password was not that of {}", printable(user->name, 64)) : "no such user");
        throw Problem(net::http::status::unauthorized, "the name or the password is wrong");
    }
    // Not the address: a password that somebody knows must not buy guesses at others.
    house.names.succeeded(lower_name);
    auto const token = make_session_token();
    auto const url = co_await house.store().write([&](store::Connection& c) {
        store::add_session(c, session_digest(token), user->id, now + session_life);
        note(c, {user->name, user->role, {}}, "session.begin", user->name, {}, now);
        return external_url(c);
    });
    auto response = session_response(user->name, user->role, token);
    bool const secure = request.http.tls || url.starts_with("https://");
    response.headers.emplace_back("Set-Cookie", session_set_cookie(token, secure));
    co_return response;
}

Answer sign_out(House& house, Request const& request)
{
    auto const token = request.caller.session;
    if (!token.empty())
        co_await house.store().write([&](store::Connection& c) {
            store::end_session(c, session_digest(token));
            note(c, request.caller, "session.end", request.caller.name, {}, house.now());
        });
    auto response = no_content();
    response.headers.emplace_back("Set-Cookie", session_set_cookie("", request.http.tls));
    co_return response;
}

}  // namespace postroom::console
