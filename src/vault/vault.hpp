// Encryption of secrets at rest. What is sealed is bound to its place ("account/ID/refresh-token"), so that ciphertexts
// can't be swapped between rows.
#pragma once

#include "base/secret.hpp"
#include "model/application.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace postroom::vault {

class Vault {
public:
    /// Reads the master key from a file of mode 0600 or stricter; makes one where there is none and `create` is set.
    /// Errors: Trouble::invalid (no key, a wrong length, readable by others), saying what to do.
    [[nodiscard]] static Result<std::shared_ptr<Vault const>> open(std::string const& key_file, bool create);

    /// XChaCha20-Poly1305 with a key of its own, wrapped by the master key.
    [[nodiscard]] model::Sealed seal(Secret const& secret, std::string_view place) const;
    /// Errors: Trouble::store where it was sealed for another place, by another key, or was changed.
    [[nodiscard]] Result<Secret> unseal(model::Sealed const& sealed, std::string_view place) const;
    /// A short digest of the master key: the same on every server of the installation.
    [[nodiscard]] std::string key_name() const;

private:
    explicit Vault(Secret master);
    Secret master_;
};

}  // namespace postroom::vault
