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

/// Whom a guess is counted against: the peer's address without its port; where the peer is a proxy on this machine, the
/// address that it saw (the last of X-Forwarded-For, which no client can choose).
[[nodiscard]] std::string address_of(HttpRequest const& request);

class BodyStream;

struct HttpResponse {
    http::status status = http::status::ok;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// Where set, this is asked for the body's bytes instead, and the connection ends with it. Should it throw, the
    /// client can tell that the body is cut off.
    std::function<awaitable<void>(BodyStream&)> stream;
};

/// A body of unknown length on its way out: chunked (RFC 9112 section 7.1), or up to the end of the connection for a
/// client of HTTP/1.0.
class BodyStream {
public:
    BodyStream(Accepted& connection, Duration limit, bool chunked)
        : connection_(connection), limit_(limit), chunked_(chunked)
    {
    }

    /// Returns when the bytes are with the system; throws Broken where the client does not take them within the limit
    /// for a transfer, or is gone.
    awaitable<void> write(std::string bytes);
    /// True after `limit`; false where the client closed the connection meanwhile. What it sends is not looked at.
    /// Throws Broken where the connection broke or the server stops.
    awaitable<bool> wait(Duration limit);
    awaitable<void> finish();

private:
    Accepted& connection_;
    Duration limit_;
    bool chunked_;
};

using HttpHandler = std::function<awaitable<HttpResponse>(HttpRequest)>;

struct HttpLimits {
    std::size_t head = 64 * 1024;
    std::size_t body = 50 * 1024 * 1024;
    Duration idle{60'000};      ///< between requests
    Duration transfer{60'000};  ///< for one request's bytes, and one response's
    /// Makes the answer to a request that can't be read, from its status, why, and its path and headers, where those
    /// could be read; otherwise it is plain text.
    std::function<HttpResponse(http::status, std::string const& why, HttpRequest const& read)> refuse{};
};

/// What the handler throws becomes 500 with a reference that the log has too. Errors: as Listener::open().
[[nodiscard]] Result<std::unique_ptr<Listener>> serve_http(asio::any_io_executor executor, Listen where,
                                                           HttpHandler handler, HttpLimits limits = {});

/// application/x-www-form-urlencoded, decoded. Errors: Trouble::invalid for a broken %-escape.
[[nodiscard]] Result<std::multimap<std::string, std::string>> parse_form(std::string_view body);
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace postroom::net
