#include "desk/threading.hpp"

#include "desk/reports.hpp"
#include "store/cases.hpp"

namespace postroom::desk {

namespace {

// Of a long thread the newest are the likely ones; a mail that names thousands must not cost thousands of look-ups.
constexpr std::size_t looked_up = 30;

std::optional<model::Case> case_with(store::Connection& c, model::DepartmentId department,
                                     std::vector<std::string> const& ids)
{
    if (ids.empty()) return std::nullopt;
    auto const first = ids.size() > looked_up ? ids.end() - looked_up : ids.begin();
    auto const found = store::case_with_message_id(c, department, {first, ids.end()});
    return found ? store::case_by_id(c, *found) : std::nullopt;
}

}  // namespace

std::optional<model::Case> case_answered_by(store::Connection& c, model::DepartmentId department,
                                            mime::Mail const& mail, bool possible_duplicate, CaseTokens const& tokens)
{
    if (possible_duplicate && !mail.message_id.empty())
        if (auto found = case_with(c, department, {mail.message_id})) return found;
    if (auto found = case_with(c, department, mail.in_reply_to)) return found;
    if (auto found = case_with(c, department, mail.references)) return found;
    if (mail.automatic != mime::Automatic::no)
        if (auto found = case_with(c, department, reported_ids(mail))) return found;
    auto const number = find_case_token(mail.subject, tokens);
    if (!number) return std::nullopt;
    auto found = store::case_numbered(c, *number);
    if (!found || (found->department != department && !store::came_from(c, found->id, department))) return std::nullopt;
    return found;
}

}  // namespace postroom::desk
