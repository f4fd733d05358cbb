// What was said on a connection, for people. Secrets are masked because their sender marked them (base/wire.hpp);
// bodies are shortened. Fed by the transport.
#pragma once

#include "base/clock.hpp"
#include "base/wire.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace postroom::net {

class Transcript {
public:
    virtual ~Transcript() = default;
    virtual void sent(Wire const& wire) = 0;
    virtual void received(std::string_view bytes) = 0;
    /// "connected to 127.0.0.1:993", "TLS 1.3, certificate of localhost", "closed".
    virtual void note(std::string_view text) = 0;
};

/// Writes lines such as `12:00:01.250 C: A1 NOOP` to a file made with mode 0600. Errors: Trouble::invalid, with the
/// system's reason.
[[nodiscard]] Result<std::shared_ptr<Transcript>> transcript_to_file(std::string const& path,
                                                                     Clock const& clock = system_clock());

}  // namespace postroom::net
