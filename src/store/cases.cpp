#include "store/cases.hpp"

#include "base/text.hpp"
#include "store/changes.hpp"
#include "store/rows.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>

namespace postroom::store {

namespace json = boost::json;

namespace {

constexpr std::string_view case_columns =
    "SELECT id, number, department, mailbox, subject, customer, customer_name, state, activities, waiting_for_us, "
    "created, updated, version, assigned, closed, follows FROM customer_case ";

model::Case case_of(Row const& row)
{
    return {.id = row.id<model::CaseId>(0),
            .number = row.integer(1),
            .department = row.id<model::DepartmentId>(2),
            .mailbox = row.id<model::MailboxId>(3),
            .subject = row.text(4),
            .customer = row.text(5),
            .customer_name = row.text(6),
            .state = word(row, 7, model::parse_case_state),
            .activities = row.integer(8),
            .waiting_for_us = row.boolean(9),
            .assigned = row.maybe_id<model::UserId>(13),
            .closed = row.is_null(14) ? std::nullopt : std::optional(row.instant(14)),
            .follows = row.is_null(15) ? std::nullopt : std::optional(row.integer(15)),
            .created = row.instant(10),
            .updated = row.instant(11),
            .version = row.integer(12)};
}

std::string to_json(std::vector<model::Attachment> const& attachments)
{
    json::array array;
    for (auto const& attachment : attachments)
        array.push_back({{"name", attachment.name},
                         {"type", attachment.type},
                         {"size", attachment.size},
                         {"contentId", attachment.content_id},
                         {"part", attachment.part}});
    return json::serialize(array);
}

std::vector<model::Attachment> attachments_from(std::string_view text)
{
    json::parse_options options;
    options.allow_invalid_utf8 = true;  // names are what mails say
    std::vector<model::Attachment> attachments;
    try {
        auto const array = json::parse({text.data(), text.size()}, {}, options);
        for (auto const& each : array.as_array()) {
            auto const& object = each.as_object();
            attachments.push_back({.name = json::value_to<std::string>(object.at("name")),
                                   .type = json::value_to<std::string>(object.at("type")),
                                   .size = object.at("size").to_number<std::int64_t>(),
                                   .content_id = json::value_to<std::string>(object.at("contentId")),
                                   .part = object.at("part").to_number<int>()});
        }
    } catch (std::exception const&) {
        throw Failure(Trouble::store, "a list of attachments in the store is damaged");
    }
    return attachments;
}

constexpr std::string_view activity_columns =
    "SELECT id, customer_case, kind, from_address, to_addresses, cc_addresses, subject, message_id, reference_ids, "
    "plain_text, has_html, attachments, message, body, automatic, possible_duplicate, happened, "
    "reading FROM activity ";

model::Activity activity_of(Row const& row)
{
    return {.id = row.id<model::ActivityId>(0),
            .case_id = row.id<model::CaseId>(1),
            .kind = word(row, 2, model::parse_activity_kind),
            .from = row.text(3),
            .to = from_list(row.text(4)),
            .cc = from_list(row.text(5)),
            .subject = row.text(6),
            .message_id = row.text(7),
            .references = from_list(row.text(8)),
            .text = row.text(9),
            .has_html = row.boolean(10),
            .attachments = attachments_from(row.text(11)),
            .message = row.maybe_id<model::MessageId>(12),
            .body = row.maybe_id<model::BodyId>(13),
            .automatic = row.boolean(14),
            .possible_duplicate = row.boolean(15),
            .reading = row.text(17),
            .at = row.instant(16)};
}

void insert_case(Connection& c, model::Case const& a_case, std::int64_t number)
{
    c.post(
        "INSERT INTO customer_case (id, number, department, mailbox, subject, customer, customer_name, state, "
        "activities, waiting_for_us, created, updated, follows, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?)",
        a_case.id, number, a_case.department, a_case.mailbox, a_case.subject, a_case.customer, a_case.customer_name,
        to_string(a_case.state), a_case.activities, a_case.waiting_for_us, a_case.created, a_case.updated,
        a_case.follows, a_case.version);
}

void insert_activity(Connection& c, model::Activity const& activity)
{
    c.post(
        "INSERT INTO activity (id, customer_case, kind, from_address, to_addresses, cc_addresses, subject, message_id, "
        "reference_ids, plain_text, has_html, attachments, message, body, automatic, possible_duplicate, happened, "
        "reading) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        activity.id, activity.case_id, to_string(activity.kind), activity.from, to_list(activity.to),
        to_list(activity.cc), activity.subject, activity.message_id, to_list(activity.references), activity.text,
        activity.has_html, to_json(activity.attachments), activity.message, activity.body, activity.automatic,
        activity.possible_duplicate, activity.at, activity.reading);
    if (!activity.message_id.empty()) add_message_id(c, activity.id, activity.message_id);
}

// Notes and events leave the turn where it is.
std::optional<bool> turn_after(model::Activity const& activity)
{
    if (activity.kind == model::ActivityKind::received) return true;
    if (activity.kind == model::ActivityKind::sent && !activity.automatic) return false;
    return std::nullopt;
}

}  // namespace

std::int64_t take_case_number(Connection& c)
{
    auto const number =
        c.first("UPDATE counter SET last_value = last_value + 1 WHERE name = 'case' RETURNING last_value",
                [](Row const& row) { return row.integer(0); });
    if (!number) throw Failure(Trouble::store, "the counter of cases is missing");
    return *number;
}

std::int64_t add_case(Connection& c, model::Case const& a_case)
{
    auto const number = take_case_number(c);
    insert_case(c, a_case, number);
    return number;
}

void add_numbered_case(Connection& c, model::Case const& a_case)
{
    insert_case(c, a_case, a_case.number);
}

std::int64_t add_case(Connection& c, model::Case a_case, model::Activity const& first)
{
    ++a_case.activities;
    ++a_case.version;
    a_case.updated = std::max(a_case.updated, first.at);
    a_case.waiting_for_us = turn_after(first).value_or(a_case.waiting_for_us);
    auto const number = take_case_number(c);
    insert_case(c, a_case, number);
    insert_activity(c, first);
    case_added(c, number, a_case.department);
    return number;
}

std::optional<model::Case> case_by_id(Connection& c, model::CaseId id)
{
    return c.first(std::string(case_columns) + "WHERE id = ?", case_of, id);
}

std::optional<model::Case> case_numbered(Connection& c, std::int64_t number)
{
    return c.first(std::string(case_columns) + "WHERE number = ?", case_of, number);
}

std::vector<model::Case> cases(Connection& c, CaseFilter const& filter)
{
    Selection selection(std::string(case_columns) + "WHERE 1 = 1 ");
    if (filter.state) selection.narrow("state = ?", value(to_string(*filter.state)));
    if (filter.department) selection.narrow("department = ?", value(*filter.department));
    if (filter.below) selection.narrow("number < ?", value(*filter.below));
    if (filter.assigned) selection.narrow("assigned = ?", value(*filter.assigned));
    if (filter.unassigned) selection.narrow("assigned IS NULL", std::initializer_list<Value>{});
    if (filter.waiting) selection.narrow("waiting_for_us = ?", value(*filter.waiting));
    if (!filter.customer.empty()) selection.narrow("lower(customer) = ?", value(to_lower(filter.customer)));
    selection.within(filter.sight, "department");
    return selection.all(c, "ORDER BY number DESC LIMIT ?", case_of, filter.most);
}

void set_case_state(Connection& c, model::CaseId id, model::CaseState state, Instant now)
{
    std::optional<Instant> closed;
    if (state == model::CaseState::closed) closed = now;
    must_exist(
        c.execute("UPDATE customer_case SET state = ?, closed = ?, updated = ?, version = version + 1 WHERE id = ?",
                  to_string(state), closed, now, id),
        "the case");
    case_changed(c, id);
}

void set_turn(Connection& c, model::CaseId id, bool waiting_for_us)
{
    must_exist(c.execute("UPDATE customer_case SET waiting_for_us = ? WHERE id = ?", waiting_for_us, id), "the case");
}

bool assign_case(Connection& c, model::CaseId id, std::optional<model::UserId> from, std::optional<model::UserId> to)
{
    if (c.execute("UPDATE customer_case SET assigned = ?, version = version + 1 WHERE id = ? AND assigned IS NOT "
                  "DISTINCT FROM ?",
                  to, id, from) == 0)
        return false;
    case_changed(c, id);
    return true;
}

void move_case(Connection& c, model::CaseId id, model::DepartmentId to, model::MailboxId mailbox)
{
    case_changed(c, id, "removed");  // for those who don't see it any more
    c.execute(
        "INSERT INTO case_origin (customer_case, department) SELECT id, department FROM customer_case WHERE id = ? "
        "ON CONFLICT DO NOTHING",
        id);
    must_exist(c.execute("UPDATE customer_case SET department = ?, mailbox = ?, assigned = NULL, version = version + 1 "
                         "WHERE id = ?",
                         to, mailbox, id),
               "the case");
    case_changed(c, id, "added");
}

std::optional<model::Case> next_in_queue(Connection& c, model::DepartmentId department)
{
    return c.first(std::string(case_columns) +
                       "WHERE state = 'open' AND assigned IS NULL AND department = ? ORDER BY waiting_for_us DESC, "
                       "number LIMIT 1",
                   case_of, department);
}

std::vector<Queue> queues(Connection& c, model::Sight const& sight, std::optional<model::UserId> const& asks)
{
    Selection selection(
        "SELECT department, assigned, waiting_for_us, count(*), min(created) FROM customer_case WHERE state = 'open' ");
    selection.within(sight, "department");
    std::vector<Queue> found;
    auto const add = [&](Row const& row) {
        auto const department = row.id<model::DepartmentId>(0);
        auto queue = std::ranges::find(found, department, &Queue::department);
        if (queue == found.end()) queue = found.insert(found.end(), Queue{.department = department});
        auto const whose = row.maybe_id<model::UserId>(1);
        auto const count = row.integer(3);
        queue->open += count;
        if (!whose) queue->unassigned += count;
        if (whose && whose == asks) queue->mine += count;
        if (!row.boolean(2)) return true;
        queue->waiting += count;
        if (!whose) queue->oldest = row.instant(4);
        return true;
    };
    (void)selection.all(c, "GROUP BY department, assigned, waiting_for_us", add);
    return found;
}

std::optional<model::Case> case_following(Connection& c, std::int64_t number)
{
    return c.first(std::string(case_columns) + "WHERE follows = ? ORDER BY number DESC LIMIT 1", case_of, number);
}

bool received_more_than(Connection& c, model::CaseId id, int most, Instant since)
{
    return c
        .first(
            "SELECT 1 FROM activity WHERE customer_case = ? AND happened > ? AND kind = 'received' LIMIT 1 OFFSET ?",
            [](Row const&) { return true; }, id, since, most)
        .has_value();
}

bool opened_more_than(Connection& c, std::string_view customer, int most, Instant since)
{
    auto const created = c.first(
        "SELECT created FROM customer_case WHERE lower(customer) = ? ORDER BY number DESC LIMIT 1 OFFSET ?",
        [](Row const& row) { return row.instant(0); }, to_lower(customer), most);
    return created && *created > since;
}

bool sent_by_us(Connection& c, std::string_view message_id)
{
    return c
        .first(
            "SELECT 1 FROM activity_message_id m JOIN activity a ON a.id = m.activity WHERE m.message_id = ? AND "
            "a.kind = 'sent' LIMIT 1",
            [](Row const&) { return true; }, message_id)
        .has_value();
}

void add_activity(Connection& c, model::Activity const& activity)
{
    insert_activity(c, activity);
    auto const activities = c.first(
        "UPDATE customer_case SET activities = activities + 1, version = version + 1, "
        "updated = CASE WHEN updated > ? THEN updated ELSE ? END, "
        "waiting_for_us = coalesce(?, waiting_for_us) WHERE id = ? RETURNING activities",
        [](Row const& row) { return row.integer(0); }, activity.at, activity.at, turn_after(activity),
        activity.case_id);
    must_exist(activities ? 1 : 0, "the case");
    case_changed(c, activity.case_id, *activities == 1 ? "added" : "changed");
}

std::optional<model::Activity> activity(Connection& c, model::ActivityId id)
{
    return c.first(std::string(activity_columns) + "WHERE id = ?", activity_of, id);
}

std::vector<model::Activity> activities_of(Connection& c, model::CaseId a_case)
{
    return c.all(std::string(activity_columns) + "WHERE customer_case = ? ORDER BY happened, id", activity_of, a_case);
}

std::optional<model::CaseId> case_with_message_id(Connection& c, model::DepartmentId department,
                                                  std::vector<std::string> const& message_ids)
{
    struct Found {
        Instant updated;
        std::int64_t number;
        model::CaseId id;
        auto operator<=>(Found const&) const = default;
    };
    std::optional<Found> best;
    for (auto const& message_id : message_ids) {
        c.run(
            "SELECT k.updated, k.number, k.id FROM activity_message_id m JOIN activity a ON a.id = m.activity "
            "JOIN customer_case k ON k.id = a.customer_case WHERE m.message_id = ? AND (k.department = ? OR EXISTS "
            "(SELECT 1 FROM case_origin o WHERE o.customer_case = k.id AND o.department = ?))",
            {value(message_id), value(department), value(department)}, [&](Row const& row) {
                Found const found{row.instant(0), row.integer(1), row.id<model::CaseId>(2)};
                if (!best || found > *best) best = found;
            });
    }
    return best ? std::optional(best->id) : std::nullopt;
}

bool came_from(Connection& c, model::CaseId id, model::DepartmentId department)
{
    return c
        .first(
            "SELECT 1 FROM case_origin WHERE customer_case = ? AND department = ?", [](Row const&) { return true; }, id,
            department)
        .has_value();
}

void add_message_id(Connection& c, model::ActivityId activity, std::string_view message_id)
{
    c.post("INSERT INTO activity_message_id (message_id, activity) VALUES (?, ?) ON CONFLICT DO NOTHING", message_id,
           activity);
}

}  // namespace postroom::store
