#include "net/http-server.hpp"

#include "base/id.hpp"
#include "base/text.hpp"
#include "net/http-text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace postroom::net {

namespace {

// After a refusal the rest of what the client is sending is read for this long, since closing over unread bytes would
// reset the connection and lose the answer (RFC 9112 section 9.6).
constexpr Duration lingering{2'000};
constexpr std::size_t most_lingering = 1024 * 1024;

using Parser = http::request_parser<http::string_body>;

struct Served {
    HttpHandler handler;
    HttpLimits limits;
    bool tls;
};

// What one reading of a request came to: a request, the end of the connection, or the status that refuses it.
struct Reading {
    std::optional<HttpRequest> request;
    http::status refusal = http::status::ok;
    std::string why;
    bool keep_alive = false;
    bool chunks = false;  // the client understands them
    bool head_only = false;

    [[nodiscard]] bool refused() const { return refusal != http::status::ok; }
};

Reading refuse(http::status status, std::string why)
{
    Reading reading;
    reading.refusal = status;
    reading.why = std::move(why);
    return reading;
}

Reading refuse(boost::system::error_code error)
{
    if (error == http::error::header_limit) return refuse(http::status::request_header_fields_too_large, "");
    if (error == http::error::body_limit) return refuse(http::status::payload_too_large, "");
    if (error == http::error::bad_version) return refuse(http::status::http_version_not_supported, "");
    return refuse(http::status::bad_request, error.message());
}

Reading understand(Parser& parser)
{
    auto& message = parser.get();
    Reading reading;
    reading.keep_alive = parser.keep_alive();
    reading.chunks = message.version() >= 11;
    reading.head_only = message.method() == http::verb::head;
    auto& request = reading.request.emplace();
    request.method = message.method();
    for (auto const& field : message) {
        auto const name = field.name_string();
        auto const value = field.value();
        request.headers.emplace(to_lower({name.data(), name.size()}), std::string(value.data(), value.size()));
    }
    auto const target = message.target();
    if (auto const read = read_target({target.data(), target.size()}, request); !read) {
        reading.refusal = http::status::bad_request;
        reading.why = read.error().message;
        reading.keep_alive = false;
        return reading;
    }
    request.body = std::move(message.body());
    return reading;
}

// What Beast lets pass, and what a proxy in front might read otherwise (RFC 9112 sections 3.2 and 6.3).
Reading judge_head(Parser& parser)
{
    auto const& message = parser.get();
    if (message.count(http::field::host) != 1 && !(message.version() == 10 && message.count(http::field::host) == 0))
        return refuse(http::status::bad_request, "exactly one Host header is needed");
    auto const coding = message[http::field::transfer_encoding];
    if (message.count(http::field::transfer_encoding) > 0 &&
        (message.version() == 10 || !equal_ignoring_case(trim({coding.data(), coding.size()}), "chunked")))
        return refuse(http::status::not_implemented, "the only transfer coding is chunked");
    if (message.method() == http::verb::unknown || message.method() == http::verb::connect)
        return refuse(http::status::not_implemented, "the method is not known here");
    return {};
}

awaitable<Reading> read_request(Accepted& connection, HttpLimits const& limits, std::string& buffer)
{
    if (buffer.empty()) {
        connection.expire_after(limits.idle);
        if (!co_await connection.read_more(buffer)) co_return Reading{};
    }
    connection.expire_after(limits.transfer);
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits.head));
    parser.body_limit(limits.body);
    bool judged = false;
    while (!parser.is_done()) {
        boost::system::error_code error;
        auto const used = buffer.empty() ? 0 : parser.put(asio::buffer(buffer), error);
        buffer.erase(0, used);
        if (error && error != http::error::need_more) co_return refuse(error);
        if (parser.is_header_done() && !judged) {
            judged = true;
            auto verdict = judge_head(parser);
            if (verdict.refused()) co_return verdict;
            auto const expect = parser.get()[http::field::expect];
            if (!parser.is_done() && buffer.empty() &&
                equal_ignoring_case({expect.data(), expect.size()}, "100-continue")) {
                Wire const go_on("HTTP/1.1 100 Continue\r\n\r\n");
                co_await connection.write(go_on);
            }
            parser.eager(true);
            if (!buffer.empty()) continue;
        }
        if (parser.is_done()) break;
        if (!parser.is_header_done() && buffer.size() > limits.head) co_return refuse(http::error::header_limit);
        if (used > 0 && !buffer.empty() && !error) continue;
        if (!co_await connection.read_more(buffer))
            co_return refuse(http::status::bad_request, "the request is cut off");
    }
    co_return understand(parser);
}

HttpResponse plain(http::status status, std::string const& why)
{
    HttpResponse response;
    response.status = status;
    auto const reason = http::obsolete_reason(status);
    response.body = std::string(reason.data(), reason.size()) + (why.empty() ? "" : ": " + why) + "\n";
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    return response;
}

