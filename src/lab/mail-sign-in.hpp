// What sign-in over IMAP, POP3 and SMTP has in common: the XOAUTH2 message, and whether a token opens a mailbox.
#pragma once

#include "lab/state.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postroom::lab {

struct Xoauth2 {
    std::string user;
    std::string token;
};
/// "user=…^Aauth=Bearer …^A^A" in base64 (Microsoft's OAuth page for IMAP, POP and SMTP). Nothing where it is not that.
[[nodiscard]] std::optional<Xoauth2> read_xoauth2(std::string_view base64);

struct MailUser {
    std::string upn;                   ///< whose token it is; an application's: its service principal
    std::shared_ptr<Mailbox> mailbox;  ///< that of XOAUTH2's user=
    Instant expires{};
};
/// What a protocol asks of a user's token, and of an application's.
struct Permission {
    std::string_view scope;
    std::string_view role;
};
inline constexpr Permission imap_permission{"IMAP.AccessAsUser.All", "IMAP.AccessAsApp"};
inline constexpr Permission pop3_permission{"POP.AccessAsUser.All", "POP.AccessAsApp"};
inline constexpr Permission smtp_permission{"SMTP.Send", "SMTP.SendAsApp"};

/// Nothing where Exchange would refuse: token broken, run out, for another audience, without the permission, or no such
/// mailbox. Rights on the mailbox are another question.
[[nodiscard]] std::optional<MailUser> accept_token(State& state, Xoauth2 const& said, Permission const& permission);

}  // namespace postroom::lab
