#include "desk/history.hpp"

#include "store/cases.hpp"

#include <utility>

namespace postroom::desk {

void add_event(store::Connection& c, model::CaseId a_case, std::string_view who, std::string text, Instant now)
{
    store::add_activity(c, {.id = model::ActivityId::make(),
                            .case_id = a_case,
                            .kind = model::ActivityKind::event,
                            .from = std::string(who),
                            .text = std::move(text),
                            .at = now});
}

}  // namespace postroom::desk
