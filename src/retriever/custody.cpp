#include "retriever/custody.hpp"

#include "base/text.hpp"
#include "retriever/verdict.hpp"
#include "store/after-actions.hpp"
#include "store/figures.hpp"
#include "store/messages.hpp"
#include "store/unreadable.hpp"
#include "store/withheld.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <utility>

namespace postroom::retriever {

namespace {

// In one transaction: other mailboxes wait for it.
constexpr std::size_t noted_at_once = 5'000;
// How often the connections of a mailbox that nothing comes for are told.
constexpr auto connections_told = std::chrono::minutes(10);
constexpr std::string_view failing_actions = "after-actions";

std::string_view done_to(model::AfterAction action)
{
    using enum model::AfterAction;
    return action == move ? "moved" : action == remove ? "deleted" : "marked as seen";
}

}  // namespace

Custody::Custody(std::shared_ptr<Ground const> ground, model::MailboxId id, std::function<void()> stir)
    : ground_(std::move(ground)), id_(id), stir_(std::move(stir))
{
}

net::awaitable<bool> Custody::take()
{
    auto begin = [this](store::Connection& c) {
        auto const mailbox = store::mailbox(c, id_);
        if (!mailbox) throw store::Failure(Trouble::not_found, "the mailbox was removed");
        auto const account = store::account(c, mailbox->account);
        if (!account) throw store::Failure(Trouble::not_found, "the mailbox's account was removed");
        mailbox_ = *mailbox;
        account_ = *account;
        footing_ = {store::footing(c, *account), mailbox->version, mailbox->unexpected};
        auto taken = store::take_lease(c, "mailbox/" + to_string(id_), ground_->owner, lease_length);
        if (taken && !figures_begun_) store::begin_figures(c, id_, ground_->clock->now());
        return taken;
    };
    auto lease = co_await ground_->store->write(std::move(begin));
    if (!lease) co_return false;
    lease_ = std::move(*lease);
    figures_begun_ = true;
    co_return true;
}

net::awaitable<void> Custody::renew()
{
    auto renew = [this](store::Connection& c) { store::renew_lease(c, lease_, lease_length); };
    co_await ground_->store->write(std::move(renew));
}

net::awaitable<void> Custody::let_go()
{
    if (lease_.name.empty()) co_return;
    try {
        auto drop = [lease = lease_](store::Connection& c) { store::drop_lease(c, lease); };
        co_await ground_->store->write(std::move(drop));
    } catch (store::Failure const& failure) {
        spdlog::warn("retriever: {}: {}", mailbox_.address, failure.what());
    }
}

net::awaitable<void> Custody::show(model::MailboxState state, std::string reason, std::optional<Duration> wait,
                                   model::MailTrouble trouble)
{
    auto const now = ground_->clock->now();
    mailbox_.state = state;
    mailbox_.state_reason = reason;
    store::MailboxStatus status{state, std::move(reason), std::nullopt, false, trouble};
    if (wait) status.next_try = now + *wait;
    auto work = [id = id_, status, now](store::Connection& c) { store::set_mailbox_status(c, id, status, now); };
    co_await ground_->store->write(std::move(work));
}

net::awaitable<void> Custody::show_trouble(Error const& error, std::optional<Duration> wait)
{
    auto const now = ground_->clock->now();
    auto const trouble = trouble_of(error);
    store::MailboxStatus status{model::MailboxState::backing_off, error.message, std::nullopt, false, trouble};
    if (wait) status.next_try = now + *wait;
    auto counted = counted_;
    auto work = [this, status, counted, now](store::Connection& c) mutable {
        store::set_mailbox_status(c, id_, status, now);
        // Before its first lease it is somebody else's to count.
        if (!figures_begun_) return;
        if (status.trouble != model::MailTrouble::none)
            store::note_failure(c, id_, status.trouble, printable(status.reason, 2'000), now);
        store::add_figures(c, id_, counted);
    };
    co_await ground_->store->write(std::move(work));
    if (figures_begun_) counted_ = {};
}

net::awaitable<bool> Custody::show_idle(std::string remark)
{
    auto const now = ground_->clock->now();
    // A mailbox that idles, or is polled in vain, costs nothing for its figures.
    auto const counted = counted_;
    model::Figures const only_connections{.connections = counted.connections};
    bool const tell = counted != only_connections || std::chrono::steady_clock::now() - told_ > connections_told;
    bool edited = false;
    auto renew = [this, now, &remark, &edited, counted, tell](store::Connection& c) {
        auto const lease = store::take_lease(c, lease_.name, lease_.owner, lease_length);
        if (!lease) throw store::Failure(Trouble::conflict, "another server took this mailbox over");
        auto const mailbox = store::mailbox(c, id_);
        auto const account = store::account(c, account_.id);
        edited = !mailbox || mailbox->version != mailbox_.version || !account || account->version != account_.version;
        store::set_mailbox_status(c, id_, {model::MailboxState::idle, remark, std::nullopt, true}, now);
        if (tell) store::add_figures(c, id_, counted);
        return *lease;
    };
    lease_ = co_await ground_->store->write(std::move(renew));
    if (tell) {
        counted_ = {};
        told_ = std::chrono::steady_clock::now();
    }
    co_return edited;
}

net::awaitable<void> Custody::note(std::vector<model::LedgerRow> rows)
{
    for (std::span left(rows); !left.empty(); left = left.subspan(std::min(noted_at_once, left.size()))) {
        auto const some = left.first(std::min(noted_at_once, left.size()));
        auto add = [this, some, now = ground_->clock->now()](store::Connection& c) {
            store::renew_lease(c, lease_, lease_length);
            for (auto const& row : some) {
                if (row.state != model::LedgerState::unreadable) {
                    store::add_to_ledger(c, row, now);
                    continue;
                }
                model::UnreadableMail const mail{.id = model::UnreadableMailId::make(*ground_->clock),
                                                 .mailbox = id_,
                                                 .folder = row.place.folder,
                                                 .uid_validity = row.place.uid_validity,
                                                 .uid = row.place.uid,
                                                 .tries = row.tries,
                                                 .reason = row.note,
                                                 .noted = now};
                store::add_unreadable(c, mail, row.unique_id);
            }
        };
        co_await ground_->store->write(std::move(add), some.size() * 64);
        stir_();
        for (auto const& row : some) {
            if (row.state == model::LedgerState::skipped) ++counted_.skipped;
            if (row.state == model::LedgerState::unreadable) ++counted_.refused;
        }
    }
}

net::awaitable<void> Custody::keep_withheld(Withheld::Changes changes, std::string folder, std::uint32_t uid_validity)
{
    if (changes.empty()) co_return;
    auto write = [&](store::Connection& c) {
        store::renew_lease(c, lease_, lease_length);
        for (auto const& name : changes.forgotten) store::forget_withheld(c, id_, folder, uid_validity, name);
        for (auto const& mail : changes.kept) store::keep_withheld(c, id_, folder, uid_validity, mail);
    };
    co_await ground_->store->write(std::move(write), (changes.kept.size() + changes.forgotten.size()) * 64);
}

net::awaitable<bool> Custody::note_done(std::vector<Done> done, bool gone_from_server)
{
    auto write = [&, now = ground_->clock->now()](store::Connection& c) {
        store::renew_lease(c, lease_, lease_length);
        for (auto const& action : done) {
            if (action.copied) store::copied_not_deleted(c, action.place);
            if (!action.refusal.empty())
                store::after_action_failed(c, action.place, action.refusal, now);
            else if (gone_from_server)
                store::gone_from_server(c, action.place, now);
            else
                store::after_action_done(c, action.place, now);
        }
    };
    co_await ground_->store->write(std::move(write), done.size() * 64);
    auto const refused = std::ranges::find_if(done, [](Done const& action) { return !action.refusal.empty(); });
    if (refused == done.end()) co_return false;
    spdlog::warn("retriever: {}: {}", mailbox_.address, refused->refusal);
    co_return true;
}

net::awaitable<std::string> Custody::tell_failing(std::string folder, std::uint32_t uid_validity, bool refused,
                                                  bool& due)
{
    auto note = [&, now = ground_->clock->now()](store::Connection& c) {
        auto found = store::failing_after_actions(c, id_, folder, uid_validity);
        if (found.failing == 0) (void)store::end_alarm(c, failing_actions, mailbox_.address, now);
        if (found.failing > 0 && refused)
            (void)store::raise_alarm(
                c, failing_actions, mailbox_.address,
                fmt::format("{} is filling up: of {} mails that were filed and are to be {}, {} can't "
                            "be, time and again, and stay in {}: {}",
                            mailbox_.address, found.due, done_to(mailbox_.after), found.failing, folder, found.words),
                now);
        return found;
    };
    auto const found = co_await ground_->store->write(std::move(note));
    due = found.due > 0;
    if (!due || found.words.empty()) co_return std::string();
    co_return fmt::format("{} mails that were filed are still to be {}: {}", found.due, done_to(mailbox_.after),
                          found.words);
}

}  // namespace postroom::retriever
