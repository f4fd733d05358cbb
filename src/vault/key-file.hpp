// Where the master keys lie: a file that only its owner can read, a credential of systemd, or the environment. Each
// holds one key or several, in base64, the newest first.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::vault {

/// Master keys, and the file that they came from: "" for keys of the environment, which can't be read again. No keys
/// where the file is not there yet.
struct Keys {
    std::vector<Secret> keys;
    std::string file;
};

/// What it says is wiped from the environment as it is read, so that neither /proc nor a child shows it.
inline constexpr auto const* environment_name = "POSTROOM_MASTER_KEY";
/// The name of the credential, in $CREDENTIALS_DIRECTORY.
inline constexpr auto const* credential_name = "postroom-master-key";

/// The environment's keys where it has some, else systemd's credential, else those of `key_file`. Before other threads
/// begin: the environment is written to. Errors: as read_key_file().
[[nodiscard]] Result<Keys> find_keys(std::string const& key_file);

/// Errors: Trouble::invalid (no key, a wrong length, readable by others), saying what to do.
[[nodiscard]] Result<std::vector<Secret>> read_key_file(std::string const& path);
/// `called` names the source in an error.
[[nodiscard]] Result<std::vector<Secret>> parse_keys(std::string_view text, std::string const& called);

/// A key file with one new key, whole and on the disk, or, where another process was faster, what that one put there.
[[nodiscard]] Result<void> make_key_file(std::string const& path);
/// Puts these keys in place of the file's, at once or not at all.
[[nodiscard]] Result<void> write_key_file(std::string const& path, std::vector<Secret> const& keys);

[[nodiscard]] Secret new_key();

}  // namespace postroom::vault
