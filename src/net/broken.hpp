// The conversation broke: the session is over, and its worker's loop decides what follows. What a server *answers*,
// a refusal included, is never an exception.
#pragma once

#include "base/result.hpp"

#include <stdexcept>

namespace postroom::net {

/// kind() is one of unreachable, timed_out, closed, tls, protocol, limit; what() is for people and holds no secret.
class Broken : public std::runtime_error {
public:
    Broken(Trouble kind, std::string const& why) : std::runtime_error(why), kind_(kind) {}
    explicit Broken(Error const& error) : Broken(error.kind, error.message) {}
    [[nodiscard]] Trouble kind() const { return kind_; }
    [[nodiscard]] Error error() const { return {kind_, what()}; }

private:
    Trouble kind_;
};

}  // namespace postroom::net
