// Cases and their activities: what happens when a mail has come, and when an agent answers. Everything here runs inside
// the caller's transaction. What a person did wrong comes back as Error; store::Failure passes through.
#pragma once

#include "desk/answer.hpp"
#include "desk/terms.hpp"
#include "mime/read.hpp"
#include "model/case.hpp"
#include "model/message.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::desk {

struct Filed {
    model::CaseId case_id;
    std::int64_t number = 0;
    model::ActivityId activity;
    bool new_case = false;
    bool reopened = false;
    bool acknowledged = false;
};
/// What a screen of the department makes of a mail that its agents see all the same.
enum class Shown {
    whole,
    header,  ///< and nothing else of it
    failed,  ///< mail of ours could not be delivered: its case opens again, since the customer never got it
    late,    ///< it is not delivered yet: whose turn it is stays as it is
};
/// Makes a filed mail an activity: of the case whose mail it answers (In-Reply-To, References), else of the case whose
/// token its subject carries, both within the mailbox's department; else of a new case. An answer to a closed case
/// reopens it, unless a machine sent it; long after its end it opens a new one, which follows it. A new case is
/// acknowledged where its mailbox does that (acknowledgement.hpp), in the same transaction. `because` says why, of one
/// that is shown by its header. Errors: Trouble::not_found where the mailbox is gone.
[[nodiscard]] Result<Filed> file_mail(store::Connection& c, model::Message const& message, mime::Mail const& mail,
                                      Terms const& terms, Instant now, Shown shown = Shown::whole,
                                      std::string_view because = {});

/// Makes a mail that triage could not read an activity as it is: of this case, or of a new one. Nothing in it is looked
/// at, which is what it was set aside for; its bytes are there as ever. Errors: Trouble::not_found; Trouble::invalid
/// where the case is another department's.
[[nodiscard]] Result<Filed> file_unread(store::Connection& c, model::Message const& message,
                                        std::optional<model::CaseId> into, std::string_view who, Instant now);

[[nodiscard]] Result<model::ActivityId> add_note(store::Connection& c, model::CaseId a_case, std::string_view text,
                                                 std::string_view who, Instant now);
/// Trouble::conflict where it is closed (open) already.
[[nodiscard]] Result<void> close_case(store::Connection& c, model::CaseId a_case, std::string_view who, Instant now);
[[nodiscard]] Result<void> reopen_case(store::Connection& c, model::CaseId a_case, std::string_view who, Instant now);

}  // namespace postroom::desk
