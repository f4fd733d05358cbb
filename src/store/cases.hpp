// Cases, their activities, and how a mail finds its case.
#pragma once

#include "model/case.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

namespace postroom::store {

/// Numbers the case (1, 2, … in the whole partition) and stores it.
[[nodiscard]] std::int64_t add_case(Connection& c, model::Case const& a_case);
[[nodiscard]] std::optional<model::Case> case_by_id(Connection& c, model::CaseId id);
[[nodiscard]] std::optional<model::Case> case_numbered(Connection& c, std::int64_t number);
struct CaseFilter {
    std::optional<model::CaseState> state;
    std::optional<model::DepartmentId> department;
    model::Sight sight{};
    std::optional<std::int64_t> below;  ///< numbers below this: the next page
    int most = 50;
};
[[nodiscard]] std::vector<model::Case> cases(Connection& c, CaseFilter const& filter);  ///< newest number first
void set_case_state(Connection& c, model::CaseId id, model::CaseState state, Instant now);
/// Whether it waits for us.
void set_turn(Connection& c, model::CaseId id, bool waiting_for_us);

/// Also counts it in its case, and notes the case's `updated` and whether it waits for us.
void add_activity(Connection& c, model::Activity const& activity);
[[nodiscard]] std::optional<model::Activity> activity(Connection& c, model::ActivityId id);
[[nodiscard]] std::vector<model::Activity> activities_of(Connection& c, model::CaseId a_case);  ///< oldest first

/// A case of this department with an activity that has one of these Message-IDs (ours, the customer's, or as the
/// provider gave it back); the one updated last where there are several.
[[nodiscard]] std::optional<model::CaseId> case_with_message_id(Connection& c, model::DepartmentId department,
                                                                std::vector<std::string> const& message_ids);
/// The further Message-ID that the provider gave an activity.
void add_message_id(Connection& c, model::ActivityId activity, std::string_view message_id);

}  // namespace postroom::store
