// What is under way to a grant, and how it ends. Of an account's, the one begun last counts.
#pragma once

#include "grants/candidate.hpp"
#include "grants/trial.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postroom::grants {

/// The kind of the jobs that services servers try grants by. Input: {"authorization": ID}, whose candidate is tried and
/// then settled; or {"account": ID, "test_mail": bool}, whose grant in force is tried, and only the rights are written.
inline constexpr std::string_view trial_job = "try-grant";

/// Adds a trial of the account's grant in force, or of its password. Returns its job: where one with the same
/// `test_mail` waits already, that one, so that however often somebody asks, each mailbox gets one mail. Throws
/// store::Failure where the account is not there any more.
model::JobId add_trial(store::Connection& c, model::AccountId account, bool test_mail);

/// Adds it, and ends the account's earlier ones that are open: whoever comes back from one is told who began another,
/// and when. Throws store::Failure where the account is not there any more.
void open_authorization(store::Connection& c, model::Authorization const& authorization);

/// The provider issued tokens: keeps them as the candidate, and asks the services servers to try it. The one that
/// `authorization` was read as must still wait; false where it does not: it was superseded, or took too long.
[[nodiscard]] bool offer_candidate(store::Connection& c, Ground const& ground, model::Authorization authorization,
                                   Candidate const& candidate, oauth::TokenAnswer const& answer);

struct Settled {
    bool accepted = false;
    std::string account;  ///< its name
    std::string words;    ///< why not; of one accepted, whom the account is authorized as, and what to note
};
/// Ends one that is tried, in one transaction with whatever else the caller does there (finishing its job): accepts it,
/// where the trial does not refuse, as the account's grant, with the rights that were seen, the account's state, the
/// end of its alarm, and an audit entry; or refuses it, and what the account had stays in force. Nothing where it is
/// not tried any more: it was superseded, or somebody else was faster, and nothing was written.
[[nodiscard]] std::optional<Settled> settle(store::Connection& c, Ground const& ground, model::AuthorizationId id,
                                            Trial const& trial);
/// Ends one that waits or is tried as refused, with an audit entry. False where it had ended already.
bool refuse(store::Connection& c, Ground const& ground, model::Authorization const& authorization,
            std::string const& words);

}  // namespace postroom::grants