HttpResponse stumbled(std::string const& what, std::string const& why)
{
    auto const reference = to_string(make_uuid());
    spdlog::error("http: {} failed (reference {}): {}", printable(what, 256), reference, printable(why, 1024));
    return plain(http::status::internal_server_error,
                 "something went wrong here, and the log says what under the reference " + reference);
}

awaitable<HttpResponse> handle(Served const& served, HttpRequest request)
{
    auto const method = http::to_string(request.method);
    auto const what = std::string(method.data(), method.size()) + " " + request.path;
    try {
        auto response = co_await served.handler(std::move(request));
        co_return response;
    } catch (std::exception const& error) {
        co_return stumbled(what, error.what());
    }
}

bool has_no_body(http::status status)
{
    return http::to_status_class(status) == http::status_class::informational || status == http::status::no_content ||
           status == http::status::not_modified;
}

// False: the connection ends after this response.
awaitable<bool> answer(Accepted& connection, HttpLimits const& limits, HttpResponse response, Reading const& to)
{
    bool const head_only = to.head_only;
    bool keep_alive = to.keep_alive;
    connection.expire_after(limits.transfer);
    bool const chunked = response.stream && to.chunks;
    if (response.stream) keep_alive = false;
    if (chunked) response.headers.emplace_back("Transfer-Encoding", "chunked");
    std::optional<std::size_t> length;
    if (!response.stream && !has_no_body(response.status)) length = response.body.size();
    auto head = response_head(response, length, keep_alive);
    if (!head) {
        response = stumbled("a response", head.error().message);
        keep_alive = false;
        head = response_head(response, response.body.size(), keep_alive);
    }
    if (!head_only && length) *head += response.body;
    Wire const wire(std::move(*head));
    co_await connection.write(wire);
    if (response.stream && !head_only) {
        BodyStream body(connection, limits.transfer, chunked);
        co_await response.stream(body);
        co_await body.finish();
    }
    co_return keep_alive;
}

awaitable<void> linger(Accepted& connection, HttpLimits const& limits)
{
    connection.expire_after(std::min(lingering, limits.transfer));
    std::string ignored;
    for (std::size_t read = 0; read < most_lingering; read += ignored.size()) {
        ignored.clear();
        if (!co_await connection.read_more(ignored)) co_return;
    }
}

awaitable<void> serve(std::shared_ptr<Served const> served, std::unique_ptr<Accepted> connection)
{
    std::string buffer;
    for (bool open = true; open;) {
        auto reading = co_await read_request(*connection, served->limits, buffer);
        if (reading.refused()) {
            HttpRequest const read = reading.request.value_or(HttpRequest());
            auto refusal = served->limits.refuse ? served->limits.refuse(reading.refusal, reading.why, read)
                                                 : plain(reading.refusal, reading.why);
            co_await answer(*connection, served->limits, std::move(refusal), reading);
            co_await linger(*connection, served->limits);
            co_return;
        }
        if (!reading.request) co_return;
        reading.request->peer = connection->peer();
        reading.request->peer_uid = connection->peer_uid();
        reading.request->tls = served->tls;
        // The handler's own waits have their own limits; this one keeps a forgotten one from living for ever.
        connection->expire_after(std::chrono::hours(1));
        auto response = co_await handle(*served, std::move(*reading.request));
        open = co_await answer(*connection, served->limits, std::move(response), reading);
    }
}

}  // namespace

awaitable<void> BodyStream::write(std::string bytes)
{
    if (bytes.empty()) co_return;
    if (chunked_) bytes = fmt::format("{:x}\r\n", bytes.size()) + bytes + "\r\n";
    connection_.expire_after(limit_);
    Wire const wire(std::move(bytes));
    co_await connection_.write(wire);
}

awaitable<bool> BodyStream::wait(Duration limit)
{
    auto const woken = co_await connection_.wait(limit);
    if (woken != Woken::readable) co_return true;
    connection_.expire_after(limit_);
    std::string ignored;
    co_return co_await connection_.read_more(ignored);
}

awaitable<void> BodyStream::finish()
{
    if (!chunked_) co_return;
    connection_.expire_after(limit_);
    Wire const wire(std::string("0\r\n\r\n"));
    co_await connection_.write(wire);
}

Result<std::unique_ptr<Listener>> serve_http(asio::any_io_executor executor, Listen where, HttpHandler handler,
                                             HttpLimits limits)
{
    bool const tls = where.tls && where.tls_at_once;
    auto const served = std::make_shared<Served const>(std::move(handler), limits, tls);
    return Listener::open(std::move(executor), std::move(where), [served](std::unique_ptr<Accepted> connection) {
        return serve(served, std::move(connection));
    });
}

}  // namespace postroom::net
