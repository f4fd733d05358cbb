// A small HTTP/1.1 server over net/listen.hpp, on Beast's parser: for the console and the lab. Keep-alive, bounded
// heads and bodies, a deadline on every read and write.
#pragma once

#include "net/listen.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroom::net {

namespace http = boost::beast::http;

struct HttpRequest {
    http::verb method = http::verb::get;
    std::string path;                                 ///< percent-decoded, without the query, always begins with /
    std::multimap<std::string, std::string> query;    ///< decoded
    std::multimap<std::string, std::string> headers;  ///< names in lower case
    std::string body;
    std::string peer;                       ///< address and port, or "unix"
    std::optional<std::uint32_t> peer_uid;  ///< on a Unix socket
    bool tls = false;

    /// The first of that name (lower case), or "".
    [[nodiscard]] std::string_view header(std::string_view name) const;
    /// The first value of that query parameter, or nothing.
    [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
    [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;
};

struct HttpResponse {
    http::status status = http::status::ok;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// Where set, the head is sent without a length, then this runs to the end of the connection (an event stream). It
    /// writes to the transport, whose deadline it renews.
    std::function<awaitable<void>(Accepted&)> stream;
};

using HttpHandler = std::function<awaitable<HttpResponse>(HttpRequest)>;

struct HttpLimits {
    std::size_t head = 64 * 1024;
    std::size_t body = 50 * 1024 * 1024;
    Duration idle{60'000};      ///< between requests
    Duration transfer{60'000};  ///< for one request's bytes, and one response's
};

/// What the handler throws becomes 500 with a reference that the log has too. Errors: as Listener::open().
[[nodiscard]] Result<std::unique_ptr<Listener>> serve_http(asio::any_io_executor executor, Listen where,
                                                           HttpHandler handler, HttpLimits limits = {});

/// application/x-www-form-urlencoded, decoded. Errors: Trouble::invalid for a broken %-escape.
[[nodiscard]] Result<std::multimap<std::string, std::string>> parse_form(std::string_view body);
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace postroom::net
