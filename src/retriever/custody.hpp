// What is written of a mailbox by the server that retrieves it: all of it under the mailbox's lease, so that a server
// that was paused writes nothing over the next one's work; and beside it what was counted.
#pragma once

#include "model/account.hpp"
#include "model/figures.hpp"
#include "model/mailbox.hpp"
#include "retriever/after-actions.hpp"
#include "retriever/retriever.hpp"
#include "retriever/withheld.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/mailboxes.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postroom::retriever {

class Custody {
public:
    /// IDLE is renewed well within this, and so is the lease.
    static constexpr Duration lease_length{15 * 60'000};

    /// `stir` is called with each step of what takes long.
    Custody(std::shared_ptr<Ground const> ground, model::MailboxId id, std::function<void()> stir);

    /// Takes the lease, and reads what the mailbox rests on. False where another server has it. Throws Failure
    /// (Trouble::not_found) where the mailbox was removed.
    net::awaitable<bool> take();
    /// For what takes long and writes nothing. Throws Failure (Trouble::conflict) where another server has it.
    net::awaitable<void> renew();
    /// The next run, under another owner's name perhaps, need not wait for the lease to end.
    net::awaitable<void> let_go();

    /// As take() read them.
    [[nodiscard]] model::Mailbox const& mailbox() const { return mailbox_; }
    [[nodiscard]] model::Account const& account() const { return account_; }
    [[nodiscard]] store::MailboxFooting const& footing() const { return footing_; }
    [[nodiscard]] store::Lease const& lease() const { return lease_; }

    net::awaitable<void> show(model::MailboxState state, std::string reason, std::optional<Duration> wait = {},
                              model::MailTrouble trouble = model::MailTrouble::none);
    /// With what was counted so far, in one transaction.
    net::awaitable<void> show_trouble(Error const& error, std::optional<Duration> wait);
    /// Compared with its server. True where people changed mailbox or account since take().
    net::awaitable<bool> show_idle(std::string remark);
    /// Told with the end of the look, or with its trouble.
    void count(model::Figures const& figures) { counted_ += figures; }

    /// How a fetch ended for mails that will never be filed.
    net::awaitable<void> note(std::vector<model::LedgerRow> rows);
    /// What changed about mail that is not given.
    net::awaitable<void> keep_withheld(Withheld::Changes changes, std::string folder, std::uint32_t uid_validity);
    /// What became of after-actions; true where one was refused, which is logged. Refused ones stay due.
    net::awaitable<bool> note_done(std::vector<Done> done, bool gone_from_server);
    /// Raises or ends the alarm about after-actions that fail time and again, since the mailbox fills up by them until
    /// it takes no more mail. `refused`: some were, now. `due`: whether any is still to be done. In words; empty where
    /// none was refused.
    net::awaitable<std::string> tell_failing(std::string folder, std::uint32_t uid_validity, bool refused, bool& due);

private:
    std::shared_ptr<Ground const> ground_;
    model::MailboxId id_;
    std::function<void()> stir_;
    model::Mailbox mailbox_;
    model::Account account_;
    store::MailboxFooting footing_;
    store::Lease lease_;
    model::Figures counted_;                        // since it was last told
    std::chrono::steady_clock::time_point told_{};  // the figures
    bool figures_begun_ = false;
};

}  // namespace postroom::retriever
