#include "store/holds.hpp"

#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"

namespace postroom::store {

namespace {

std::string_view to_string(MailServer server)
{
    return server == MailServer::retrieval ? "retrieval" : "submission";
}

void end_alarm(Connection& c, model::AccountId id)
{
    if (auto const its = account(c, id)) (void)store::end_alarm(c, sign_in_alarm, its->name, c.now());
}

constexpr std::string_view columns =
    "SELECT account, server, user_name, refusals, next_try, reason FROM sign_in_hold WHERE account = ? ";

SignInHold hold_of(Row const& row)
{
    return {.account = row.id<model::AccountId>(0),
            .server = row.text(1) == "retrieval" ? MailServer::retrieval : MailServer::submission,
            .user_name = row.text(2),
            .refusals = static_cast<unsigned>(row.integer(3)),
            .next_try = row.instant(4),
            .reason = row.text(5)};
}

}  // namespace

std::optional<SignInHold> sign_in_hold(Connection& c, model::AccountId account, MailServer server,
                                       std::string_view user_name)
{
    return c.first(std::string(columns) + "AND server = ? AND user_name = ?", hold_of, account, to_string(server),
                   user_name);
}

bool take_try(Connection& c, SignInHold const& hold, Instant now, Instant until)
{
    return c.execute(
               "UPDATE sign_in_hold SET next_try = ? WHERE account = ? AND server = ? AND user_name = ? AND "
               "next_try <= ?",
               until, hold.account, to_string(hold.server), hold.user_name, now) > 0;
}

void hold_sign_in(Connection& c, SignInHold const& hold)
{
    c.execute(
        "INSERT INTO sign_in_hold (account, server, user_name, refusals, next_try, reason) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (account, server, user_name) DO UPDATE SET refusals = excluded.refusals, next_try = "
        "excluded.next_try, reason = excluded.reason",
        hold.account, to_string(hold.server), hold.user_name, std::int64_t(hold.refusals), hold.next_try, hold.reason);
}

bool release_sign_in(Connection& c, model::AccountId account, MailServer server, std::string_view user_name)
{
    c.execute("DELETE FROM sign_in_hold WHERE account = ? AND server = ? AND user_name = ?", account, to_string(server),
              user_name);
    if (!sign_in_holds(c, account).empty()) return false;
    end_alarm(c, account);
    return true;
}

void release_sign_ins(Connection& c, model::AccountId account)
{
    if (c.execute("DELETE FROM sign_in_hold WHERE account = ?", account) > 0) end_alarm(c, account);
}

std::vector<SignInHold> sign_in_holds(Connection& c, model::AccountId account)
{
    return c.all(std::string(columns) + "ORDER BY server, user_name", hold_of, account);
}

bool may_be_tried(Connection& c, model::Account const& account)
{
    if (account.state == model::AccountState::ready) return true;
    if (account.state == model::AccountState::new_account || sign_in_holds(c, account.id).empty()) return false;
    if (account.access == model::Access::password) return true;
    auto const its = grant(c, account.id);
    return its && its->refusals == 0;
}

}  // namespace postroom::store
