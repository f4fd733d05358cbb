// Where sent mail is kept, and whether a mail is there.
#pragma once

#include "dispatcher/dispatcher.hpp"
#include "imap/session.hpp"
#include "model/account.hpp"
#include "model/mailbox.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>

namespace postroom::dispatcher {

struct SentItems {
    std::unique_ptr<imap::Session> session;
    std::string folder;
};

/// Signs in and examines `sent_folder`, or where that is empty the folder that is known as the one for sent mail; of
/// `mailbox`, or of the account's user. Errors: why it can't be looked into. Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<SentItems, std::string>> open_sent_items(
    Ground ground, model::Account account, std::optional<model::Mailbox> mailbox, std::string sent_folder);

/// Found, not found, or why that can't be told. Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<bool, std::string>> look_for(imap::Session& session, std::string message_id);

}  // namespace postroom::dispatcher
