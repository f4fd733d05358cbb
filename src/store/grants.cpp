#include "store/grants.hpp"

#include "store/rows.hpp"

namespace postroom::store {

namespace {

constexpr std::string_view authorization_columns =
    "id, account, state, nonce, verifier, redirect_url, begun_by, begun, ends, outcome, reason";

model::Authorization authorization_of(Row const& row)
{
    return {.id = row.id<model::AuthorizationId>(0),
            .account = row.id<model::AccountId>(1),
            .state = row.text(2),
            .nonce = row.text(3),
            .verifier = {row.bytes(4)},
            .redirect_url = row.text(5),
            .by = row.text(6),
            .begun = row.instant(7),
            .ends = row.instant(8),
            .outcome = word(row, 9, model::parse_authorization_state),
            .reason = row.text(10)};
}

}  // namespace

std::optional<model::Grant> grant(Connection& c, model::AccountId account)
{
    return c.first(
        "SELECT account, tenant_id, object_id, user_name, scopes, refresh_token, access_token, access_token_ends, "
        "access_token_life, accepted, renewed, version FROM account_grant WHERE account = ?",
        [](Row const& row) {
            return model::Grant{.account = row.id<model::AccountId>(0),
                                .owner = {row.text(1), row.text(2), row.text(3)},
                                .scopes = from_list(row.text(4)),
                                .refresh_token = {row.bytes(5)},
                                .access_token = {row.bytes(6)},
                                .access_token_ends = row.instant(7),
                                .access_token_life = Duration(row.integer(8)),
                                .accepted = row.instant(9),
                                .renewed = row.instant(10),
                                .version = row.integer(11)};
        },
        account);
}

std::vector<GrantEnd> grant_ends(Connection& c)
{
    return c.all(
        "SELECT g.account, a.state, g.access_token_ends, g.access_token_life, g.version FROM account_grant g "
        "JOIN account a ON a.id = g.account WHERE a.removed IS NULL ORDER BY g.access_token_ends, g.account",
        [](Row const& row) {
            return GrantEnd{row.id<model::AccountId>(0), word(row, 1, model::parse_account_state), row.instant(2),
                            Duration(row.integer(3)), row.integer(4)};
        });
}

void accept_grant(Connection& c, model::Grant const& grant)
{
    must_exist(c.execute("UPDATE account SET state = state WHERE id = ? AND removed IS NULL", grant.account),
               "the account");
    c.execute(
        "INSERT INTO account_grant (account, tenant_id, object_id, user_name, scopes, refresh_token, access_token, "
        "access_token_ends, access_token_life, accepted, renewed, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) "
        "ON CONFLICT (account) DO UPDATE SET tenant_id = excluded.tenant_id, object_id = excluded.object_id, "
        "user_name = excluded.user_name, scopes = excluded.scopes, refresh_token = excluded.refresh_token, "
        "access_token = excluded.access_token, access_token_ends = excluded.access_token_ends, "
        "access_token_life = excluded.access_token_life, accepted = excluded.accepted, renewed = excluded.renewed, "
        "version = account_grant.version + 1",
        grant.account, grant.owner.tenant_id, grant.owner.object_id, grant.owner.user_name, to_list(grant.scopes),
        Bytes{grant.refresh_token.bytes}, Bytes{grant.access_token.bytes}, grant.access_token_ends,
        grant.access_token_life, grant.accepted, grant.renewed);
}

bool renew_grant(Connection& c, model::Grant const& renewed, std::int64_t expected)
{
    return c.execute(
               "UPDATE account_grant SET scopes = ?, refresh_token = ?, access_token = ?, access_token_ends = ?, "
               "access_token_life = ?, renewed = ?, version = version + 1 WHERE account = ? AND version = ?",
               to_list(renewed.scopes), Bytes{renewed.refresh_token.bytes}, Bytes{renewed.access_token.bytes},
               renewed.access_token_ends, renewed.access_token_life, renewed.renewed, renewed.account, expected) > 0;
}

void add_authorization(Connection& c, model::Authorization const& authorization)
{
    c.execute(
        "INSERT INTO account_authorization (id, account, state, used, nonce, verifier, redirect_url, begun_by, begun, "
        "ends, outcome, reason) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)",
        authorization.id, authorization.account, authorization.state, authorization.nonce,
        Bytes{authorization.verifier.bytes}, authorization.redirect_url, authorization.by, authorization.begun,
        authorization.ends, to_string(authorization.outcome), authorization.reason);
}

std::optional<model::Authorization> authorization(Connection& c, model::AuthorizationId id)
{
    return c.first(fmt::format("SELECT {} FROM account_authorization WHERE id = ?", authorization_columns),
                   authorization_of, id);
}

std::optional<model::Authorization> take_authorization(Connection& c, std::string_view state)
{
    return c.first(fmt::format("UPDATE account_authorization SET used = 1 WHERE state = ? AND used = 0 RETURNING {}",
                               authorization_columns),
                   authorization_of, state);
}

void settle_authorization(Connection& c, model::AuthorizationId id, model::Authorization::State outcome,
                          std::string_view reason)
{
    must_exist(c.execute("UPDATE account_authorization SET outcome = ?, reason = ? WHERE id = ?", to_string(outcome),
                         reason, id),
               "the sign-in");
}

}  // namespace postroom::store
