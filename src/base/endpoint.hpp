// Where a server listens.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postroom {

struct Endpoint {
    std::string host;  ///< a name, or an address without brackets
    std::uint16_t port = 0;

    friend bool operator==(Endpoint const&, Endpoint const&) = default;
};

/// "host:port", "[::1]:993", or "host" with `default_port`. Errors: Trouble::invalid with what would be right.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);
[[nodiscard]] std::string to_string(Endpoint const& endpoint);

}  // namespace postroom
