// What changed, noted in the transaction that changes it, for whoever shows it meanwhile; and the versions of what
// people edit.
#pragma once

#include "model/ids.hpp"
#include "model/mailbox.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

// Each notes that something was added, changed or removed (`kind`), before it goes where it is removed.
void case_changed(Connection& c, model::CaseId id, std::string_view kind = "changed");
void case_added(Connection& c, std::int64_t number, model::DepartmentId department);
void outbound_changed(Connection& c, model::OutboundId id, std::string_view kind = "changed");
void mailbox_changed(Connection& c, model::MailboxId id, std::string_view kind = "changed");
/// Where it stands otherwise than the store says so far: a mailbox that is compared again and again and stays idle is
/// no news.
void mailbox_stands(Connection& c, model::MailboxId id, model::MailboxState state, std::string_view reason);
void account_changed(Connection& c, model::AccountId id, std::string_view kind = "changed");
void exception_changed(Connection& c, model::MessageId id, std::string_view kind);
void unreadable_changed(Connection& c, model::UnreadableMailId id, std::string_view kind);  ///< an exception, too
void setting_changed(Connection& c, std::string_view name);
void alarm_changed(Connection& c, std::string_view cause, std::string_view subject, std::string_view kind);
/// A run of the check list: it was asked for, or a part of it has begun or ended.
void check_changed(Connection& c, std::string_view run, std::string_view kind = "changed");

struct Change {
    std::int64_t number = 0;
    std::string what;     ///< case, outbound, mailbox, account, exception, setting, alarm, check
    std::string subject;  ///< number, id, address, name or cause: what the API calls it
    std::string kind;     ///< added, changed, removed
    std::optional<model::DepartmentId> department;  ///< whose it is, where it is one's
};
/// Of the last 100,000 changes, those with higher numbers, in order.
[[nodiscard]] std::vector<Change> changes_after(Connection& c, std::int64_t number, int most);
/// The highest number that was given; 0 where none was.
[[nodiscard]] std::int64_t last_change(Connection& c);

// Counts the version up and returns it. Until the transaction ends nobody else does, so that a version that was read
// before can be compared with the one that this replaces. Throw Failure (Trouble::not_found).
[[nodiscard]] std::int64_t next_version(Connection& c, model::ApplicationId id);
[[nodiscard]] std::int64_t next_version(Connection& c, model::AccountId id);
[[nodiscard]] std::int64_t next_version(Connection& c, model::MailboxId id);
[[nodiscard]] std::int64_t next_version(Connection& c, model::CaseId id);
[[nodiscard]] std::int64_t next_version(Connection& c, model::UserId id);
/// Of a setting, by its name; one that was never set has had version 0.
[[nodiscard]] std::int64_t next_setting_version(Connection& c, std::string_view name);

}  // namespace postroom::store
