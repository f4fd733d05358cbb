// How accounts, departments and mailboxes send, templates, files on their way into a mail, and what became of
// recipients.
#pragma once

#include "model/sending.hpp"
#include "store/connection.hpp"

#include <vector>

namespace postroom::store {

/// As set; defaults, with version 0, where nobody ever did.
[[nodiscard]] model::AccountSending account_sending(Connection& c, model::AccountId account);
[[nodiscard]] model::DepartmentSending department_sending(Connection& c, model::DepartmentId department);
[[nodiscard]] model::MailboxSending mailbox_sending(Connection& c, model::MailboxId mailbox);
/// All but the version, which is counted up; returns it.
std::int64_t set_account_sending(Connection& c, model::AccountSending const& sending);
std::int64_t set_department_sending(Connection& c, model::DepartmentSending const& sending);
std::int64_t set_mailbox_sending(Connection& c, model::MailboxSending const& sending);

[[nodiscard]] std::vector<model::ReplyTemplate> reply_templates(Connection& c, model::DepartmentId department);
[[nodiscard]] std::optional<model::ReplyTemplate> reply_template(Connection& c, model::DepartmentId department,
                                                                 std::string_view name);
/// Adds it, or replaces the one of that name; returns the version.
std::int64_t set_reply_template(Connection& c, model::ReplyTemplate const& given);
[[nodiscard]] bool remove_reply_template(Connection& c, model::DepartmentId department, std::string_view name);

void add_upload(Connection& c, model::Upload const& upload);
/// Nothing where it was swept, or is somebody else's.
[[nodiscard]] std::optional<model::Upload> upload(Connection& c, model::UploadId id, std::string_view owner);
[[nodiscard]] std::string read_upload(Connection& c, model::Upload const& upload);
void remove_upload(Connection& c, model::UploadId id);
/// Octets that `owner` has uploaded and not used yet.
[[nodiscard]] std::int64_t uploaded_by(Connection& c, std::string_view owner);

/// The newest word about a recipient counts, but that nothing takes back a failure or a delivery for a mere delay.
void note_recipient(Connection& c, model::RecipientOutcome const& outcome);
[[nodiscard]] std::vector<model::RecipientOutcome> recipients_of(Connection& c, model::ActivityId activity);
/// Of the mail of ours in this case that has the Message-ID: ours, or as the provider gave it back.
[[nodiscard]] std::optional<model::ActivityId> sent_with_message_id(Connection& c, model::CaseId a_case,
                                                                    std::string_view message_id);

}  // namespace postroom::store
