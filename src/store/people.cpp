#include "store/people.hpp"

#include "store/rows.hpp"

namespace postroom::store {

namespace {

model::Department department_of(Row const& row)
{
    return {row.id<model::DepartmentId>(0), row.text(1), row.instant(2)};
}

constexpr std::string_view user_columns =
    "SELECT u.id, u.name, u.password_hash, u.role, u.created, u.version FROM console_user u ";

model::User user_of(Row const& row)
{
    return {.id = row.id<model::UserId>(0),
            .name = row.text(1),
            .password_hash = row.text(2),
            .role = word(row, 3, model::parse_role),
            .created = row.instant(4),
            .version = row.integer(5)};
}

template <class... Args>
std::optional<model::User> user_where(Connection& c, std::string_view rest, Args const&... args)
{
    auto found = c.first(std::string(user_columns) + std::string(rest), user_of, args...);
    if (found)
        found->departments = c.all(
            "SELECT m.department FROM user_department m JOIN department d ON d.id = m.department "
            "WHERE m.console_user = ? ORDER BY lower(d.name)",
            [](Row const& row) { return row.id<model::DepartmentId>(0); }, found->id);
    return found;
}

void put_departments(Connection& c, model::User const& user)
{
    for (auto const& department : user.departments)
        c.execute("INSERT INTO user_department (console_user, department) VALUES (?, ?)", user.id, department);
}

Bytes octets(std::string_view digest)
{
    return {std::string(digest)};
}

model::UserLink link_of(Row const& row)
{
    return {row.id<model::UserId>(0), row.instant(1)};
}

constexpr std::string_view token_columns =
    "SELECT id, console_user, name, scopes, created, ends, last_used, revoked FROM access_token ";

model::AccessToken access_token_of(Row const& row)
{
    return {.id = row.id<model::AccessTokenId>(0),
            .user = row.id<model::UserId>(1),
            .name = row.text(2),
            .scopes = from_list(row.text(3)),
            .created = row.instant(4),
            .ends = row.maybe_instant(5),
            .last_used = row.maybe_instant(6),
            .revoked = row.maybe_instant(7)};
}

}  // namespace

void add_department(Connection& c, model::Department const& department)
{
    c.execute("INSERT INTO department (id, name, created) VALUES (?, ?, ?)", department.id, department.name,
              department.created);
}

std::vector<model::Department> departments(Connection& c, model::Sight const& sight)
{
    Selection selection("SELECT id, name, created FROM department WHERE 1 = 1 ");
    selection.within(sight, "id");
    return selection.all(c, "ORDER BY lower(name)", department_of);
}

std::optional<model::Department> department_named(Connection& c, std::string_view name)
{
    return c.first("SELECT id, name, created FROM department WHERE lower(name) = lower(?)", department_of, name);
}

void add_user(Connection& c, model::User const& user)
{
    c.execute("INSERT INTO console_user (id, name, password_hash, role, created) VALUES (?, ?, ?, ?, ?)", user.id,
              user.name, user.password_hash, to_string(user.role), user.created);
    put_departments(c, user);
}

std::vector<model::User> users(Connection& c)
{
    auto found = c.all(std::string(user_columns) + "ORDER BY lower(u.name)", user_of);
    c.run(
        "SELECT m.console_user, m.department FROM user_department m JOIN department d ON d.id = m.department "
        "ORDER BY lower(d.name)",
        {}, [&](Row const& row) {
            auto const whose = std::ranges::find(found, row.id<model::UserId>(0), &model::User::id);
            if (whose != found.end()) whose->departments.push_back(row.id<model::DepartmentId>(1));
        });
    return found;
}

std::optional<model::User> user_named(Connection& c, std::string_view name)
{
    return user_where(c, "WHERE lower(u.name) = lower(?)", name);
}

std::optional<model::User> user(Connection& c, model::UserId id)
{
    return user_where(c, "WHERE u.id = ?", id);
}

void set_password_hash(Connection& c, model::UserId user, std::string_view hash)
{
    must_exist(c.execute("UPDATE console_user SET password_hash = ? WHERE id = ?", hash, user), "the user");
}

void change_user(Connection& c, model::User const& user)
{
    must_exist(c.execute("UPDATE console_user SET role = ? WHERE id = ?", to_string(user.role), user.id), "the user");
    c.execute("DELETE FROM user_department WHERE console_user = ?", user.id);
    put_departments(c, user);
}

void remove_user(Connection& c, model::UserId user)
{
    must_exist(c.execute("DELETE FROM console_user WHERE id = ?", user), "the user");
}

std::int64_t other_system_administrators(Connection& c, model::UserId user)
{
    // Under READ COMMITTED this waits for whoever changes one of them, and the count that follows sees what they did.
    c.execute("UPDATE console_user SET role = role WHERE role = 'system-administrator'");
    return c
        .first(
            "SELECT count(*) FROM console_user WHERE role = 'system-administrator' AND password_hash <> '' "
            "AND id <> ?",
            [](Row const& row) { return row.integer(0); }, user)
        .value_or(0);
}

void add_session(Connection& c, std::string_view token_digest, model::UserId user, Instant ends, std::string_view host)
{
    // Each sign-in sweeps what ended, so that nothing else has to.
    c.execute("DELETE FROM console_session WHERE ends <= ?", c.now());
    c.execute("INSERT INTO console_session (token_digest, console_user, ends, host) VALUES (?, ?, ?, ?)",
              octets(token_digest), user, ends, host);
}

std::optional<model::User> session_user(Connection& c, std::string_view token_digest, Instant now)
{
    return user_where(c, "JOIN console_session s ON s.console_user = u.id WHERE s.token_digest = ? AND s.ends > ?",
                      octets(token_digest), now);
}

void end_session(Connection& c, std::string_view token_digest)
{
    c.execute("DELETE FROM console_session WHERE token_digest = ?", octets(token_digest));
}

std::int64_t end_sessions_of(Connection& c, model::UserId user, std::string_view spared_digest)
{
    return c.execute("DELETE FROM console_session WHERE console_user = ? AND token_digest <> ?", user,
                     octets(spared_digest));
}

void put_link(Connection& c, model::UserLink const& link, std::string_view digest)
{
    c.execute(
        "INSERT INTO user_link (console_user, digest, ends) VALUES (?, ?, ?) "
        "ON CONFLICT (console_user) DO UPDATE SET digest = excluded.digest, ends = excluded.ends",
        link.user, octets(digest), link.ends);
}

std::vector<model::UserLink> links(Connection& c, Instant now)
{
    return c.all("SELECT console_user, ends FROM user_link WHERE ends > ?", link_of, now);
}

void remove_link(Connection& c, model::UserId user)
{
    c.execute("DELETE FROM user_link WHERE console_user = ?", user);
}

std::optional<model::UserLink> link_with(Connection& c, std::string_view digest, Instant now)
{
    return c.first("SELECT console_user, ends FROM user_link WHERE digest = ? AND ends > ?", link_of, octets(digest),
                   now);
}

bool use_link(Connection& c, std::string_view digest)
{
    return c.execute("DELETE FROM user_link WHERE digest = ?", octets(digest)) > 0;
}

void add_access_token(Connection& c, model::AccessToken const& token, std::string_view digest)
{
    c.execute(
        "INSERT INTO access_token (id, console_user, name, digest, scopes, created, ends) VALUES (?, ?, ?, ?, ?, ?, ?)",
        token.id, token.user, token.name, octets(digest), to_list(token.scopes), token.created, token.ends);
}

std::vector<model::AccessToken> access_tokens(Connection& c, std::optional<model::UserId> user)
{
    Selection selection(std::string(token_columns) + "WHERE 1 = 1 ");
    if (user) selection.narrow("console_user = ?", value(*user));
    return selection.all(c, "ORDER BY id DESC", access_token_of);
}

std::optional<model::AccessToken> access_token(Connection& c, model::AccessTokenId id)
{
    return c.first(std::string(token_columns) + "WHERE id = ?", access_token_of, id);
}

std::optional<model::AccessToken> access_token_with(Connection& c, std::string_view digest)
{
    return c.first(std::string(token_columns) + "WHERE digest = ?", access_token_of, octets(digest));
}

void note_use(Connection& c, model::AccessTokenId id, Instant now)
{
    c.execute("UPDATE access_token SET last_used = ? WHERE id = ?", now, id);
}

bool revoke_access_token(Connection& c, model::AccessTokenId id, Instant now)
{
    return c.execute("UPDATE access_token SET revoked = ? WHERE id = ? AND revoked IS NULL", now, id) > 0;
}

}  // namespace postroom::store
