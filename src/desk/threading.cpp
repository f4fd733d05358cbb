#include "desk/threading.hpp"

#include "base/text.hpp"
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

// The mail that a report is about: as its structure says it, or in the header that a server without any quotes.
std::vector<std::string> reported_ids(mime::Mail const& mail)
{
    constexpr std::size_t looked_at = 64 * 1024, ids = 5, longest = 998;
    constexpr std::string_view field = "message-id: <";
    if (mail.report && !mail.report->original_message_id.empty()) return {mail.report->original_message_id};
    std::vector<std::string> found;
    auto const text = std::string_view(mail.text).substr(0, looked_at);
    auto const lower = to_lower(text);
    for (std::size_t at = 0; found.size() < ids && (at = lower.find(field, at)) != std::string::npos;) {
        at += field.size();
        auto const end = text.find_first_of("> \n", at);
        if (end != std::string_view::npos && text[end] == '>' && end - at <= longest)
            found.emplace_back(text.substr(at, end - at));
    }
    return found;
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
