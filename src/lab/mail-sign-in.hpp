// What IMAP and SMTP sign-in share: the XOAUTH2 message, and whether a token opens a mailbox.
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
    std::string upn;                   ///< whose token it is
    std::shared_ptr<Mailbox> mailbox;  ///< that of XOAUTH2's user=
    Instant expires{};
};
/// Nothing where Exchange would refuse: token broken, run out, for another audience, without `scope`, or no such
/// mailbox. Rights on the mailbox are another question.
[[nodiscard]] std::optional<MailUser> accept_token(State const& state, Xoauth2 const& said, std::string_view scope);

}  // namespace postroom::lab
