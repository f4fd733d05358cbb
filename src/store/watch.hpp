// What the alarm notifier looks at, all of one instant: where mailboxes, grants, queues and servers stand.
#pragma once

#include "model/account.hpp"
#include "model/mailbox.hpp"
#include "store/alarms.hpp"

namespace postroom::store {

struct Watch {
    Instant now{};  ///< by the store's clock
    struct Account {
        std::string name;
        model::AccountState state = model::AccountState::new_account;
        std::string reason;
        Instant since{};        ///< of its state
        unsigned failures = 0;  ///< renewals in a row that got no answer
        std::string trouble;    ///< what the last one said
    };
    struct Mailbox {
        std::string address;
        model::AccountState account = model::AccountState::new_account;
        Instant account_since{};
        model::MailboxState state = model::MailboxState::waiting;
        std::string reason;
        Instant since{};  ///< of its state
        Instant created{};
        std::optional<Instant> last_success{};
        std::optional<Instant> next_try{};
        std::optional<Instant> last_failure{};
    };
    /// Mails of one mailbox.
    struct Mails {
        std::string address;
        std::int64_t count = 0;
        Instant oldest{};
    };
    std::vector<Account> accounts{};
    std::vector<Mailbox> mailboxes{};
    std::vector<Mails> waiting{};           ///< to be sent, of accounts that may; `oldest` since they were due
    std::vector<Mails> refused{};           ///< for good, within the last hour
    std::vector<Mails> in_doubt{};          ///< for a person to settle
    std::vector<Mails> exceptions{};        ///< triage's, and what could not be retrieved
    std::optional<Instant> triage_since{};  ///< the oldest mail that triage has not begun with was filed
    std::vector<Pulse> pulses{};
    std::vector<Alarm> raised{};
};
[[nodiscard]] Watch watch(Connection& c);

}  // namespace postroom::store
