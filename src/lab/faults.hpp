// The one table of what can be made to go wrong, and the switches. A later fault is a row here and one take() where it
// plays.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

/// In the order of the table.
enum class Fault {
    authorize_redirect_mismatch,
    authorize_silent_sign_in,
    authorize_refused,
    configuration_unavailable,
    configuration_of_another_tenant,
    token_busy,
    token_unavailable,
    token_html,
    token_short_life,
    token_refused,
    token_claims,
    token_lacks_scope,
    refresh_inactive,
    refresh_revoked,
    refresh_sign_in_frequency,
    client_secret_wrong,
    client_secret_expired,
    imap_sign_in_refused,
    imap_not_connected,
    imap_throttled,
    imap_unavailable,
    imap_token_expired,
    imap_cut_literal,
    imap_fetch_empty,
    imap_fetch_refused,
    imap_fetch_garbled,
    imap_placeholder,
    imap_placeholder_peek,
    imap_late_mail,
    imap_chatter,
    imap_shuffled,
    imap_changes_refused,
    imap_refused,
    pop3_sign_in_refused,
    pop3_disabled,
    pop3_unavailable,
    pop3_cut_mail,
    pop3_retrieval_refused,
    pop3_mail_breaks,
    pop3_deletion_refused,
    pop3_lost_before_deleting,
    pop3_lost_after_deleting,
    pop3_list_reordered,
    pop3_list_empty,
    pop3_ids_by_position,
    pop3_refused,
    smtp_disabled_tenant,
    smtp_disabled_mailbox,
    smtp_sign_in_refused,
    smtp_connections,
    smtp_temporary,
    smtp_refused,
    smtp_send_as_denied,
    smtp_mailbox_full,
    smtp_not_delivered,
    smtp_lost_before_accepting,
    smtp_lost_after_accepting,
    proxy_refused,
};

struct FaultRow {
    Fault fault;
    std::string_view id;      ///< as the API says it
    std::string_view where;   ///< identity provider, IMAP, POP3, SMTP, proxy
    std::string_view plays;   ///< what happens
    std::string_view value;   ///< what the value means; empty: none is used
    std::string_view preset;  ///< the value where none is given
    std::string_view source;  ///< where it was seen; "invented" where nowhere
};

[[nodiscard]] std::span<FaultRow const> fault_table();

/// A fault that is switched on.
struct ActiveFault {
    Fault fault;
    std::string scope;  ///< a mailbox's or user's address in lower case; empty: everybody
    std::string value;
    std::uint64_t times = 0;  ///< how often it still plays; 0: until it is switched off
    std::uint64_t played = 0;
};

class Faults {
public:
    /// Switches on; one of the same fault and scope is replaced, and of those that answer a step, one of the same step.
    /// Errors: Trouble::not_found for an unknown id (naming
    /// the known ones), Trouble::invalid for a value that is no number where one is needed.
    [[nodiscard]] Result<void> set(std::string_view id, std::string scope, std::optional<std::string> value,
                                   std::uint64_t times);
    /// Switches off; an empty id means all, and a step the answers to it only. False: nothing was on.
    bool clear(std::string_view id, std::optional<std::string_view> scope, std::string_view step = {});

    /// The value, where the fault is on for everybody or for one of `who`; it then counts as played once.
    [[nodiscard]] std::optional<std::string> take(Fault fault, std::initializer_list<std::string_view> who);
    /// The same without playing it.
    [[nodiscard]] std::optional<std::string> see(Fault fault, std::initializer_list<std::string_view> who) const;
    /// What is answered to that step of a dialogue, by a fault whose values begin with a step's name; it then counts as
    /// played once.
    [[nodiscard]] std::optional<std::string> take_answer(Fault fault, std::string_view step, std::string_view who);
    [[nodiscard]] std::vector<ActiveFault> const& active() const { return active_; }

private:
    [[nodiscard]] std::vector<ActiveFault>::const_iterator find(Fault fault,
                                                                std::initializer_list<std::string_view> who) const;
    [[nodiscard]] std::string play(std::vector<ActiveFault>::const_iterator found);
    std::vector<ActiveFault> active_;
};

/// The step of a dialogue that the value of such a fault is about, and that may have others beside it: "data" of
/// "data 550 5.7.1 Unable to relay". Empty for a fault that has one value only.
[[nodiscard]] std::string_view step_of(std::string_view id, std::string_view value);

/// The value of a fault lists that UID, with commas between; an empty one lists all.
[[nodiscard]] bool names_uid(std::string_view list, std::uint32_t uid);

/// The number that a value holds; `otherwise` where it holds none.
[[nodiscard]] std::int64_t to_number(std::string_view value, std::int64_t otherwise);

}  // namespace postroom::lab
