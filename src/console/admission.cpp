#include "console/admission.hpp"

#include "base/text.hpp"
#include "console/external-url.hpp"
#include "console/passwords.hpp"
#include "console/responses.hpp"
#include "console/sessions.hpp"
#include "store/people.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace postroom::console {

namespace {

constexpr int most_hashing = 20;  // at 0.1 s each: more would only wait for longer than a browser does

class Hashing {
public:
    explicit Hashing(int& count) : count_(count) { ++count_; }
    ~Hashing() { --count_; }
    Hashing(Hashing const&) = delete;
    Hashing& operator=(Hashing const&) = delete;

private:
    int& count_;
};

void check_hashing(House const& house)
{
    if (house.hashing >= most_hashing)
        throw Problem(net::http::status::too_many_requests,
                      tr("too many are signing in at this moment; try again in a few seconds"));
}

// As the browser has it: a proxy on this machine may call us by another name, and says by which it was called, after
// whatever the browser itself may have sent.
std::string name_reached(net::HttpRequest const& request)
{
    auto const forwarded = request.header("x-forwarded-host");
    bool const of_a_proxy = !forwarded.empty() && is_loopback(host_of(request.peer));
    auto const host = of_a_proxy ? forwarded.substr(forwarded.rfind(',') + 1) : request.header("host");
    return host_of(printable(trim(host), 253));
}

}  // namespace

std::string address_of(Request const& request)
{
    return net::address_of(request.http);
}

void check_throttle(House& house, std::string const& name, Request const& request)
{
    check_waits(house, name, request);
    check_hashing(house);
}

void check_waits(House& house, std::string const& name, Request const& request)
{
    auto const now = house.now();
    auto const wait = std::max(house.names.wait(name, now), house.addresses.wait(address_of(request), now));
    if (wait > Duration::zero())
        throw Problem(net::http::status::too_many_requests, tr("too many wrong passwords lately; try again in {} s",
                                                               std::max<std::int64_t>(1, (wait.count() + 999) / 1000)));
}

void check_reach(Caller const& caller, model::User const& user)
{
    for (auto const access : scopes())
        if (allows(access, user.role, model::sight_of(user).all()) && !in_scope(access, caller.scopes))
            throw Problem(Trouble::forbidden, tr("a token can't make one that may more than itself: it has no scope {}",
                                                 to_string(access)));
}

net::awaitable<bool> compare(House& house, std::string hash, Secret password)
{
    check_hashing(house);
    Hashing const hashing(house.hashing);
    auto work = [hash = std::move(hash), password = std::move(password)] { return password_fits(hash, password); };
    co_return co_await house.off_the_loop(std::move(work));
}

net::awaitable<std::string> hash_of(House& house, Secret password, std::string_view field)
{
    if (password.size() < least_password)
        throw Problem(Trouble::invalid, tr("the password is too short: at least {} characters", least_password),
                      std::string(field));
    Hashing const hashing(house.hashing);
    auto work = [password = std::move(password)] { return hash_password(password); };
    auto hash = co_await house.off_the_loop(std::move(work));
    co_return or_problem(std::move(hash));
}

boost::json::object view_session(Names& names, Caller const& caller)
{
    json::array departments;
    if (!caller.sight.all())
        for (auto const& each : *caller.sight.departments) departments.emplace_back(names.department(each));
    return {{"name", caller.name},
            {"role", std::string(to_string(caller.role))},
            {"departments", std::move(departments)},
            {"sees_all", caller.sight.all()},
            {"csrf", caller.session.empty() ? std::string() : csrf_of(caller.session)}};
}

bool is_secure(store::Connection& c, bool tls)
{
    return tls || external_url(c).starts_with("https://");
}

Begun begin_session(House& house, store::Connection& c, model::User const& user, net::HttpRequest const& request)
{
    auto const now = house.now();
    auto const token = make_session_token();
    store::add_session(c, session_digest(token), user.id, now + session_life, name_reached(request));
    Caller const caller{.name = user.name, .role = user.role, .session = token, .sight = model::sight_of(user)};
    note(c, caller, "session.begin", user.name, {}, now);
    Names names(c);
    return {view_session(names, caller), session_set_cookie(token, is_secure(c, request.tls))};
}

net::HttpResponse admitted(Begun const& begun)
{
    auto response = json_response(net::http::status::ok, begun.body);
    response.headers.emplace_back("Set-Cookie", begun.cookie);
    return response;
}

}  // namespace postroom::console
