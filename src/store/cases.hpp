// Cases, their activities, whose they are, and how a mail finds its case.
#pragma once

#include "model/case.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

namespace postroom::store {

/// The next number (1, 2, … in the whole partition): nobody else gets it.
[[nodiscard]] std::int64_t take_case_number(Connection& c);
/// One whose number was taken.
void add_numbered_case(Connection& c, model::Case const& a_case);
/// Numbers the case and stores it.
[[nodiscard]] std::int64_t add_case(Connection& c, model::Case const& a_case);
/// With its first activity, as add_activity() would add it.
[[nodiscard]] std::int64_t add_case(Connection& c, model::Case a_case, model::Activity const& first);
[[nodiscard]] std::optional<model::Case> case_by_id(Connection& c, model::CaseId id);
[[nodiscard]] std::optional<model::Case> case_numbered(Connection& c, std::int64_t number);
struct CaseFilter {
    std::optional<model::CaseState> state;
    std::optional<model::DepartmentId> department;
    model::Sight sight{};
    std::optional<std::int64_t> below;  ///< numbers below this: the next page
    int most = 50;
    std::optional<model::UserId> assigned;  ///< this user's
    bool unassigned = false;                ///< nobody's
    std::optional<bool> waiting;            ///< for us
    std::string customer;                   ///< of this address, however it is written
};
[[nodiscard]] std::vector<model::Case> cases(Connection& c, CaseFilter const& filter);  ///< newest number first
void set_case_state(Connection& c, model::CaseId id, model::CaseState state, Instant now);
/// Whether it waits for us.
void set_turn(Connection& c, model::CaseId id, bool waiting_for_us);
/// False, and nothing changed: it is not `from`'s any more, since somebody was faster.
[[nodiscard]] bool assign_case(Connection& c, model::CaseId id, std::optional<model::UserId> from,
                               std::optional<model::UserId> to);
/// Into another department's queue: answered from this mailbox, and assigned to nobody. Answers that come to the
/// department that it leaves find it still.
void move_case(Connection& c, model::CaseId id, model::DepartmentId to, model::MailboxId mailbox);
/// The open case that has waited longest in the department's queue: of those that wait for us, else of all.
[[nodiscard]] std::optional<model::Case> next_in_queue(Connection& c, model::DepartmentId department);

/// What there is to do in a department: its open cases.
struct Queue {
    model::DepartmentId department;
    std::int64_t open = 0;
    std::int64_t unassigned = 0;
    std::int64_t waiting = 0;       ///< for us
    std::int64_t mine = 0;          ///< of who asks
    std::optional<Instant> oldest;  ///< when the first of the unassigned ones that wait for us was opened
};
/// Of departments that have open cases, in no order.
[[nodiscard]] std::vector<Queue> queues(Connection& c, model::Sight const& sight,
                                        std::optional<model::UserId> const& asks);

/// The newest case that follows this number.
[[nodiscard]] std::optional<model::Case> case_following(Connection& c, std::int64_t number);
/// More than `most` mails were received into it since.
[[nodiscard]] bool received_more_than(Connection& c, model::CaseId id, int most, Instant since);
/// More than `most` cases were opened for this address since, in whatever department.
[[nodiscard]] bool opened_more_than(Connection& c, std::string_view customer, int most, Instant since);
/// An activity that we sent has this Message-ID.
[[nodiscard]] bool sent_by_us(Connection& c, std::string_view message_id);

/// Also counts it in its case, and notes the case's `updated` and whether it waits for us.
void add_activity(Connection& c, model::Activity const& activity);
[[nodiscard]] std::optional<model::Activity> activity(Connection& c, model::ActivityId id);
[[nodiscard]] std::vector<model::Activity> activities_of(Connection& c, model::CaseId a_case);  ///< oldest first

/// A case of this department, or one that was transferred from it, with an activity that has one of these Message-IDs
/// (ours, the customer's, or as the provider gave it back); the one updated last where there are several.
[[nodiscard]] std::optional<model::CaseId> case_with_message_id(Connection& c, model::DepartmentId department,
                                                                std::vector<std::string> const& message_ids);
/// It was transferred from this department to another one.
[[nodiscard]] bool came_from(Connection& c, model::CaseId id, model::DepartmentId department);
/// The further Message-ID that the provider gave an activity.
void add_message_id(Connection& c, model::ActivityId activity, std::string_view message_id);

}  // namespace postroom::store
