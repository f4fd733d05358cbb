#include "console/server.hpp"

#include "base/text.hpp"
#include "console/admission.hpp"
#include "console/api.hpp"
#include "console/external-url.hpp"
#include "console/pages.hpp"
#include "console/responses.hpp"
#include "console/sessions.hpp"
#include "grants/guard.hpp"
#include "store/people.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace postroom::console {

namespace {

using net::http::status;
using net::http::verb;

constexpr Duration use_noted_every = std::chrono::hours(1);

// RFC 6750 section 2.1. What is under another scheme is none of ours.
std::optional<std::string> bearer_token(net::HttpRequest const& request)
{
    auto const given = trim(request.header("authorization"));
    auto const scheme = given.substr(0, given.find(' '));
    if (!equal_ignoring_case(scheme, "bearer")) return std::nullopt;
    return std::string(trim(given.substr(scheme.size())));
}

bool changes(verb method)
{
    return method != verb::get && method != verb::head;
}

// What every answer carries, unless its handler said otherwise.
net::HttpResponse dressed(net::HttpResponse response, bool tls)
{
    set_default(response, "X-Content-Type-Options", "nosniff");
    set_default(response, "Referrer-Policy", "no-referrer");
    set_default(response, "X-Frame-Options", "DENY");
    set_default(response, "Cross-Origin-Opener-Policy", "same-origin");
    set_default(response, "Cross-Origin-Resource-Policy", "same-origin");
    set_default(response, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
    set_default(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    if (tls) set_default(response, "Strict-Transport-Security", "max-age=31536000");
    return response;
}

// The user of this very process, and root, may administer: either could read the store anyway.
Caller socket_peer(std::uint32_t uid)
{
    if (uid != 0 && uid != ::geteuid())
        throw Problem(Trouble::forbidden,
                      tr("the socket is for the user that Postroom runs as (uid {}) and for root; this is uid {}",
                         ::geteuid(), uid));
    return {.name = fmt::format("uid {}", uid), .role = model::Role::system_administrator};
}

bool is_of_this_host(std::string_view origin, net::HttpRequest const& request)
{
    auto const scheme = origin.find("://");
    return scheme != std::string_view::npos &&
           equal_ignoring_case(origin.substr(scheme + 3), trim(request.header("host")));
}

// Scheme, host and port; "https://console.example" of "https://console.example/postroom".
std::string_view origin_of(std::string_view url)
{
    auto const scheme = url.find("://");
    return scheme == std::string_view::npos ? std::string_view() : url.substr(0, url.find('/', scheme + 3));
}

void check_csrf(net::HttpRequest const& request, Caller const& caller)
{
    if (caller.session.empty() || !changes(request.method)) return;
    if (!csrf_fits(caller.session, request.header(csrf_header)))
        throw Problem(
            Trouble::forbidden,
            tr("a change needs the header X-Postroom-Csrf, with the csrf value that GET /api/v1/session gives"));
}

}  // namespace

net::HttpLimits http_limits()
{
    net::HttpLimits limits;
    limits.body = 24 * 1024 * 1024;  // a file that goes into a mail; a mail's text and its HTML, escaped
    limits.refuse = [](status code, std::string const& why, net::HttpRequest const& read) {
        auto const& language = words::language_accepted(read.header("accept-language"));
        if (read.path == grants::redirect_path) return dressed(unreadable_return(code, why, language), false);
        return dressed(
            to_response(code == status::payload_too_large
                            ? Problem(code, tr("the body is larger than 24 MiB, and nothing here takes as much"))
                            : Problem(code, tr("the request can't be read: {}", why))),
            false);
    };
    return limits;
}

Server::Server(grants::Ground ground, Hooks hooks, Options options)
    : house_(new House{.ground = std::move(ground), .hooks = std::move(hooks), .options = std::move(options)})
{
    house_->who_is = [this](net::HttpRequest request) { return who_is(std::move(request)); };
}

Server::~Server() = default;

net::awaitable<net::HttpResponse> Server::answer(net::HttpRequest request)
{
    auto const method = net::http::to_string(request.method);
    auto const what =
        fmt::format("{} {}", std::string_view(method.data(), method.size()), printable(request.path, 200));
    auto const peer = request.peer;
    bool const tls = request.tls;
    bool const by_token = bearer_token(request).has_value();
    auto const& language = words::language_accepted(request.header("accept-language"));
    net::HttpResponse response;
    try {
        response = co_await judge(std::move(request));
    } catch (Problem const& problem) {
        response = to_response(problem, language);
        if (by_token && problem.status() == status::unauthorized)
            response.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        spdlog::debug("console: {} from {}: {}", what, peer, printable(problem.what()));
    } catch (store::Failure const& failure) {
        if (failure.kind() == Trouble::store || failure.kind() == Trouble::limit)
            spdlog::error("console: {}: the store failed: {}", what, printable(failure.what()));
        response = to_response(
            failure.is_unknown()
                ? Problem(status::service_unavailable,
                          tr("it is not known whether this was stored: look whether it is there before you do it "
                             "again ({})",
                             failure.what()))
                : Problem(failure.error()),
            language);
    } catch (std::exception const& error) {
        auto const reference = to_string(make_uuid());
        spdlog::error("console: {} failed (reference {}): {}", what, reference, printable(error.what(), 1024));
        response = to_response(
            Problem(Trouble::internal, tr("something went wrong here; the log says what under {}", reference)),
            language);
    }
    if (what.find(" /api/") != std::string::npos) {
        set_default(response, "Content-Language", language.code());
        set_default(response, "Vary", "Accept-Language");
    }
    co_return dressed(std::move(response), tls);
}

net::awaitable<net::HttpResponse> Server::judge(net::HttpRequest request)
{
    co_await check_host(request);
    bool const api =
        request.path.starts_with("/api/") || request.path.starts_with("/oauth/") || request.path == "/metrics";
    auto const method = request.method == verb::head ? verb::get : request.method;
    if (!api) {
        if (method != verb::get) throw Problem(status::method_not_allowed, tr("pages are only read: GET"));
        co_return page(house_->options.web, request.path, words::language_accepted(request.header("accept-language")));
    }
    auto found = match(routes(), method, request.path);
    if (!found.route && !found.allowed.empty()) {
        auto refusal = to_response(Problem(status::method_not_allowed, tr("the methods here are {}", found.allowed)),
                                   words::language_accepted(request.header("accept-language")));
        refusal.headers.emplace_back("Allow", found.allowed);
        co_return refusal;
    }
    if (!found.route)
        throw Problem(Trouble::not_found, tr("there is no {} in the API; GET /api/v1/openapi.yaml lists all",
                                             printable(request.path, 200)));
    auto caller = co_await identify(request, *found.route);
    co_await check_origin(request);
    check_csrf(request, caller);
    Request const asked{std::move(request), std::move(found.in_path), std::move(caller)};
    co_return co_await found.route->handler(*house_, asked);
}

net::awaitable<std::optional<Caller>> Server::who_is(net::HttpRequest request)
{
    auto const found = match(routes(), request.method, request.path);
    if (!found.route) co_return std::nullopt;
    try {
        auto caller = co_await identify(request, *found.route);
        co_return std::move(caller);
    } catch (Problem const&) {
        co_return std::nullopt;
    }
}

// What another origin's page sends with this browser's cookie, it sends with its own Origin (the Fetch standard,
// section 3.2), which no page can choose. A script that is no page sends none. A proxy in front may change Host, and
// then the pages' origin is the External URL's.
net::awaitable<void> Server::check_origin(net::HttpRequest const& request)
{
    auto const origin = request.header("origin");
    if (origin.empty() || !changes(request.method) || request.peer_uid || is_of_this_host(origin, request)) co_return;
    auto const url = co_await house_->store().read([](store::Connection& c) { return external_url(c); });
    if (!url.empty() && equal_ignoring_case(origin, origin_of(url))) co_return;
    throw Problem(Trouble::forbidden,
                  tr("a page of {} may not change anything here", printable(std::string(origin), 100)));
}

// A page elsewhere whose name was made to point here (DNS rebinding) says its own name in Host.
net::awaitable<void> Server::check_host(net::HttpRequest const& request)
{
    if (request.peer_uid) co_return;
    auto const host = host_of(request.header("host"));
    if (is_loopback(host)) co_return;
    auto const url = co_await house_->store().read([](store::Connection& c) { return external_url(c); });
    if (!url.empty() && host == host_of(url)) co_return;
    throw Problem(status::misdirected_request,
                  tr("this console does not go by the name \"{}\"; the External URL is {}. To change it: "
                     "postroom settings set external-url https://…",
                     printable(host, 100), url.empty() ? "not set" : url));
}

net::awaitable<Caller> Server::identify(net::HttpRequest const& request, Route const& route)
{
    if (request.peer_uid) co_return socket_peer(*request.peer_uid);
    if (route.access == Access::anyone) co_return Caller{};
    Caller caller;
    auto token = bearer_token(request);
    if (token)
        caller = co_await caller_of_token(request, std::move(*token));
    else
        caller = co_await caller_of_session(request);
    if (!allows(route.access, caller.role))
        throw Problem(Trouble::forbidden,
                      tr("the role {} may not do this; ask a system administrator", to_string(caller.role)));
    if (!allows(route.access, caller.role, caller.sight.all()))
        throw Problem(Trouble::forbidden, tr("this is of all departments, and you see some of them only"));
    if (!in_scope(route.access, caller.scopes))
        throw Problem(Trouble::forbidden, tr("this takes a token with the scope {}", to_string(route.access)));
    co_return caller;
}

net::awaitable<Caller> Server::caller_of_session(net::HttpRequest const& request)
{
    Caller caller;
    auto find = [&](store::Connection& c) -> std::optional<model::User> {
        auto const token = request.cookie(session_cookie(is_secure(c, request.tls)));
        if (!token) return std::nullopt;
        caller.session = *token;
        return store::session_user(c, session_digest(*token), house_->now());
    };
    auto const user = co_await house_->store().read(std::move(find));
    if (!user) throw Problem(status::unauthorized, tr("nobody is signed in, or the session has ended: sign in"));
    caller.name = user->name;
    caller.role = user->role;
    caller.sight = model::sight_of(*user);
    caller.user = user->id;
    co_return caller;
}

// A token that fits is never kept waiting: nobody guesses 32 random bytes, and a program that goes on with one that has
// ended must not shut out its neighbours.
net::awaitable<Caller> Server::caller_of_token(net::HttpRequest const& request, std::string token)
{
    struct Found {
        model::AccessToken token;
        model::User user;
    };
    auto const now = house_->now();
    auto const digest = access_token_digest(token);
    wipe(token);
    auto find = [&](store::Connection& c) -> std::optional<Found> {
        auto its = store::access_token_with(c, digest);
        auto user = its ? store::user(c, its->user) : std::nullopt;
        if (!user) return std::nullopt;
        return Found{std::move(*its), std::move(*user)};
    };
    auto const found = co_await house_->store().read(std::move(find));
    if (!found || !found->token.holds(now)) {
        auto const address = net::address_of(request);
        if (house_->tokens.wait(address, now) > Duration::zero())
            throw Problem(status::too_many_requests,
                          tr("too many tokens lately that were none; try again in a minute"));
        house_->tokens.failed(address, now);
        if (!found) throw Problem(status::unauthorized, tr("there is no such token; postroom token add makes one"));
        auto const& name = found->token.name;
        throw Problem(status::unauthorized,
                      found->token.revoked ? tr("the token \"{}\" was revoked; postroom token add makes another", name)
                                           : tr("the token \"{}\" has ended; postroom token add makes another", name));
    }
    if (!found->token.last_used || now - *found->token.last_used >= use_noted_every)
        co_await house_->store().write([&](store::Connection& c) { store::note_use(c, found->token.id, now); });
    co_return Caller{.name = found->user.name,
                     .role = found->user.role,
                     .sight = model::sight_of(found->user),
                     .user = found->user.id,
                     .token = found->token.name,
                     .scopes = found->token.scopes,
                     .token_ends = found->token.ends};
}

}  // namespace postroom::console
