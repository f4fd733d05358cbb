#include "grants/sealed-store.hpp"

#include <fmt/ranges.h>

namespace postroom::grants {

namespace {

constexpr int batch_size = 100;
constexpr std::string_view known_text = "postroom: this is the right master key";

}  // namespace

std::string place_of_proof(std::string_view key_name)
{
    return fmt::format("master-key/{}/proof", key_name);
}

std::optional<store::MasterKey> current_key(store::Connection& c)
{
    auto keys = store::master_keys(c);
    if (keys.empty() || !keys.front().current) return std::nullopt;
    return std::move(keys.front());
}

void each_sealed(store::Store& store,
                 std::function<void(store::SealedColumn const&, std::vector<store::SealedCell> const&)> const& take)
{
    for (auto const& column : store::sealed_columns())
        for (Uuid last{};;) {
            auto const cells =
                read(store, [&](store::Connection& c) { return store::sealed_cells(c, column, last, batch_size); });
            if (cells.empty()) break;
            take(column, cells);
            last = cells.back().row;
        }
}

Words source_of(vault::Vault const& vault)
{
    return vault.file().empty() ? tr("the environment's {}", vault::environment_name)
                                : tr("the key file {}", vault.file());
}

Result<void> is_right(vault::Vault const& vault, store::MasterKey const& current)
{
    if (!vault.seal_with(current.name))
        return failure(Trouble::invalid,
                       tr("this store's secrets are sealed with the master key {}, and {} has only {}: another server "
                          "uses another key. Copy the key file of a server that works, or bring it back from a backup; "
                          "a new key can't read what is stored",
                          current.name, source_of(vault), fmt::format("{}", fmt::join(vault.key_names(), ", "))));
    auto const text = vault.unseal(current.proof, place_of_proof(current.name));
    if (text && text->expose() == known_text) return {};
    return failure(Trouble::invalid,
                   tr("the master key {} does not open what the store keeps to recognise it: the store "
                      "was changed or is damaged. Run postroom vault verify",
                      current.name));
}

store::MasterKey with_proof(vault::Vault const& vault)
{
    auto name = vault.key_name();
    auto proof = vault.seal(Secret(std::string(known_text)), place_of_proof(name));
    return {std::move(name), true, std::move(proof), {}};
}

}  // namespace postroom::grants
