#include "desk/queue.hpp"

#include "desk/history.hpp"
#include "model/sight.hpp"
#include "store/cases.hpp"
#include "store/mailboxes.hpp"
#include "store/people.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace postroom::desk {

namespace {

Result<model::Case> open_case(store::Connection& c, model::CaseId id)
{
    auto found = store::case_by_id(c, id);
    if (!found) return failure(Trouble::not_found, tr("there is no such case"));
    if (found->state == model::CaseState::closed)
        return failure(Trouble::conflict, tr("case {} is closed: reopen it first", found->number));
    return *std::move(found);
}

std::string name_of(store::Connection& c, model::UserId id)
{
    auto const user = store::user(c, id);
    return user ? user->name : "somebody who is gone";
}

Error has_it_already(std::int64_t number, std::string_view name)
{
    return {Trouble::conflict, tr("case {} is {}'s already", number, name)};
}

Error not_theirs(model::User const& user)
{
    return {Trouble::invalid, tr("{} can't answer cases of that department", user.name)};
}

}  // namespace

bool may_have(model::User const& user, model::DepartmentId department)
{
    return user.role != model::Role::auditor && model::sight_of(user).sees(department);
}

Result<void> pick(store::Connection& c, model::CaseId id, model::User const& user, Instant now)
{
    auto const a_case = open_case(c, id);
    if (!a_case) return std::unexpected(a_case.error());
    if (!may_have(user, a_case->department)) return std::unexpected(not_theirs(user));
    if (a_case->assigned) return std::unexpected(has_it_already(a_case->number, name_of(c, *a_case->assigned)));
    if (!store::assign_case(c, id, std::nullopt, user.id)) {
        auto const other = store::case_by_id(c, id);
        return std::unexpected(
            has_it_already(a_case->number, other && other->assigned ? name_of(c, *other->assigned) : "somebody else"));
    }
    add_event(c, id, user.name, fmt::format("Picked by {}", user.name), now);
    return {};
}

Result<std::optional<model::CaseId>> pick_next(store::Connection& c, model::DepartmentId department,
                                               model::User const& user, Instant now)
{
    if (!may_have(user, department)) return std::unexpected(not_theirs(user));
    while (auto const next = store::next_in_queue(c, department)) {
        // Somebody else's meanwhile: then it is not in the queue any more, and the next one is.
        if (!store::assign_case(c, next->id, std::nullopt, user.id)) continue;
        add_event(c, next->id, user.name, fmt::format("Picked by {}", user.name), now);
        return next->id;
    }
    return std::nullopt;
}

Result<void> assign(store::Connection& c, model::CaseId id, std::optional<model::User> const& to, std::string_view who,
                    Instant now)
{
    auto const a_case = open_case(c, id);
    if (!a_case) return std::unexpected(a_case.error());
    if (to && !may_have(*to, a_case->department)) return std::unexpected(not_theirs(*to));
    std::optional<model::UserId> const target = to ? std::optional(to->id) : std::nullopt;
    if (target == a_case->assigned) {
        if (to) return std::unexpected(has_it_already(a_case->number, to->name));
        return failure(Trouble::conflict, tr("case {} is in the queue already", a_case->number));
    }
    if (!store::assign_case(c, id, a_case->assigned, target))
        return failure(Trouble::conflict, tr("case {} was given to somebody else just now", a_case->number));
    std::string words = to ? fmt::format("Assigned to {}", to->name) : std::string("Put back into the queue");
    if (a_case->assigned) words += fmt::format(", from {},", name_of(c, *a_case->assigned));
    add_event(c, id, who, fmt::format("{} by {}", words, who), now);
    return {};
}

Result<void> transfer(store::Connection& c, model::CaseId id, model::DepartmentId to,
                      std::optional<model::MailboxId> mailbox, std::string_view who, Instant now)
{
    auto const a_case = open_case(c, id);
    if (!a_case) return std::unexpected(a_case.error());
    if (a_case->department == to)
        return failure(Trouble::conflict, tr("case {} is in that department already", a_case->number));
    std::string from, name;
    for (auto const& each : store::departments(c)) {
        if (each.id == a_case->department) from = each.name;
        if (each.id == to) name = each.name;
    }
    auto const theirs = store::mailboxes(c, model::Sight{std::vector{to}});
    if (theirs.empty())
        return failure(Trouble::invalid,
                       tr("{} has no mailbox, and could not answer: there is nothing to transfer it to", name));
    auto const chosen = mailbox ? std::ranges::find(theirs, *mailbox, &model::Mailbox::id) : theirs.begin();
    if (chosen == theirs.end() || (!mailbox && theirs.size() > 1))
        return failure(Trouble::invalid,
                       tr("{} has several mailboxes: say from which one of them it is answered", name));
    store::move_case(c, id, to, chosen->id);
    add_event(c, id, who,
              fmt::format("Transferred from {} to {} by {}; answered from {}", from, name, who, chosen->address), now);
    return {};
}

void give_back(store::Connection& c, model::User const& user, bool gone, std::string_view who, Instant now)
{
    constexpr int at_once = 200;
    store::CaseFilter filter{.most = at_once};
    filter.assigned = user.id;
    for (;;) {
        auto const theirs = store::cases(c, filter);
        for (auto const& each : theirs) {
            filter.below = each.number;
            if (!gone && may_have(user, each.department)) continue;
            if (!store::assign_case(c, each.id, user.id, std::nullopt)) continue;
            if (each.state == model::CaseState::open)
                add_event(c, each.id, who,
                          fmt::format("Put back into the queue, since {} {}", user.name,
                                      gone ? "is gone" : "does not answer here any more"),
                          now);
        }
        if (theirs.size() < at_once) return;
    }
}

}  // namespace postroom::desk
