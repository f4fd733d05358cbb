// The session that an account's mail goes out by.
#pragma once

#include "dispatcher/dispatcher.hpp"
#include "model/account.hpp"
#include "model/mailbox.hpp"
#include "smtp/session.hpp"

#include <memory>
#include <optional>

namespace postroom::dispatcher {

/// One for all of the account's mail, or, where the server is told the mailbox, one for each mailbox, after the other.
class Line {
public:
    Line(Ground const& ground, model::Account account) : ground_(ground), account_(std::move(account)) {}

    [[nodiscard]] bool is_open() const { return session_ && !session_->gone(); }
    [[nodiscard]] bool for_each_mailbox() const { return grants::submits_as_mailbox(account_); }
    [[nodiscard]] smtp::Session& session() { return *session_; }

    [[nodiscard]] net::awaitable<Result<void>> open(std::optional<model::Mailbox> mailbox);
    /// So that what follows goes out as `id`. Errors: the mailbox's trouble, and nobody else's.
    [[nodiscard]] net::awaitable<Result<void>> change_to(model::MailboxId id);
    [[nodiscard]] net::awaitable<void> quit();

private:
    Ground ground_;
    model::Account account_;
    std::unique_ptr<smtp::Session> session_;
    std::optional<model::MailboxId> open_for_;
};

}  // namespace postroom::dispatcher
