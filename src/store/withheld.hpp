// Mail that its server lists and does not give so far: how often it was asked for in vain, so that neither a restart
// nor a broken connection begins to count anew.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "store/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

struct WithheldMail {
    std::string name;   ///< its UID in decimal; over POP3 its unique id
    int looks = 0;      ///< in a row that asked for it
    Instant since{};    ///< the first of them
    Instant again{};    ///< not asked for before, unless people ask
    std::string words;  ///< why not, as the server said it last

    friend bool operator==(WithheldMail const&, WithheldMail const&) = default;
};

[[nodiscard]] std::vector<WithheldMail> withheld_mails(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                                       std::uint32_t uid_validity);
/// Adds it, or replaces what was known of it.
void keep_withheld(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity,
                   WithheldMail const& mail);
/// It was given, is not listed any more, or was given up.
void forget_withheld(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity,
                     std::string_view name);
/// Everything, since the folder is another one now.
void forget_withheld(Connection& c, model::MailboxId mailbox);

}  // namespace postroom::store
