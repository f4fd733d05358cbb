#include "console/server.hpp"

#include "base/text.hpp"
#include "console/external-url.hpp"
#include "console/pages.hpp"
#include "console/responses.hpp"
#include "console/sessions.hpp"
#include "store/people.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace postroom::console {

namespace {

using net::http::status;
using net::http::verb;

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
        throw Problem(
            Trouble::forbidden,
            fmt::format("the socket is for the user that Postroom runs as (uid {}) and for root; this is uid {}",
                        ::geteuid(), uid));
    return {fmt::format("uid {}", uid), model::Role::system_administrator, {}};
}

void check_csrf(net::HttpRequest const& request, Caller const& caller)
{
    if (caller.session.empty() || !changes(request.method)) return;
    if (!csrf_fits(caller.session, request.header(csrf_header)))
        throw Problem(Trouble::forbidden,
                      "a change needs the header X-Postroom-Csrf, with the csrf value that GET /api/v1/session gives");
}

}  // namespace

Server::Server(grants::Ground ground, Hooks hooks, Options options)
    : house_(new House{.ground = std::move(ground), .hooks = std::move(hooks), .options = std::move(options)})
{
}

Server::~Server() = default;

net::awaitable<net::HttpResponse> Server::answer(net::HttpRequest request)
{
    auto const method = net::http::to_string(request.method);
    auto const what =
        fmt::format("{} {}", std::string_view(method.data(), method.size()), printable(request.path, 200));
    auto const peer = request.peer;
    bool const tls = request.tls;
    net::HttpResponse response;
    try {
        response = co_await judge(std::move(request));
    } catch (Problem const& problem) {
        response = to_response(problem);
        spdlog::debug("console: {} from {}: {}", what, peer, printable(problem.what()));
    } catch (store::Failure const& failure) {
        if (failure.kind() == Trouble::store || failure.kind() == Trouble::limit)
            spdlog::error("console: {}: the store failed: {}", what, printable(failure.what()));
        response = to_response(Problem(failure.error()));
    } catch (std::exception const& error) {
        auto const reference = to_string(make_uuid());
        spdlog::error("console: {} failed (reference {}): {}", what, reference, printable(error.what(), 1024));
        response = to_response(Problem(
            Trouble::internal, fmt::format("something went wrong here; the log says what under {}", reference)));
    }
    co_return dressed(std::move(response), tls);
}

net::awaitable<net::HttpResponse> Server::judge(net::HttpRequest request)
{
    co_await check_host(request);
    bool const api = request.path.starts_with("/api/") || request.path.starts_with("/oauth/");
    auto const method = request.method == verb::head ? verb::get : request.method;
    if (!api) {
        if (method != verb::get) throw Problem(status::method_not_allowed, "pages are only read: GET");
        co_return page(house_->options.web, request.path);
    }
    auto found = match(routes(), method, request.path);
    if (!found.route && !found.allowed.empty()) {
        auto refusal = to_response(Problem(status::method_not_allowed, "the methods here are " + found.allowed));
        refusal.headers.emplace_back("Allow", found.allowed);
        co_return refusal;
    }
    if (!found.route)
        throw Problem(Trouble::not_found, fmt::format("there is no {} in the API; GET /api/v1/openapi.yaml lists all",
                                                      printable(request.path, 200)));
    auto caller = co_await identify(request, *found.route);
    check_csrf(request, caller);
    Request const asked{std::move(request), std::move(found.in_path), std::move(caller)};
    co_return co_await found.route->handler(*house_, asked);
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
                  fmt::format("this console does not go by the name \"{}\"; the External URL is {}. To change it: "
                              "postroom settings set external-url https://…",
                              printable(host, 100), url.empty() ? "not set" : url));
}

net::awaitable<Caller> Server::identify(net::HttpRequest const& request, Route const& route)
{
    if (request.peer_uid) co_return socket_peer(*request.peer_uid);
    if (route.access == Access::anyone) co_return Caller{};
    auto const token = request.cookie(session_cookie);
    std::optional<model::User> user;
    if (token)
        user = co_await house_->store().read(
            [&](store::Connection& c) { return store::session_user(c, session_digest(*token), house_->now()); });
    if (!user) throw Problem(status::unauthorized, "nobody is signed in, or the session has ended: sign in");
    if (!allows(route.access, user->role))
        throw Problem(Trouble::forbidden,
                      fmt::format("the role {} may not do this; ask a system administrator", to_string(user->role)));
    co_return Caller{user->name, user->role, std::string(*token)};
}

}  // namespace postroom::console
