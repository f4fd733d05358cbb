// The running server's API over its Unix socket, for the commands.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postroom::cli {

namespace json = boost::json;

struct HttpAnswer {
    unsigned status = 0;
    std::string body;
};
/// One call by libcurl. `socket` is a Unix socket's path, or empty for the URL's own host; `anchors` is a PEM file to
/// trust, or empty for the system's. Throws Exit (no_server) with `how_to_start` where nothing answers.
[[nodiscard]] HttpAnswer http_call(std::string_view method, std::string const& url, std::string const& socket,
                                   std::string const& anchors, std::optional<std::string> const& body,
                                   std::string_view content_type, std::string_view how_to_start);

class ServerClient {
public:
    explicit ServerClient(std::string socket) : socket_(std::move(socket)) {}

    // Each throws Exit: no_server where the server can't be reached, failed with its words where it refuses.
    [[nodiscard]] json::value get(std::string const& path) const;
    /// A list with all its pages: {"items": […]}.
    [[nodiscard]] json::value all(std::string const& path) const;
    json::value send(std::string_view method, std::string const& path,
                     std::optional<json::object> const& body = std::nullopt) const;
    /// A file's octets, by POST.
    [[nodiscard]] json::value upload(std::string const& path, std::string const& octets) const;

private:
    [[nodiscard]] json::value call(std::string_view method, std::string const& path,
                                   std::optional<std::string> const& body, std::string_view type) const;
    std::string socket_;
};

/// One segment of a path, or a query value.
[[nodiscard]] std::string in_url(std::string_view text);

}  // namespace postroom::cli
