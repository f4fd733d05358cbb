// What the vault's keys have to do with the store: what is sealed in it, and how it knows the right master key.
#pragma once

#include "store/sealed.hpp"
#include "store/store.hpp"
#include "vault/vault.hpp"

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace postroom::grants {

/// A server that told nothing of its keys for so long does not run.
constexpr Duration holder_is_gone_after{90'000};

/// What `work` returns, of a transaction. Throws store::Failure, as all of these do.
template <class Work>
[[nodiscard]] auto read(store::Store& store, Work work)
{
    std::optional<std::invoke_result_t<Work&, store::Connection&>> result;
    store.read_now([&](store::Connection& c) { result.emplace(work(c)); });
    return std::move(*result);
}

template <class Work>
[[nodiscard]] auto write(store::Store& store, Work work)
{
    std::optional<std::invoke_result_t<Work&, store::Connection&>> result;
    store.write_now([&](store::Connection& c) { result.emplace(work(c)); });
    return std::move(*result);
}

/// The key that every server is to seal with; none in a store that no server ever used.
[[nodiscard]] std::optional<store::MasterKey> current_key(store::Connection& c);

/// Batch by batch, each in a transaction of its own: what is read here is not held.
void each_sealed(store::Store& store,
                 std::function<void(store::SealedColumn const&, std::vector<store::SealedCell> const&)> const& take);

/// Where the keys came from, for people.
[[nodiscard]] Words source_of(vault::Vault const& vault);

/// What a store keeps to recognise the vault's first key as its current one.
[[nodiscard]] store::MasterKey with_proof(vault::Vault const& vault);
/// Where the proof of a key is sealed to.
[[nodiscard]] std::string place_of_proof(std::string_view key_name);
/// Has the vault seal with `current`, and opens its proof. Errors: Trouble::invalid where it lacks that key, or has
/// another one of its name, saying what to do.
[[nodiscard]] Result<void> is_right(vault::Vault const& vault, store::MasterKey const& current);

}  // namespace postroom::grants
