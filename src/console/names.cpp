#include "console/names.hpp"

#include "console/problem.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/mailboxes.hpp"
#include "store/people.hpp"

#include <fmt/format.h>

namespace postroom::console {

namespace {

template <class Id, class List, class Name>
std::string look_up(std::map<Id, std::string>& known, Id id, List list, Name name)
{
    if (known.empty())
        for (auto const& each : list()) known.emplace(each.id, name(each));
    auto const found = known.find(id);
    return found == known.end() ? std::string() : found->second;
}

template <class T>
T found_or_problem(std::optional<T> found, Words missing, std::string_view field)
{
    if (found) return std::move(*found);
    throw Problem(field.empty() ? Trouble::not_found : Trouble::invalid, std::move(missing), std::string(field));
}

}  // namespace

std::string Names::department(model::DepartmentId id)
{
    return look_up(
        departments_, id, [&] { return store::departments(connection_); }, [](auto const& each) { return each.name; });
}

std::string Names::application(model::ApplicationId id)
{
    return look_up(
        applications_, id, [&] { return store::applications(connection_); },
        [](auto const& each) { return each.name; });
}

std::string Names::account(model::AccountId id)
{
    return look_up(
        accounts_, id, [&] { return store::accounts(connection_); }, [](auto const& each) { return each.name; });
}

std::string Names::mailbox(model::MailboxId id)
{
    return look_up(
        mailboxes_, id, [&] { return store::mailboxes(connection_); }, [](auto const& each) { return each.address; });
}

std::string Names::user(model::UserId id)
{
    return look_up(users_, id, [&] { return store::users(connection_); }, [](auto const& each) { return each.name; });
}

model::Department department_named(store::Connection& c, model::Sight const& sight, std::string const& name,
                                   std::string_view field)
{
    auto found = store::department_named(c, name);
    if (found && !sight.sees(found->id)) found.reset();
    return found_or_problem(std::move(found),
                            tr("there is no department \"{}\"; postroom department list shows those there are", name),
                            field);
}

model::Application application_named(store::Connection& c, std::string const& name, std::string_view field)
{
    return found_or_problem(store::application_named(c, name),
                            tr("there is no application \"{}\"; postroom application list shows those there are", name),
                            field);
}

model::Account account_named(store::Connection& c, model::Sight const& sight, std::string const& name,
                             std::string_view field)
{
    return found_or_problem(seen(sight, store::account_named(c, name)),
                            tr("there is no account \"{}\"; postroom account list shows those there are", name), field);
}

model::Mailbox mailbox_at(store::Connection& c, model::Sight const& sight, std::string const& address,
                          std::string_view field)
{
    return found_or_problem(seen(sight, store::mailbox_at(c, address)),
                            tr("there is no mailbox \"{}\"; postroom mailbox list shows those there are", address),
                            field);
}

model::User user_named(store::Connection& c, std::string const& name, std::string_view field)
{
    return found_or_problem(store::user_named(c, name),
                            tr("there is no user \"{}\"; postroom user list shows those there are", name), field);
}

}  // namespace postroom::console
