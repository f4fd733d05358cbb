#include "store/applications.hpp"

#include "store/rows.hpp"

namespace postroom::store {

namespace {

constexpr std::string_view application_columns =
    "SELECT id, name, cloud, tenant, authority, client_id, scopes, created, version FROM application ";

model::Application application_of(Row const& row)
{
    return {.id = row.id<model::ApplicationId>(0),
            .name = row.text(1),
            .cloud = row.text(2),
            .tenant = row.text(3),
            .authority = row.text(4),
            .client_id = row.text(5),
            .scopes = from_list(row.text(6)),
            .created = row.instant(7),
            .version = row.integer(8)};
}

constexpr std::string_view credential_columns =
    "SELECT id, application, kind, sealed_value, subject, thumbprint, ends, created, accepted, refused, refusal FROM "
    "credential ";

model::Credential credential_of(Row const& row)
{
    return {.id = row.id<model::CredentialId>(0),
            .application = row.id<model::ApplicationId>(1),
            .kind = word(row, 2, model::parse_credential_kind),
            .value = {row.bytes(3)},
            .subject = row.text(4),
            .thumbprint = row.text(5),
            .ends = row.maybe_instant(6),
            .created = row.instant(7),
            .accepted = row.maybe_instant(8),
            .refused = row.maybe_instant(9),
            .refusal = row.text(10)};
}

// What the provider refused may be what it takes now: nobody waits for the hour, or the day, that the refusal set.
void try_grants_at_once(Connection& c, model::ApplicationId application)
{
    c.execute("UPDATE account_grant SET next_try = 0 WHERE account IN (SELECT id FROM account WHERE application = ?)",
              application);
}

}  // namespace

void add_application(Connection& c, model::Application const& application)
{
    c.execute(
        "INSERT INTO application (id, name, cloud, tenant, authority, client_id, scopes, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        application.id, application.name, application.cloud, application.tenant, application.authority,
        application.client_id, to_list(application.scopes), application.created);
}

void change_application(Connection& c, model::Application const& application)
{
    must_exist(c.execute("UPDATE application SET name = ?, tenant = ?, authority = ?, client_id = ?, scopes = ? WHERE "
                         "id = ?",
                         application.name, application.tenant, application.authority, application.client_id,
                         to_list(application.scopes), application.id),
               "the identity application");
    try_grants_at_once(c, application.id);
}

std::vector<model::Application> applications(Connection& c)
{
    return c.all(std::string(application_columns) + "ORDER BY lower(name)", application_of);
}

std::optional<model::Application> application(Connection& c, model::ApplicationId id)
{
    return c.first(std::string(application_columns) + "WHERE id = ?", application_of, id);
}

std::optional<model::Application> application_named(Connection& c, std::string_view name)
{
    return c.first(std::string(application_columns) + "WHERE lower(name) = lower(?)", application_of, name);
}

void remove_application(Connection& c, model::ApplicationId id)
{
    std::string users;
    c.run("SELECT name FROM account WHERE application = ? ORDER BY lower(name)", {value(id)},
          [&](Row const& row) { users += (users.empty() ? "" : ", ") + row.text(0); });
    if (!users.empty())
        throw Failure(Trouble::conflict, fmt::format("the identity application is used by the account {}: remove that "
                                                     "first, or give it another application",
                                                     users));
    must_exist(c.execute("DELETE FROM application WHERE id = ?", id), "the identity application");
}

void add_credential(Connection& c, model::Credential const& credential)
{
    // Two servers that add one at once must not make three.
    must_exist(c.execute("UPDATE application SET name = name WHERE id = ?", credential.application),
               "the identity application");
    if (credentials_of(c, credential.application).size() >= 2)
        throw Failure(
            Trouble::conflict,
            "the identity application has two credentials already: remove the one that is not needed any more");
    c.execute(
        "INSERT INTO credential (id, application, kind, sealed_value, subject, thumbprint, ends, created, accepted, "
        "refused, refusal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        credential.id, credential.application, to_string(credential.kind), Bytes{credential.value.bytes},
        credential.subject, credential.thumbprint, credential.ends, credential.created, credential.accepted,
        credential.refused, credential.refusal);
    try_grants_at_once(c, credential.application);
}

std::vector<model::Credential> credentials_of(Connection& c, model::ApplicationId application)
{
    return c.all(std::string(credential_columns) + "WHERE application = ? ORDER BY created DESC, id DESC",
                 credential_of, application);
}

std::optional<model::Credential> credential(Connection& c, model::CredentialId id)
{
    return c.first(std::string(credential_columns) + "WHERE id = ?", credential_of, id);
}

void judge_credential(Connection& c, model::CredentialId id, std::optional<std::string> const& refusal, Instant now)
{
    if (refusal)
        c.execute("UPDATE credential SET refused = ?, refusal = ? WHERE id = ?", now, *refusal, id);
    else
        c.execute("UPDATE credential SET accepted = ?, refused = NULL, refusal = '' WHERE id = ?", now, id);
}

void remove_credential(Connection& c, model::CredentialId id)
{
    must_exist(c.execute("DELETE FROM credential WHERE id = ?", id), "the credential");
}

}  // namespace postroom::store
