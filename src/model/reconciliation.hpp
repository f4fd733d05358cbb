// A comparison of a mailbox's server with its ledger: what is on one side only. It is made by a job of a services
// server, changes nothing on the mail server, and travels as JSON.
#pragma once

#include "model/mailbox.hpp"
#include "model/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::model {

/// The kind of the jobs by which services servers compare. Input: {"mailbox": ID, "bytes": true or false}. Output: what
/// to_text(Reconciliation) gives, or {"words": why not}.
inline constexpr std::string_view reconcile_job = "reconcile";

struct Reconciliation {
    /// A mail that is named: on the server, in the ledger, or both.
    struct Mail {
        std::uint32_t uid = 0;    ///< over POP3 the ledger's own number; 0 where it has none
        std::string unique_id{};  ///< over POP3
        std::optional<LedgerState> state{};
        AfterAction due = AfterAction::leave;
        int tries = 0;
        std::string note{};
        std::optional<std::int64_t> a_case{};
        std::string subject{};
        std::optional<Instant> received{};
        std::optional<std::int64_t> size{};        ///< on the server: an estimate, but where bytes were compared
        std::optional<std::int64_t> filed_size{};  ///< in the store
    };
    struct Mails {
        std::int64_t count = 0;
        std::vector<Mail> named{};  ///< the first of them
    };

    bool pop3 = false;
    std::string folder;
    std::uint32_t uid_validity = 0;        ///< the server's; 0 over POP3
    std::uint32_t known_uid_validity = 0;  ///< the ledger's
    Instant looked{};
    std::int64_t on_server = 0;
    std::int64_t in_ledger = 0;  ///< as being there
    std::int64_t unnamed = 0;    ///< over POP3: listed without an id that can be read
    Mails only_on_server{};
    Mails only_in_ledger{};  ///< as being there, and the server has not got them
    Mails back{};            ///< the ledger says that they went, and the server lists them
    Mails due{};             ///< an after-action is still to be done
    bool bytes = false;      ///< these were compared, too:
    std::int64_t compared = 0;
    Mails differing{};
    Mails withheld{};  ///< listed by the server, which did not give their bytes

    /// What is due is no disagreement: both sides know the mail.
    [[nodiscard]] bool agree() const
    {
        return uid_validity == known_uid_validity && unnamed == 0 && only_on_server.count == 0 &&
               only_in_ledger.count == 0 && back.count == 0 && differing.count == 0 && withheld.count == 0;
    }
};

/// As JSON, which the API shows as it is.
[[nodiscard]] std::string to_text(Reconciliation const& found);

}  // namespace postroom::model
