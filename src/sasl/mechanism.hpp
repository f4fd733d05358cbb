// SASL (RFC 4422): messages in, messages out. What carries them (base64, command lines) is the protocol's affair.
#pragma once

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postroom::sasl {

/// One sign-in. Holds the secret for as long as it lives, so let go of it as soon as the server has answered.
class Mechanism {
public:
    virtual ~Mechanism() = default;

    /// As it stands on the wire: "XOAUTH2".
    [[nodiscard]] virtual std::string_view name() const = 0;

    /// What the client says first, as raw bytes; nothing where the server speaks first (LOGIN).
    [[nodiscard]] virtual std::optional<Secret> initial() const = 0;

    /// Answers a challenge, given as raw bytes. Errors: Trouble::protocol for one that the mechanism does not know;
    /// the sign-in is then to be cancelled with "*".
    [[nodiscard]] virtual Result<Secret> answer(std::string_view challenge) = 0;

    /// What the server said in an error challenge ({"status":"401",…}), as it was sent; empty where it sent none.
    [[nodiscard]] std::string const& refusal() const { return refusal_; }

protected:
    std::string refusal_;
};

/// `user` is the mailbox that is opened; the token may belong to somebody else. Errors, for this and the three below:
/// Trouble::invalid where a value could be taken for the frame around it (control characters) or is empty.
[[nodiscard]] Result<std::unique_ptr<Mechanism>> xoauth2(std::string_view user, Secret const& token);
/// RFC 7628. `server` is what was dialled.
[[nodiscard]] Result<std::unique_ptr<Mechanism>> oauthbearer(std::string_view user, Endpoint const& server,
                                                             Secret const& token);
/// RFC 4616.
[[nodiscard]] Result<std::unique_ptr<Mechanism>> plain(std::string_view user, Secret const& password);
/// draft-murchison-sasl-login: for servers that know nothing else.
[[nodiscard]] Result<std::unique_ptr<Mechanism>> login(std::string_view user, Secret const& password);

}  // namespace postroom::sasl
