// Which process has a port, as far as this process may see (Linux's /proc).
#pragma once

#include <cstdint>
#include <string>

namespace postroom::net {

/// "nginx (process 812)", or "" where it can't be known.
[[nodiscard]] std::string port_owner(std::uint16_t port);

}  // namespace postroom::net
