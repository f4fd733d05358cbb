// Trying a grant where it is to work: at the account's own mail servers, by signing in and opening its mailboxes. Asked
// of a services server, since the mail ports need be open only there. What can't be told rejects nothing.
#pragma once

#include "grants/sign-in.hpp"
#include "model/grant.hpp"
#include "model/mailbox.hpp"

#include <optional>
#include <string>
#include <vector>

namespace postroom::grants {

/// What a trial found out.
struct Trial {
    std::vector<model::MailboxRight> rights;  ///< two a mailbox: open and send
    std::optional<std::string> refusal;       ///< why the token must not be accepted, in words for people
    std::vector<std::string> notes;           ///< what stands in the way all the same, in words
};

struct TrialLimits {
    Duration each{20'000};    ///< from dialling one mailbox, or the submission server, to its answer
    Duration whole{45'000};   ///< what has not been tried by then could not be told
    std::size_t at_once = 3;  ///< sign-ins: Exchange admits few of one user
};

struct Trying {
    model::Account account;
    std::vector<model::Mailbox> mailboxes;  ///< the account's; none: its user signs in
    std::optional<AccessToken> token;       ///< not in force yet; nothing: what is in force, a password too
    std::string test_key;  ///< marks a mail from each mailbox to itself (mime/test-mail.hpp); empty: none is sent
    TrialLimits limits{};
};

/// Signs in to the retrieval server for each mailbox and opens its folder, and to the submission server. Refused where
/// a server refuses the token, or where no mailbox opens by a definite refusal; a switch, a policy or a missing right
/// that stands in the way of something is a note and a right that fails. Never throws; returns within `limits.whole`,
/// and a moment.
[[nodiscard]] net::awaitable<Trial> try_grant(Roads roads, Trying trying);

}  // namespace postroom::grants
