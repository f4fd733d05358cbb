// Mail that waits still is taken back, and whose turn the case is is as if it never was.
#include "desk/answer.hpp"
#include "store/cases.hpp"
#include "store/outbound.hpp"

#include <fmt/format.h>

namespace postroom::desk {

Result<void> take_back(store::Connection& c, model::OutboundId id, std::string_view who, Instant now)
{
    auto const mail = store::outbound(c, id);
    if (!mail) return failure(Trouble::not_found, tr("there is no such mail"));
    if (!store::cancel(c, id, fmt::format("taken back by {}", who)))  // lint-strings: allow
        return failure(Trouble::conflict,
                       tr("the mail is {}: only one that is queued can be taken back", to_string(mail->state)));
    auto const activity = store::activity(c, mail->activity);
    auto const a_case = activity ? store::case_by_id(c, activity->case_id) : std::nullopt;
    if (!a_case) return {};
    // The customer waits for an answer again, where he did before.
    auto const activities = store::activities_of(c, a_case->id);
    bool waits = false;
    for (auto const& each : activities) {
        if (each.kind == model::ActivityKind::received) {
            waits = true;
        } else if (each.kind == model::ActivityKind::sent) {
            auto const sent = store::outbound_of(c, each.id);
            if (!sent || sent->state != model::OutboundState::cancelled) waits = false;
        }
    }
    if (waits && a_case->state == model::CaseState::closed)
        store::set_case_state(c, a_case->id, model::CaseState::open, now);
    store::set_turn(c, a_case->id, waits);
    return {};
}

}  // namespace postroom::desk
