// The vault's master keys and the store: that every server has the right one, that one can be replaced by the next
// while all run, and that everything sealed can be read.
//
// The store says which master key is current, so that servers change over together: a new one is first given to every
// server, then made current, and only then is everything sealed anew with it.
#pragma once

#include "store/store.hpp"
#include "vault/vault.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace postroom::grants {

/// True where secrets were sealed in this store already, so that a new master key could not be the right one.
[[nodiscard]] bool has_master_key(store::Store& store);

/// At the start: has the vault seal with the store's current key, or, in a store that has none yet, makes the vault's
/// first one current. Errors: Trouble::invalid where the vault lacks the current key or it is not the same, or where
/// something was sealed with a key that it lacks, saying what to do. Throws store::Failure.
[[nodiscard]] Result<void> take_master_key(store::Store& store, vault::Vault const& vault);

/// What a running server does about its keys: tells the others which it has, and follows the store's current one.
class MasterKeyWatch {
public:
    /// `server` is what its leases are held by.
    MasterKeyWatch(boost::asio::any_io_executor executor, store::Store& store,
                   std::shared_ptr<vault::Vault const> vault, std::string server);
    [[nodiscard]] store::awaitable<void> run();
    void stop();

private:
    [[nodiscard]] store::awaitable<void> look();

    store::Store& store_;
    std::shared_ptr<vault::Vault const> vault_;
    std::string const server_;
    boost::asio::steady_timer pause_;
    bool stopped_ = false;
    std::vector<std::string> told_names_;
    std::string told_sealing_, lacked_;
    std::chrono::steady_clock::time_point tell_again_{};
};

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
