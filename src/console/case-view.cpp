#include "console/case-view.hpp"

#include "store/cases.hpp"
#include "store/people.hpp"

#include <fmt/format.h>

#include <utility>

namespace postroom::console {

model::Case case_or_problem(store::Connection& c, model::Sight const& sight, std::int64_t number)
{
    auto found = seen(sight, store::case_numbered(c, number));
    if (!found) throw Problem(Trouble::not_found, tr("there is no case {}", number));
    return std::move(*found);
}

std::string case_named(std::int64_t number)
{
    return fmt::format("case {}", number);
}

model::User asking_user(store::Connection& c, Caller const& caller)
{
    auto found = caller.user ? store::user(c, *caller.user) : std::nullopt;
    if (!found)
        throw Problem(Trouble::invalid,
                      tr("on this machine's socket nobody is signed in, and nobody's a case can be: use a token, or "
                         "name an agent with postroom case assign"));
    return std::move(*found);
}

}  // namespace postroom::console
