#include "grants/master-keys.hpp"

#include "grants/sealed-store.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace postroom::grants {

namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

constexpr auto look_every = std::chrono::seconds(2);
constexpr auto tell_every = std::chrono::seconds(30);

bool anything_sealed(store::Store& store)
{
    return read(store, [](store::Connection& c) {
        return std::ranges::any_of(store::sealed_columns(), [&](store::SealedColumn const& column) {
            return !store::sealed_cells(c, column, {}, 1).empty();
        });
    });
}

}  // namespace

bool has_master_key(store::Store& store)
{
    return read(store, current_key).has_value() || anything_sealed(store);
}

Result<void> take_master_key(store::Store& store, vault::Vault const& vault)
{
    auto current = read(store, current_key);
    if (!current) {
        // A store of an earlier release: what it holds says which key is the right one.
        std::string lacked;
        each_sealed(store, [&](store::SealedColumn const&, std::vector<store::SealedCell> const& cells) {
            for (auto const& cell : cells)
                if (auto const key = vault::key_of(cell.sealed); !key.empty() && !vault.has(key)) lacked = key;
        });
        if (!lacked.empty()) return is_right(vault, {lacked, true, {}, {}});
        // Of two servers that are the first ones, one finds the other's key.
        try {
            store.write_now([&](store::Connection& c) {
                if (!current_key(c)) store::make_current(c, with_proof(vault));
            });
        } catch (store::Failure const& first) {
            if (first.kind() != Trouble::conflict) throw;
        }
        current = read(store, current_key);
        if (!current) return failure(Trouble::store, tr("the store does not keep which master key it is sealed with"));
    }
    return is_right(vault, *current);
}

MasterKeyWatch::MasterKeyWatch(asio::any_io_executor const& executor, store::Store& store,
                               std::shared_ptr<vault::Vault const> vault, std::string server)
    : store_(store), vault_(std::move(vault)), server_(std::move(server)), pause_(executor)
{
}

store::awaitable<void> MasterKeyWatch::run()
{
    while (!stopped_) {
        try {
            co_await look();
        } catch (store::Failure const& failure) {
            spdlog::debug("the master keys could not be compared: {}", failure.what());
        }
        if (stopped_) break;
        pause_.expires_after(look_every);
        boost::system::error_code error;
        co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
    try {
        co_await store_.write([this](store::Connection& c) { store::remove_holder(c, server_); });
    } catch (store::Failure const& failure) {
        spdlog::debug("the others see by its silence that this server is gone: {}", failure.what());
    }
}

void MasterKeyWatch::stop()
{
    stopped_ = true;
    pause_.cancel();
}

store::awaitable<void> MasterKeyWatch::look()
{
    // What is wrong with the file is told where a key is lacking; those there are stay good.
    auto const again = vault_->read_again();
    auto const current = co_await store_.read([](store::Connection& c) { return current_key(c); });
    if (current && !vault_->seal_with(current->name)) {
        if (std::exchange(lacked_, current->name) != current->name)
            spdlog::error(
                "the store's secrets are being sealed with the master key {}, which this server lacks: copy the key "
                "file of a server that has it to {}{}{}",
                current->name, source_of(*vault_).english(), again ? "" : "; ", again ? "" : again.error().message);
    } else {
        lacked_.clear();
    }
    store::MasterKeyHolder const holder{server_, vault_->key_names(), vault_->key_name(), {}};
    bool const new_to_others = holder.names != told_names_ || holder.seals_with != told_sealing_;
    if (!new_to_others && Steady::now() < tell_again_) co_return;
    co_await store_.write([&holder](store::Connection& c) { store::note_holder(c, holder); });
    told_names_ = holder.names;
    told_sealing_ = holder.seals_with;
    tell_again_ = Steady::now() + tell_every;
}

}  // namespace postroom::grants
