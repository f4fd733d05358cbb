// The names by which the API says what the store says by id, looked up within one read, and the language that it says
// the rest in.
#pragma once

#include "model/account.hpp"
#include "model/application.hpp"
#include "model/department.hpp"
#include "model/mailbox.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"
#include "words/language.hpp"

#include <map>
#include <string>

namespace postroom::console {

class Names {
public:
    explicit Names(store::Connection& c, words::Language const& language = words::english())
        : connection_(c), language_(language)
    {
    }

    // "" for what is gone.
    [[nodiscard]] std::string department(model::DepartmentId id);
    [[nodiscard]] std::string application(model::ApplicationId id);
    [[nodiscard]] std::string account(model::AccountId id);
    [[nodiscard]] std::string mailbox(model::MailboxId id);  ///< its address
    [[nodiscard]] words::Language const& language() const { return language_; }
    [[nodiscard]] std::string user(model::UserId id);

private:
    store::Connection& connection_;
    words::Language const& language_;
    // Each is filled at the first question.
    std::map<model::DepartmentId, std::string> departments_;
    std::map<model::ApplicationId, std::string> applications_;
    std::map<model::AccountId, std::string> accounts_;
    std::map<model::MailboxId, std::string> mailboxes_;
    std::map<model::UserId, std::string> users_;
};

// What a request names, or a Problem 404 that says how to list what there is; what the sight does not see is not there.
// `field` is the request's member, where the name came from one: the Problem is then the request's fault (400).
[[nodiscard]] model::Department department_named(store::Connection& c, model::Sight const& sight,
                                                 std::string const& name, std::string_view field = {});
[[nodiscard]] model::Application application_named(store::Connection& c, std::string const& name,
                                                   std::string_view field = {});
[[nodiscard]] model::Account account_named(store::Connection& c, model::Sight const& sight, std::string const& name,
                                           std::string_view field = {});
[[nodiscard]] model::Mailbox mailbox_at(store::Connection& c, model::Sight const& sight, std::string const& address,
                                        std::string_view field = {});
[[nodiscard]] model::User user_named(store::Connection& c, std::string const& name, std::string_view field = {});

/// What was found, unless it is of a department that is not seen.
template <class T>
[[nodiscard]] std::optional<T> seen(model::Sight const& sight, std::optional<T> found)
{
    if (found && !sight.sees(found->department)) return std::nullopt;
    return found;
}

}  // namespace postroom::console
