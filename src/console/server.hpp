// The console: every request passes here, to be judged (which host, whose, allowed?) before its handler sees it.
#pragma once

#include "console/house.hpp"
#include "console/router.hpp"

#include <memory>

namespace postroom::console {

/// For net::serve_http(): what the console reads, and how it answers what can't be read.
[[nodiscard]] net::HttpLimits http_limits();

class Server {
public:
    Server(grants::Ground ground, Hooks hooks, Options options);
    ~Server();

    /// For net::serve_http(), on the Unix socket and on TCP alike. Never throws: what goes wrong is an answer.
    [[nodiscard]] net::awaitable<net::HttpResponse> answer(net::HttpRequest request);

private:
    net::awaitable<net::HttpResponse> judge(net::HttpRequest request);
    net::awaitable<std::optional<Caller>> who_is(net::HttpRequest request);
    net::awaitable<void> check_host(net::HttpRequest const& request);
    net::awaitable<void> check_origin(net::HttpRequest const& request);
    net::awaitable<Caller> identify(net::HttpRequest const& request, Route const& route);
    net::awaitable<Caller> caller_of_session(net::HttpRequest const& request);
    net::awaitable<Caller> caller_of_token(net::HttpRequest const& request, std::string token);

    std::unique_ptr<House> house_;
};

}  // namespace postroom::console
