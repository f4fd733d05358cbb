// Encryption of secrets at rest. What is sealed is bound to its place ("account/ID/refresh-token"), so that ciphertexts
// can't be swapped between rows, and says which master key wrapped it, so that several can be in use while one is
// replaced by the next.
#pragma once

#include "base/secret.hpp"
#include "model/application.hpp"
#include "vault/key-file.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::vault {

/// Used from any thread.
class Vault {
public:
    /// The first key is what it seals with, until seal_with() says otherwise. Where there are none, their file is made
    /// with a new one if `create` is set. Errors: as read_key_file().
    [[nodiscard]] static Result<std::shared_ptr<Vault const>> open(Keys keys, bool create);
    [[nodiscard]] static Result<std::shared_ptr<Vault const>> open(std::string const& key_file, bool create);

    /// XChaCha20-Poly1305 with a key of its own, wrapped by the master key.
    [[nodiscard]] model::Sealed seal(Secret const& secret, std::string_view place) const;
    /// Where it was sealed with a master key that is not known here, the key file is read again. Errors: Trouble::store
    /// where it was sealed for another place, by a key that is still not known, or was changed.
    [[nodiscard]] Result<Secret> unseal(model::Sealed const& sealed, std::string_view place) const;

    /// A short digest of the master key that it seals with: the same on every server of the installation.
    [[nodiscard]] std::string key_name() const;
    /// Of all that it can unseal with, the source's first one first.
    [[nodiscard]] std::vector<std::string> key_names() const;
    [[nodiscard]] bool has(std::string_view key_name) const;
    /// From now on it seals with this one; false where it has no such key, after reading the key file again.
    bool seal_with(std::string_view key_name) const;
    /// Reads the key file again where it was changed. Errors: as read_key_file(); the keys there were stay.
    Result<void> read_again() const;

    /// The key file, or "" where the keys came from the environment.
    [[nodiscard]] std::string const& file() const { return file_; }

private:
    struct Ring;
    Vault(std::shared_ptr<Ring const> ring, std::string file);
    [[nodiscard]] std::shared_ptr<Ring const> ring() const;

    std::string const file_;
    mutable std::mutex mutex_;
    mutable std::shared_ptr<Ring const> ring_;
};

/// The name of a master key, in hexadecimal.
[[nodiscard]] std::string name_of_key(Secret const& master);
/// Of the master key that this was sealed with; "" for what nobody sealed.
[[nodiscard]] std::string key_of(model::Sealed const& sealed);

}  // namespace postroom::vault
