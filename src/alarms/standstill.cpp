#include "alarms/standstill.hpp"

#include "alarms/course.hpp"

namespace postroom::alarms {

namespace {

constexpr std::chrono::minutes head_start{10};

}  // namespace

std::optional<Standstill::Told> Standstill::look(std::optional<store::Store::Standstill> const& trouble,
                                                 model::AlarmRule rule, Duration remind, bool first, Instant now)
{
    if (!trouble && !call_) return std::nullopt;
    if (!call_) {
        call_ = model::AlarmCall{.id = model::AlarmCallId::make()};
        call_->cause = "store-standstill";
        call_->subjects = {"store"};
        call_->begun = trouble->since;
    }
    call_->subject_count = call_->amount = trouble ? 1 : 0;
    if (trouble) call_->words = trouble->words;
    // It goes on only for those who were told of it: the others wait as long for what comes back.
    if (trouble && call_->over && !call_->told) call_->begun = trouble->since;
    if (!first && !call_->told) rule.quiet += head_start;
    auto const what = step(*call_, rule, remind, now);
    Told told{*call_, what.value_or(model::Telling::ends)};
    if (call_->ended) call_.reset();
    if (!what) return std::nullopt;
    told.call.amount = told.call.subject_count = 1;
    return told;
}

}  // namespace postroom::alarms
