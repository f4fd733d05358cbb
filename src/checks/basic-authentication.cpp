// basic-authentication: nobody relies on a password any more. Microsoft ended that for IMAP and POP3 at the end of
// 2022. Told by: how the account signs in, and whose servers it names.
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

bool is_of_microsoft(std::string_view host)
{
    auto const name = to_lower(host);
    return name.ends_with(".office365.com") || name.ends_with(".office365.us") || name.ends_with(".office.com") ||
           name.ends_with(".outlook.com") || name.ends_with(".outlook.cn");
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& account = target.account->account;
    if (account.access != model::Access::password) co_return holds("the account signs in by OAuth 2.0");
    auto const words =
        fmt::format("{} signs in to {} with a password", account.user, to_string(account.retrieval_server));
    co_return is_of_microsoft(account.retrieval_server.host) || is_of_microsoft(account.submission_server.host)
        ? fails("basic-authentication-ended", words, target)
        : warns("password-in-use", words, target);
}

}  // namespace

Item item::basic_authentication()
{
    return {.id = "basic-authentication",
            .must = mark("No account relies on a password"),
            .about = About::account,
            .look = look};
}

}  // namespace postroom::checks
