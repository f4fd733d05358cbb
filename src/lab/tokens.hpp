// Tokens as Entra issues them: access tokens of version 1.0 for Exchange, id tokens of version 2.0, refresh tokens.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace postroom::lab {

/// Signs with RS256. The key lies in the lab's directory, so that tokens outlive a restart.
class TokenKeys {
public:
    /// Errors: Trouble::internal where the key can be neither read nor made.
    [[nodiscard]] static Result<TokenKeys> load_or_make(std::string const& directory);

    /// A JWT in compact form.
    [[nodiscard]] std::string sign(boost::json::object const& claims) const;
    /// The claims of a JWT that this key signed, whatever they say. Errors: Trouble::invalid, Trouble::refused.
    [[nodiscard]] Result<boost::json::object> read(std::string_view token) const;
    /// RFC 7517: for /discovery/v2.0/keys.
    [[nodiscard]] boost::json::object jwks() const;

    /// Refresh tokens carry what they stand for, so the lab remembers none of them.
    [[nodiscard]] std::string seal(boost::json::object const& content) const;
    /// Errors: Trouble::invalid where it was not sealed with this key.
    [[nodiscard]] Result<boost::json::object> unseal(std::string_view token) const;

private:
    std::shared_ptr<evp_pkey_st> key_;
    std::string key_id_;
    std::string seal_key_;
};

/// The claims that matter to a mail server.
struct AccessToken {
    std::string upn;  ///< empty: the application's own
    std::string object_id;
    std::string audience;
    std::string scopes;  ///< as in `scp`, with spaces
    std::string client_id;
    std::vector<std::string> roles;  ///< of an application
    Instant expires{};

    [[nodiscard]] bool has_scope(std::string_view name) const;
    [[nodiscard]] bool is_for_exchange() const;
};
/// Errors: Trouble::refused where the signature is not ours, the token has run out, or it names nobody.
[[nodiscard]] Result<AccessToken> read_access_token(TokenKeys const& keys, std::string_view token, Instant now);

/// A moment as JWT has it: seconds since 1970.
[[nodiscard]] std::int64_t to_seconds(Instant at);

}  // namespace postroom::lab
