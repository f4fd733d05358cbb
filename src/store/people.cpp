#include "store/people.hpp"

#include "store/rows.hpp"

namespace postroom::store {

namespace {

model::Department department_of(Row const& row)
{
    return {row.id<model::DepartmentId>(0), row.text(1), row.instant(2)};
}

model::User user_of(Row const& row)
{
    return {row.id<model::UserId>(0), row.text(1), row.text(2), word(row, 3, model::parse_role), row.instant(4)};
}

}  // namespace

void add_department(Connection& c, model::Department const& department)
{
    c.execute("INSERT INTO department (id, name, created) VALUES (?, ?, ?)", department.id, department.name,
              department.created);
}

std::vector<model::Department> departments(Connection& c)
{
    return c.all("SELECT id, name, created FROM department ORDER BY lower(name)", department_of);
}

std::optional<model::Department> department_named(Connection& c, std::string_view name)
{
    return c.first("SELECT id, name, created FROM department WHERE lower(name) = lower(?)", department_of, name);
}

void add_user(Connection& c, model::User const& user)
{
    c.execute("INSERT INTO console_user (id, name, password_hash, role, created) VALUES (?, ?, ?, ?, ?)", user.id,
              user.name, user.password_hash, to_string(user.role), user.created);
}

std::vector<model::User> users(Connection& c)
{
    return c.all("SELECT id, name, password_hash, role, created FROM console_user ORDER BY lower(name)", user_of);
}

std::optional<model::User> user_named(Connection& c, std::string_view name)
{
    return c.first("SELECT id, name, password_hash, role, created FROM console_user WHERE lower(name) = lower(?)",
                   user_of, name);
}

void set_password_hash(Connection& c, model::UserId user, std::string_view hash)
{
    must_exist(c.execute("UPDATE console_user SET password_hash = ? WHERE id = ?", hash, user), "the user");
}

void add_session(Connection& c, std::string_view token_digest, model::UserId user, Instant ends)
{
    // Each sign-in sweeps what ended, so that nothing else has to.
    c.execute("DELETE FROM console_session WHERE ends <= ?", c.now());
    c.execute("INSERT INTO console_session (token_digest, console_user, ends) VALUES (?, ?, ?)",
              Bytes{std::string(token_digest)}, user, ends);
}

std::optional<model::User> session_user(Connection& c, std::string_view token_digest, Instant now)
{
    return c.first(
        "SELECT u.id, u.name, u.password_hash, u.role, u.created FROM console_session s "
        "JOIN console_user u ON u.id = s.console_user WHERE s.token_digest = ? AND s.ends > ?",
        user_of, Bytes{std::string(token_digest)}, now);
}

void end_session(Connection& c, std::string_view token_digest)
{
    c.execute("DELETE FROM console_session WHERE token_digest = ?", Bytes{std::string(token_digest)});
}

}  // namespace postroom::store
