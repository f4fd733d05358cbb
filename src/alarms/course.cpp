#include "alarms/course.hpp"

#include <algorithm>

namespace postroom::alarms {

namespace {

// Twice as many, and by no fewer than five: one mailbox more is not worth a mail.
bool is_far_more(std::int64_t amount, std::int64_t told)
{
    return amount >= std::max(2 * told, told + 5);
}

// What lies ahead was noted before the clock was set back: nobody knows how long ago.
bool lasts(Instant since, Duration length, Instant now)
{
    return since > now || now - since >= length;
}

}  // namespace

std::optional<model::Telling> step(model::AlarmCall& call, model::AlarmRule const& rule, Duration remind, Instant now)
{
    bool const silenced = call.silenced_until && *call.silenced_until > now;
    if (call.subject_count == 0 || !rule.on) {
        if (!call.over) call.over = now;
        if (!lasts(*call.over, rule.quiet, now)) return std::nullopt;
        call.ended = now;
        if (!call.told || silenced) return std::nullopt;
        return model::Telling::ends;
    }
    call.over.reset();
    if (silenced) return std::nullopt;
    auto const tell = [&](model::Telling what) {
        call.told = now;
        call.told_amount = call.amount;
        return what;
    };
    if (!call.told) {
        if (!lasts(call.begun, rule.quiet, now)) return std::nullopt;
        return tell(model::Telling::begins);
    }
    if (is_far_more(call.amount, call.told_amount)) {
        call.acknowledged.reset();
        call.acknowledged_by.clear();
        return tell(model::Telling::spreads);
    }
    if (call.acknowledged || remind == Duration(0) || !lasts(*call.told, remind, now)) return std::nullopt;
    return tell(model::Telling::reminds);
}

}  // namespace postroom::alarms
