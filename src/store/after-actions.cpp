#include "store/after-actions.hpp"

#include "store/rows.hpp"

namespace postroom::store {

namespace {

auto due_in(model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity)
{
    return [=](Row const& row) {
        return model::LedgerRow{
            .place = {mailbox, std::string(folder), uid_validity, static_cast<std::uint32_t>(row.integer(0))},
            .state = word(row, 1, model::parse_ledger_state),
            .message = row.maybe_id<model::MessageId>(2),
            .due = word(row, 3, model::parse_after_action),
            .tries = static_cast<int>(row.integer(4)),
            .note = row.text(5),
            .unique_id = row.text(6)};
    };
}

}  // namespace

std::vector<model::LedgerRow> after_actions_now(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                                std::uint32_t uid_validity, Instant now, int most)
{
    // Those that failed before come last, so that one that never works holds up no other.
    return c.all(
        "SELECT uid, state, message, due, tries, note, unique_id FROM ledger WHERE mailbox = ? AND folder = ? AND "
        "uid_validity = ? AND due <> 'leave' AND changed <= CASE tries WHEN 0 THEN ? WHEN 1 THEN ? WHEN 2 THEN ? WHEN "
        "3 THEN ? WHEN 4 THEN ? WHEN 5 THEN ? ELSE ? END ORDER BY tries, uid LIMIT ?",
        due_in(mailbox, folder, uid_validity), mailbox, folder, uid_validity, Instant::max(),
        now - std::chrono::minutes(1), now - std::chrono::minutes(2), now - std::chrono::minutes(4),
        now - std::chrono::minutes(8), now - std::chrono::minutes(16), now - std::chrono::minutes(60), most);
}

void copied_not_deleted(Connection& c, model::Place const& place)
{
    c.post(
        "UPDATE ledger SET due = 'delete' WHERE mailbox = ? AND folder = ? AND uid_validity = ? AND uid = ? AND "
        "due = 'move'",
        place.mailbox, place.folder, place.uid_validity, place.uid);
}

FailingActions failing_after_actions(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                     std::uint32_t uid_validity)
{
    return c
        .first(
            "SELECT count(*), coalesce(sum(CASE WHEN tries >= ? THEN 1 ELSE 0 END), 0), coalesce(max(note), '') FROM "
            "ledger WHERE mailbox = ? AND folder = ? AND uid_validity = ? AND due <> 'leave'",
            [](Row const& row) { return FailingActions{row.integer(0), row.integer(1), row.text(2)}; },
            refusals_that_tell, mailbox, folder, uid_validity)
        .value_or(FailingActions{});
}

void change_after_actions(Connection& c, model::MailboxId mailbox, model::AfterAction action)
{
    c.execute("UPDATE ledger SET due = ?, tries = 0, note = '' WHERE mailbox = ? AND due <> 'leave'", to_string(action),
              mailbox);
}

void forget_after_actions(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t but_under)
{
    c.execute(
        "UPDATE ledger SET due = 'leave' WHERE mailbox = ? AND folder = ? AND uid_validity <> ? AND due <> 'leave'",
        mailbox, folder, but_under);
}

std::vector<KnownRange> known_ranges(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                     std::uint32_t uid_validity)
{
    std::vector<KnownRange> ranges;
    c.run("SELECT uid FROM ledger WHERE mailbox = ? AND folder = ? AND uid_validity = ? ORDER BY uid",
          {value(mailbox), value(folder), value(uid_validity)}, [&](Row const& row) {
              auto const uid = static_cast<std::uint32_t>(row.integer(0));
              if (!ranges.empty() && ranges.back().last + 1 == uid)
                  ranges.back().last = uid;
              else
                  ranges.push_back({uid, uid});
          });
    return ranges;
}

}  // namespace postroom::store
