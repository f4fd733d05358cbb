#include "grants/holds.hpp"

#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "grants/refresh-state.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace postroom::grants {

namespace {

// Whoever tries has it done by then, or died of it.
constexpr Duration one_try = std::chrono::minutes(5);

// Another mailbox of the account is open with the same token: then that is not what is wrong.
bool opens_another(store::Connection& c, Login const& login)
{
    return std::ranges::any_of(store::mailboxes_of(c, login.account.id), [&](model::Mailbox const& each) {
        return each.id != login.mailbox &&
               (each.state == model::MailboxState::idle || each.state == model::MailboxState::retrieving);
    });
}

net::awaitable<void> noted(Roads const& roads, Login const& login, std::function<void(store::Connection&)> work)
{
    try {
        co_await roads.store->write(std::move(work));
    } catch (store::Failure const& failure) {
        spdlog::warn("account {}: {}", login.account.name, printable(failure.what()));
    }
}

}  // namespace

net::awaitable<Result<void>> may_show_password(Roads roads, Login login)
{
    if (roads.store == nullptr) co_return Result<void>();
    auto const now = roads.clock->now();
    std::optional<Error> trouble;
    try {
        auto read = [&](store::Connection& c) {
            return store::sign_in_hold(c, login.account.id, login.server, login.user_name);
        };
        auto const hold = co_await roads.store->read(std::move(read));
        if (!hold) co_return Result<void>();
        // So far ahead it is only where the clock was set back.
        bool const due = hold->next_try <= now || hold->next_try > now + std::chrono::hours(25);
        auto take = [&](store::Connection& c) {
            return store::take_try(c, *hold, std::max(now, hold->next_try), now + one_try);
        };
        bool ours = false;
        if (due) ours = co_await roads.store->write(std::move(take));
        if (ours) co_return Result<void>();
        trouble = Error(Trouble::refused, fmt::format("{}; the next try is at {}", hold->reason,
                                                      to_readable(std::max(hold->next_try, now))));
    } catch (store::Failure const& failure) {
        trouble = failure.error();
    }
    co_return std::unexpected(*trouble);
}

net::awaitable<void> note_refused(Roads roads, Login login, std::string words)
{
    if (roads.store == nullptr) co_return;
    bool const password = login.account.access == model::Access::password;
    auto work = [login, password, words, now = roads.clock->now()](store::Connection& c) {
        store::lock_account(c, login.account.id);
        auto const account = store::account(c, login.account.id);
        // What was refused may not be the account's any more.
        if (!account || account->access != login.account.access ||
            account->password.bytes != login.account.password.bytes)
            return;
        if (!password && opens_another(c, login)) return;
        auto const before = store::sign_in_hold(c, account->id, login.server, login.user_name);
        auto const tries = after({.refusals = before ? before->refusals : 0}, Answer::refused, std::nullopt, now, 0.0);
        store::hold_sign_in(c, {.account = account->id,
                                .server = login.server,
                                .user_name = login.user_name,
                                .refusals = tries.refusals,
                                .next_try = password ? tries.next_try : now,
                                .reason = words});
        store::set_account_state(c, account->id, model::AccountState::needs_authorization, words, now);
        (void)store::raise_alarm(c, store::sign_in_alarm, account->name, words, now);
    };
    co_await noted(roads, login, std::move(work));
}

net::awaitable<void> note_let_in(Roads roads, Login login)
{
    if (roads.store == nullptr || login.account.state != model::AccountState::needs_authorization) co_return;
    auto work = [login, now = roads.clock->now()](store::Connection& c) {
        store::lock_account(c, login.account.id);
        auto const account = store::account(c, login.account.id);
        if (!account || account->state != model::AccountState::needs_authorization) return;
        bool const tried = store::may_be_tried(c, *account);
        if (store::release_sign_in(c, account->id, login.server, login.user_name) && tried)
            store::set_account_state(c, account->id, model::AccountState::ready, "", now);
    };
    co_await noted(roads, login, std::move(work));
}

}  // namespace postroom::grants
