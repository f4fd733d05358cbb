#include "store/grants.hpp"

#include "store/rows.hpp"

namespace postroom::store {

namespace {

constexpr std::string_view authorization_columns =
    "id, account, flow, state, nonce, verifier, redirect_url, device_code, user_code, verification_url, poll_every, "
    "test_mail, begun_by, begun, ends, outcome, reason, candidate, candidate_refresh_token, candidate_access_token, "
    "job";

model::Authorization authorization_of(Row const& row)
{
    return {.id = row.id<model::AuthorizationId>(0),
            .account = row.id<model::AccountId>(1),
            .flow = word(row, 2, model::parse_flow),
            .state = row.text(3),
            .nonce = row.text(4),
            .verifier = {row.bytes(5)},
            .redirect_url = row.text(6),
            .device_code = {row.bytes(7)},
            .user_code = row.text(8),
            .verification_url = row.text(9),
            .poll_every = Duration(row.integer(10)),
            .test_mail = row.boolean(11),
            .by = row.text(12),
            .begun = row.instant(13),
            .ends = row.instant(14),
            .outcome = word(row, 15, model::parse_authorization_state),
            .reason = row.text(16),
            .candidate = row.text(17),
            .candidate_refresh_token = {row.bytes(18)},
            .candidate_access_token = {row.bytes(19)},
            .job = row.maybe_id<model::JobId>(20)};
}

}  // namespace

std::optional<model::Grant> grant(Connection& c, model::AccountId account)
{
    return c.first(
        "SELECT account, tenant_id, object_id, user_name, scopes, refresh_token, access_token, access_token_ends, "
        "access_token_life, accepted, renewed, version, refusals, failures, next_try, trouble, asked FROM "
        "account_grant "
        "WHERE account = ?",
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
                                .version = row.integer(11),
                                .refusals = static_cast<unsigned>(row.integer(12)),
                                .failures = static_cast<unsigned>(row.integer(13)),
                                .next_try = row.instant(14),
                                .trouble = row.text(15),
                                .asked = row.maybe_instant(16)};
        },
        account);
}

std::vector<GrantEnd> grant_ends(Connection& c)
{
    return c.all(
        "SELECT g.account, a.state, g.access_token_ends, g.access_token_life, g.version, g.next_try, g.refusals FROM "
        "account_grant g JOIN account a ON a.id = g.account WHERE a.removed IS NULL ORDER BY g.access_token_ends, "
        "g.account",
        [](Row const& row) {
            return GrantEnd{row.id<model::AccountId>(0),
                            word(row, 1, model::parse_account_state),
                            row.instant(2),
                            Duration(row.integer(3)),
                            row.integer(4),
                            row.instant(5),
                            static_cast<unsigned>(row.integer(6))};
        });
}

void accept_grant(Connection& c, model::Grant const& grant)
{
    lock_account(c, grant.account);
    // Where there was a grant before the account was converted, its versions don't come again: a late answer to a
    // renewal of that one must not pass for this one's.
    auto const first_version = 1 + grant.accepted.time_since_epoch().count();
    c.execute(
        "INSERT INTO account_grant (account, tenant_id, object_id, user_name, scopes, refresh_token, access_token, "
        "access_token_ends, access_token_life, accepted, renewed, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (account) DO UPDATE SET tenant_id = excluded.tenant_id, object_id = excluded.object_id, "
        "user_name = excluded.user_name, scopes = excluded.scopes, refresh_token = excluded.refresh_token, "
        "access_token = excluded.access_token, access_token_ends = excluded.access_token_ends, "
        "access_token_life = excluded.access_token_life, accepted = excluded.accepted, renewed = excluded.renewed, "
        "version = account_grant.version + 1, refusals = 0, failures = 0, next_try = 0, trouble = '', asked = NULL",
        grant.account, grant.owner.tenant_id, grant.owner.object_id, grant.owner.user_name, to_list(grant.scopes),
        Bytes{grant.refresh_token.bytes}, Bytes{grant.access_token.bytes}, grant.access_token_ends,
        grant.access_token_life, grant.accepted, grant.renewed, first_version);
}

void forget_grant(Connection& c, model::AccountId account)
{
    c.execute("DELETE FROM account_grant WHERE account = ?", account);
    c.execute("DELETE FROM mailbox_right WHERE mailbox IN (SELECT id FROM mailbox WHERE account = ?)", account);
}

void note_asked(Connection& c, model::AccountId account, std::int64_t version, Instant now)
{
    c.execute("UPDATE account_grant SET asked = coalesce(asked, ?) WHERE account = ? AND version = ?", now, account,
              version);
}

bool note_trouble(Connection& c, model::Grant const& grant)
{
    return c.execute(
               "UPDATE account_grant SET refusals = ?, failures = ?, next_try = ?, trouble = ?, asked = ? "
               "WHERE account = ? AND version = ?",
               std::int64_t(grant.refusals), std::int64_t(grant.failures), grant.next_try, grant.trouble, grant.asked,
               grant.account, grant.version) > 0;
}

