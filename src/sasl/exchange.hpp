// The part of a sign-in that IMAP, POP3 and SMTP have in common: base64 lines that answer base64 challenges (RFC 4422).
#pragma once

#include "base/wire.hpp"
#include "sasl/mechanism.hpp"

#include <optional>
#include <string_view>

namespace postroom::sasl {

class Exchange {
public:
    explicit Exchange(Mechanism& mechanism) : mechanism_(mechanism), initial_(mechanism.initial()) {}

    /// For the command line itself: the initial response, "=" where it is an empty one (RFC 4954, RFC 4959); nothing
    /// where the server speaks first, or where it has more than `most` octets. Once taken it is not sent again.
    [[nodiscard]] std::optional<Secret> take_initial(std::size_t most);

    /// The line, with its CRLF, that answers `challenge`, as it came: the initial response where it was not taken, else
    /// what the mechanism says; "*", which cancels, where it has no answer. A challenge that is no base64 is taken as
    /// it is, since people read what servers say there. Errors: the mechanism's, where the server asks on after "*".
    [[nodiscard]] Result<Wire> answer(std::string_view challenge);

    /// Why it was cancelled. A server that calls that a success is not to be believed.
    [[nodiscard]] std::optional<Error> const& cancelled() const { return cancelled_; }

private:
    Mechanism& mechanism_;
    std::optional<Secret> initial_;
    std::optional<Error> cancelled_;
};

}  // namespace postroom::sasl
