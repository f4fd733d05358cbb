// A master key is replaced by the next while all servers run, what it sealed is read, and old ones are forgotten.
//
// The store says which master key is current, so that servers change over together: a new one is first given to every
// server, then made current, and only then is everything sealed anew with it.
#pragma once

#include "store/store.hpp"
#include "vault/vault.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace postroom::grants {

/// How far a rotation or a verification is: what is being done, and the number of records where it goes through them.
using KeyProgress = std::function<void(Words const& what, std::int64_t done)>;

struct Unreadable {
    std::string place;
    Words why;
};

struct Rotation {
    std::string owner;                      ///< of the lease that keeps a second one off
    std::chrono::seconds wait{120};         ///< for every server to have the new key
    std::function<void()> sleep;            ///< a moment, while servers take a key up
    std::function<void(int step)> between;  ///< for tests: whatever it throws cuts the rotation off there
    KeyProgress progress;
};
struct Rotated {
    std::string key;           ///< what everything is sealed with now
    bool resumed = false;      ///< an earlier one was finished
    std::int64_t records = 0;  ///< that were sealed anew
    std::vector<Unreadable> unreadable;
};
/// Makes a new master key in the vault's file, or takes the source's first key where that is not the current one; has
/// all servers change over to it; and seals everything anew. May be cut off at any instant: everything stays readable,
/// and the next call goes on. The old key stays in the file, for backups. Errors: Trouble::conflict (another rotation
/// is under way), Trouble::timed_out (servers that lack the new key, by name), Trouble::invalid (the key file). Throws
/// store::Failure.
[[nodiscard]] Result<Rotated> rotate(store::Store& store, vault::Vault const& vault, Rotation const& how);

struct Verified {
    std::int64_t records = 0;
    std::map<std::string, std::int64_t> by_key;  ///< how many are sealed with each master key
    std::vector<Unreadable> unreadable;
};
/// Unseals everything there is. Throws store::Failure.
[[nodiscard]] Verified verify(store::Store& store, vault::Vault const& vault, KeyProgress const& progress);

struct Forgetting {
    std::string owner;              ///< of the lease, as a rotation's
    bool now = false;               ///< also what went out of use only a few hours ago
    std::function<void()> between;  ///< for tests: while it goes through what is sealed
};
struct Forgotten {
    std::vector<std::string> names;
    std::vector<std::string> resting;  ///< that nothing needs, and a server that slept might still seal with
};
/// Takes the keys that nothing here is sealed with any more, and no server seals with, out of the vault's file and the
/// store. Errors: Trouble::conflict (a rotation is under way), Trouble::invalid where the keys are in no file that can
/// be written. Throws store::Failure.
[[nodiscard]] Result<Forgotten> forget_old_keys(store::Store& store, vault::Vault const& vault, Forgetting const& how);

}  // namespace postroom::grants