bool renew_grant(Connection& c, model::Grant const& renewed, std::int64_t expected)
{
    return c.execute(
               "UPDATE account_grant SET scopes = ?, refresh_token = ?, access_token = ?, access_token_ends = ?, "
               "access_token_life = ?, renewed = ?, version = version + 1, refusals = 0, failures = 0, next_try = 0, "
               "trouble = '', asked = NULL WHERE account = ? AND version = ?",
               to_list(renewed.scopes), Bytes{renewed.refresh_token.bytes}, Bytes{renewed.access_token.bytes},
               renewed.access_token_ends, renewed.access_token_life, renewed.renewed, renewed.account, expected) > 0;
}

void add_authorization(Connection& c, model::Authorization const& authorization)
{
    c.execute(
        "INSERT INTO account_authorization (id, account, flow, state, used, nonce, verifier, redirect_url, "
        "device_code, "
        "user_code, verification_url, poll_every, test_mail, begun_by, begun, ends, outcome, reason, candidate) "
        "VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
        authorization.id, authorization.account, to_string(authorization.flow), authorization.state,
        authorization.nonce, Bytes{authorization.verifier.bytes}, authorization.redirect_url,
        Bytes{authorization.device_code.bytes}, authorization.user_code, authorization.verification_url,
        authorization.poll_every, authorization.test_mail, authorization.by, authorization.begun, authorization.ends,
        to_string(authorization.outcome), authorization.reason);
}

std::optional<model::Authorization> authorization(Connection& c, model::AuthorizationId id)
{
    return c.first(fmt::format("SELECT {} FROM account_authorization WHERE id = ?", authorization_columns),
                   authorization_of, id);
}

std::optional<model::Authorization> take_authorization(Connection& c, std::string_view state)
{
    return c.first(fmt::format("UPDATE account_authorization SET used = 1 WHERE state = ? AND used = 0 AND flow = "
                               "'code' RETURNING {}",
                               authorization_columns),
                   authorization_of, state);
}

std::optional<model::Authorization> authorization_of_state(Connection& c, std::string_view state)
{
    return c.first(fmt::format("SELECT {} FROM account_authorization WHERE state = ?", authorization_columns),
                   authorization_of, state);
}

void lock_account(Connection& c, model::AccountId account)
{
    must_exist(c.execute("UPDATE account SET state = state WHERE id = ? AND removed IS NULL", account), "the account");
}

std::vector<model::Authorization> open_authorizations(Connection& c, model::AccountId account)
{
    return c.all(fmt::format("SELECT {} FROM account_authorization WHERE account = ? AND outcome IN ('waiting', "
                             "'trying') ORDER BY begun DESC, id DESC",
                             authorization_columns),
                 authorization_of, account);
}

std::vector<model::Authorization> latest_authorizations(Connection& c, model::AccountId account, int most)
{
    return c.all(fmt::format("SELECT {} FROM account_authorization WHERE account = ? ORDER BY begun DESC, id DESC "
                             "LIMIT ?",
                             authorization_columns),
                 authorization_of, account, most);
}

std::vector<model::Authorization> open_authorizations(Connection& c)
{
    return c.all(fmt::format("SELECT {} FROM account_authorization WHERE outcome IN ('waiting', 'trying') ORDER BY "
                             "begun DESC, id DESC",
                             authorization_columns),
                 authorization_of);
}

bool try_authorization(Connection& c, model::Authorization const& authorization)
{
    return c.execute(
               "UPDATE account_authorization SET outcome = 'trying', used = 1, candidate = ?, candidate_refresh_token "
               "= ?, candidate_access_token = ?, job = ? WHERE id = ? AND outcome = 'waiting'",
               authorization.candidate, Bytes{authorization.candidate_refresh_token.bytes},
               Bytes{authorization.candidate_access_token.bytes}, authorization.job, authorization.id) > 0;
}

bool settle_authorization(Connection& c, model::AuthorizationId id, model::Authorization::State outcome,
                          std::string_view reason)
{
    return c.execute(
               "UPDATE account_authorization SET outcome = ?, reason = ?, candidate = '', candidate_refresh_token = "
               "NULL, candidate_access_token = NULL, device_code = NULL, verifier = NULL WHERE id = ? AND outcome IN "
               "('waiting', 'trying')",
               to_string(outcome), reason, id) > 0;
}

void set_polling(Connection& c, model::AuthorizationId id, Duration every)
{
    c.execute("UPDATE account_authorization SET poll_every = ? WHERE id = ?", every, id);
}

void sweep_authorizations(Connection& c, Instant before)
{
    c.execute("DELETE FROM account_authorization WHERE outcome IN ('accepted', 'refused') AND ends < ?", before);
}

}  // namespace postroom::store
