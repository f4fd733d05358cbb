// From what was seen to a finding: pure, and in one place, so that one symptom is blamed on one item.
#pragma once

#include "checks/commands.hpp"
#include "checks/item.hpp"
#include "model/causes.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::checks {

/// How long before its end something is told.
inline constexpr Duration told_ahead = std::chrono::days(30);

[[nodiscard]] model::Finding holds(std::string evidence);
/// `cause` is the id of one in the catalogue, whose remedy and owner it takes; the names of `target` stand in the
/// remedy.
[[nodiscard]] model::Finding fails(std::string_view cause, std::string evidence, Target const& target);
[[nodiscard]] model::Finding warns(std::string_view cause, std::string evidence, Target const& target);
[[nodiscard]] model::Finding untold(std::string evidence);

/// MAILBOX, USER, ACCOUNT and APPLICATION of a remedy as they are called here.
[[nodiscard]] std::string with_names(std::string remedy, Target const& target);
/// The same for the commands that remedy it.
[[nodiscard]] CommandNames names_in(Target const& target);

struct Renewal;  // bench.hpp

/// "A1 BAD … (EXAMINE INBOX at outlook.office365.com:993)"
[[nodiscard]] std::string shown(Conversation const& talk, Step const& step);

/// Each step with what came of it, of one that came to its end.
[[nodiscard]] std::string whole(Conversation const& talk);

/// Why a conversation did not come to its end: the item that fails for it, and the causes that other findings have not
/// ruled out, the likeliest first.
struct Blame {
    std::string_view item;
    std::vector<model::Cause const*> causes;
    std::string evidence;
};
/// What is known beside a server's words.
struct Standing {
    bool application_only = false;
    bool password = false;
    bool own_mailbox = false;      ///< it is the token owner's own that was opened, or signed in as
    bool renewed = false;          ///< the token was issued a moment ago
    bool principal_known = false;  ///< it opened another mailbox by an application's own permissions
    bool claims_fit = false;       ///< it is for this resource, with what the protocol asks for
};
/// Of one that has a step which did not hold.
[[nodiscard]] Blame blame(Conversation const& talk, Standing const& standing);

/// What `item` finds in a conversation in which `telling` is the step that tells: holds where that one held, fails
/// where the blame is its own, and otherwise could not be told, with what stands in the way.
[[nodiscard]] model::Finding judge(std::string_view item, Conversation const& talk, StepKind telling,
                                   Standing const& standing, Target const& target);

/// What the last mail that was sent from the mailbox within a day tells of `item`: fails with `cause` where its refusal
/// was about that, holds where it went out; nothing where it tells nothing.
[[nodiscard]] std::optional<model::Finding> judge_last_mail(std::string_view item, std::string_view cause,
                                                            Target const& target);

/// Of an account's conversations.
[[nodiscard]] Standing standing_of(Target const& target, Conversation const& talk, Renewal const& renewal);

/// A provider's refusal, in its words: the causes, the likeliest first.
[[nodiscard]] std::vector<model::Cause const*> causes_of(std::string_view words, bool application_only);
/// What `item` finds where the provider refused so: fails where the likeliest cause is its own to tell.
[[nodiscard]] model::Finding judge_refusal(std::string_view item, std::string_view words, Target const& target);

/// What an access token says, beside what it should say; empty where it says nothing wrong, or can't be read.
struct ClaimsFit {
    std::vector<std::string> wrong;
    std::string cause;  ///< of the first
    std::string said;   ///< what it says, for people
};
[[nodiscard]] ClaimsFit claims_fit(std::string_view token, AccountFile const& account, Instant now);

}  // namespace postroom::checks
