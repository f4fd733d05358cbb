// The vault's master keys and the store: that every server has the right one, and follows the store from one to the
// next.
#pragma once

#include "store/store.hpp"
#include "vault/vault.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
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
    MasterKeyWatch(boost::asio::any_io_executor const& executor, store::Store& store,
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

}  // namespace postroom::grants
