#include "store/holds.hpp"

namespace postroom::store {

namespace {

std::string_view to_string(MailServer server)
{
    return server == MailServer::retrieval ? "retrieval" : "submission";
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
    return sign_in_holds(c, account).empty();
}

void release_sign_ins(Connection& c, model::AccountId account)
{
    c.execute("DELETE FROM sign_in_hold WHERE account = ?", account);
}

std::vector<SignInHold> sign_in_holds(Connection& c, model::AccountId account)
{
    return c.all(std::string(columns) + "ORDER BY server, user_name", hold_of, account);
}

}  // namespace postroom::store
