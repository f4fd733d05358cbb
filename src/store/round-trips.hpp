// What the check list reads of mail that came, and of consoles: marked mails that came back, invitations, and the names
// under which people signed in.
#pragma once

#include "model/mailbox.hpp"
#include "model/message.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

/// A marked mail of a mailbox to itself that was retrieved again.
struct ReturnedMail {
    Instant filed{};
    Instant told{};  ///< triage knew it
};
/// `message_id` is without < >. Forgets those that were told three days ago.
void note_returned_mail(Connection& c, std::string_view message_id, model::Message const& message, Instant now);
[[nodiscard]] std::optional<ReturnedMail> returned_mail(Connection& c, std::string_view message_id);

/// How invitations come to a mailbox, by the newest mails that are known of its folder.
struct Invitations {
    int mails = 0;                   ///< that were looked at
    std::optional<Instant> as_data;  ///< when the newest one came that brought its calendar
    std::optional<Instant> as_link;  ///< and the newest one that is a link to Outlook on the web instead
};
[[nodiscard]] Invitations invitations(Connection& c, model::Mailbox const& mailbox);

/// By which name somebody who is signed in reached the console; of several sessions of one user the latest.
struct ConsoleName {
    std::string user;
    std::string host;
};
[[nodiscard]] std::vector<ConsoleName> console_names(Connection& c, Instant now);

}  // namespace postroom::store
