#include "grants/key-rotation.hpp"

#include "grants/places.hpp"
#include "grants/sealed-store.hpp"
#include "store/coordination.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace postroom::grants {

namespace {

using Steady = std::chrono::steady_clock;

constexpr Duration lease_length{15'000};
// A server that slept, a suspended machine say, may seal with an old key in the moment in which it wakes up.
constexpr Duration rest = std::chrono::hours(6);
constexpr auto const* rotation_lease = "vault/rotation";

// Of all that write the key file, one at a time.
template <class Work>
std::invoke_result_t<Work&, store::Lease const&> alone(store::Store& store, std::string const& owner, Work work)
{
    auto const lease =
        write(store, [&](store::Connection& c) { return store::take_lease(c, rotation_lease, owner, lease_length); });
    if (!lease)
        return failure(Trouble::conflict, tr("the master key is being replaced by another process; where that was "
                                             "killed, this can go on in {} seconds",
                                             lease_length.count() / 1000));
    auto outcome = work(*lease);
    store.write_now([&](store::Connection& c) { store::drop_lease(c, *lease); });
    return outcome;
}

void go_on(store::Store& store, store::Lease const& lease)
{
    store.write_now([&](store::Connection& c) { store::renew_lease(c, lease, lease_length); });
}

class Rotating {
public:
    Rotating(store::Store& store, vault::Vault const& vault, Rotation const& how, store::Lease lease)
        : store_(store), vault_(vault), how_(how), lease_(std::move(lease))
    {
    }

    Result<Rotated> run()
    {
        auto const current = read(store_, current_key);
        if (!current)
            return failure(Trouble::invalid, tr("no server ever used this store, and nothing is sealed in it"));
        if (auto right = is_right(vault_, *current); !right) return std::unexpected(right.error());
        step();
        auto target = choose(current->name);
        if (!target) return std::unexpected(target.error());
        step();
        if (*target != current->name) {
            auto const holding = wait_for([&](store::MasterKeyHolder const& holder) {
                return std::ranges::find(holder.names, *target) != holder.names.end();
            });
            if (!holding.empty())
                return failure(
                    Trouble::timed_out,
                    tr("these servers do not have the new master key {} yet: {}. Copy {} to each of them; "
                       "they read it by themselves where it is a file, otherwise restart them. Then run this "
                       "again: it goes on here",
                       *target, holding, source_of(vault_)));
            if (!vault_.seal_with(*target)) return failure(Trouble::internal, tr("the new master key was lost"));
            step();
            auto const key = with_proof(vault_);
            store_.write_now([&](store::Connection& c) {
                store::check_lease(c, lease_);
                store::make_current(c, key);
            });
        }
        step();
        auto const sealing =
            wait_for([&](store::MasterKeyHolder const& holder) { return holder.seals_with == *target; });
        if (!sealing.empty())
            return failure(Trouble::timed_out,
                           tr("these servers still seal with an old master key: {}. Look into their "
                              "logs, then run this again: it goes on here",
                              sealing));
        rotated_.key = *target;
        seal_anew();
        return std::move(rotated_);
    }

private:
    // The source's first key where that is a new one; the current one where something still needs to be sealed with it;
    // a new one otherwise.
    Result<std::string> choose(std::string const& current)
    {
        auto first = vault_.key_names().front();
        if (first != current) {
            bool const used = read(store_, [&](store::Connection& c) {
                auto const keys = store::master_keys(c);
                return std::ranges::find(keys, first, &store::MasterKey::name) != keys.end();
            });
            if (used)
                return failure(Trouble::invalid,
                               tr("{} begins with the master key {}, which was replaced already: move "
                                  "the newest key to its first line",
                                  source_of(vault_), first));
            rotated_.resumed = true;
            return first;
        }
        if (is_left_over(current)) {
            rotated_.resumed = true;
            return current;
        }
        if (vault_.file().empty())
            return failure(Trouble::invalid,
                           tr("the master key came from {}, which can't be written to: put a new key before the one "
                              "there, for every server, restart them, and run this again",
                              source_of(vault_)));
        auto const added = write(store_, [&](store::Connection& c) {
            store::check_lease(c, lease_);
            return add_key();
        });
        if (!added) return std::unexpected(added.error());
        if (auto const again = vault_.read_again(); !again) return std::unexpected(again.error());
        return *added;
    }

    Result<std::string> add_key()
    {
        auto keys = vault::read_key_file(vault_.file());
        if (!keys) return std::unexpected(keys.error());
        keys->insert(keys->begin(), vault::new_key());
        if (auto const written = vault::write_key_file(vault_.file(), *keys); !written)
            return std::unexpected(written.error());
        return vault::name_of_key(keys->front());
    }

    // What can't be unsealed would be left over for ever.
    bool is_left_over(std::string const& current)
    {
        bool found = false;
        each_sealed(store_, [&](store::SealedColumn const& column, std::vector<store::SealedCell> const& cells) {
            go_on(store_, lease_);
            for (auto const& cell : cells)
                found = found || (vault::key_of(cell.sealed) != current &&
                                  vault_.unseal(cell.sealed, place_of(column, cell.row)));
        });
        return found;
    }

    // The names of the servers that are not so far when the time is over.
    std::string wait_for(std::function<bool(store::MasterKeyHolder const&)> const& so_far)
    {
        auto const until = Steady::now() + how_.wait;
        for (;;) {
            std::vector<std::string> late;
            go_on(store_, lease_);
            for (auto const& holder :
                 read(store_, [](store::Connection& c) { return store::holders_since(c, holder_is_gone_after); }))
                if (!so_far(holder)) late.push_back(holder.server);
            auto names = fmt::format("{}", fmt::join(late, ", "));
            if (late.empty() || Steady::now() >= until) return names;
            how_.progress(tr("waiting for {}", names), 0);
            how_.sleep();
        }
    }

    // A server may store what it had in its hands, sealed with the old key, after its row was passed: so until a pass
    // finds nothing.
    void seal_anew()
    {
        for (bool again = true; again;) {
            again = false;
            rotated_.unreadable.clear();
            each_sealed(store_, [&](store::SealedColumn const& column, std::vector<store::SealedCell> const& cells) {
                go_on(store_, lease_);
                again = seal_batch(column, cells) || again;
                step();
            });
        }
    }

    bool seal_batch(store::SealedColumn const& column, std::vector<store::SealedCell> const& cells)
    {
        struct Renewed {
            store::SealedCell const* cell;
            model::Sealed by;
        };
        std::vector<Renewed> renewed;
        for (auto const& cell : cells) {
            if (vault::key_of(cell.sealed) == rotated_.key) continue;
            auto const place = place_of(column, cell.row);
            auto const secret = vault_.unseal(cell.sealed, place);
            if (secret)
                renewed.push_back({&cell, vault_.seal(*secret, place)});
            else
                rotated_.unreadable.push_back({place, secret.error().words});
        }
        if (renewed.empty()) return false;
        rotated_.records += write(store_, [&](store::Connection& c) {
            std::int64_t changed = 0;
            store::check_lease(c, lease_);
            for (auto const& each : renewed) changed += store::replace_sealed(c, column, *each.cell, each.by) ? 1 : 0;
            return changed;
        });
        how_.progress(tr("sealing anew"), rotated_.records);
        return true;
    }

    void step()
    {
        if (how_.between) how_.between(steps_);
        ++steps_;
    }

    store::Store& store_;
    vault::Vault const& vault_;
    Rotation const& how_;
    store::Lease const lease_;
    Rotated rotated_;
    int steps_ = 0;
};

class ForgettingKeys {
public:
    ForgettingKeys(store::Store& store, vault::Vault const& vault, Forgetting const& how, store::Lease lease)
        : store_(store), vault_(vault), how_(how), lease_(std::move(lease))
    {
    }

    Result<Forgotten> run()
    {
        known_ = read(store_, store::master_keys);
        if (known_.empty() || !known_.front().current)
            return failure(Trouble::invalid, tr("no server ever used this store, and nothing is sealed in it"));
        needed_.push_back(known_.front().name);
        for (auto const& holder :
             read(store_, [](store::Connection& c) { return store::holders_since(c, holder_is_gone_after); }))
            needed_.push_back(holder.seals_with);
        each_sealed(store_, [&](store::SealedColumn const&, std::vector<store::SealedCell> const& cells) {
            go_on(store_, lease_);
            for (auto const& cell : cells)
                if (auto name = vault::key_of(cell.sealed); !is_needed(name)) needed_.push_back(std::move(name));
            if (how_.between) how_.between();
        });
        // In the transaction in which the lease is ours: nobody else's new key is in the file, or comes into it.
        return write(store_, [&](store::Connection& c) {
            store::check_lease(c, lease_);
            return take_out(c);
        });
    }

private:
    Result<Forgotten> take_out(store::Connection& c)
    {
        auto keys = vault::read_key_file(vault_.file());
        if (!keys) return std::unexpected(keys.error());
        std::vector<Secret> kept;
        Forgotten outcome;
        bool behind_current = false;
        for (auto& key : *keys) {
            auto const name = vault::name_of_key(key);
            behind_current = behind_current || name == known_.front().name;
            // What stands before the current one is not old: the next rotation begins with it.
            bool const old = behind_current && !is_needed(name);
            bool const resting = old && !how_.now && c.now() - unused_since(name) < rest;
            if (resting) outcome.resting.push_back(name);
            if (!old || resting)
                kept.push_back(std::move(key));
            else
                outcome.names.push_back(name);
        }
        if (outcome.names.empty()) return outcome;
        if (auto const written = vault::write_key_file(vault_.file(), kept); !written)
            return std::unexpected(written.error());
        for (auto const& name : outcome.names) store::forget_master_key(c, name);
        return outcome;
    }

    [[nodiscard]] bool is_needed(std::string const& name) const
    {
        return std::ranges::find(needed_, name) != needed_.end();
    }

    // Since the one that followed it became current: the newest stand first. One that never was current could have been
    // used until now at most.
    [[nodiscard]] Instant unused_since(std::string const& name) const
    {
        auto const at = std::ranges::find(known_, name, &store::MasterKey::name);
        return at == known_.end() || at == known_.begin() ? known_.front().since : std::prev(at)->since;
    }

    store::Store& store_;
    vault::Vault const& vault_;
    Forgetting const& how_;
    store::Lease const lease_;
    std::vector<store::MasterKey> known_;
    std::vector<std::string> needed_;
};

}  // namespace

Result<Rotated> rotate(store::Store& store, vault::Vault const& vault, Rotation const& how)
{
    return alone(store, how.owner, [&](store::Lease const& lease) { return Rotating(store, vault, how, lease).run(); });
}

Verified verify(store::Store& store, vault::Vault const& vault, KeyProgress const& progress)
{
    Verified found;
    auto const look = [&](model::Sealed const& sealed, std::string const& place) {
        ++found.records;
        auto const secret = vault.unseal(sealed, place);
        if (!secret) found.unreadable.push_back({place, secret.error().words});
        if (secret) ++found.by_key[vault::key_of(sealed)];
    };
    each_sealed(store, [&](store::SealedColumn const& column, std::vector<store::SealedCell> const& cells) {
        for (auto const& cell : cells) look(cell.sealed, place_of(column, cell.row));
        progress(tr("unsealing"), found.records);
    });
    for (auto const& key : read(store, store::master_keys))
        if (key.current) look(key.proof, place_of_proof(key.name));
    return found;
}

Result<Forgotten> forget_old_keys(store::Store& store, vault::Vault const& vault, Forgetting const& how)
{
    if (vault.file().empty())
        return failure(Trouble::invalid,
                       tr("the master keys came from {}, which can't be written to", source_of(vault)));
    return alone(store, how.owner,
                 [&](store::Lease const& lease) { return ForgettingKeys(store, vault, how, lease).run(); });
}

}  // namespace postroom::grants
