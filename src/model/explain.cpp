// From what a server said to its causes. Nothing here trusts the text: it is cut, searched, and shown printable.
#include "model/causes.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace postroom::model {

namespace {

constexpr std::size_t longest_text = 16 * 1024;
constexpr std::size_t most_causes = 16;
constexpr std::size_t most_codes = 8;
constexpr std::size_t longest_particular = 256;
constexpr std::string_view digits = "0123456789";
constexpr std::uint32_t outer_code = 70002;  // "Error validating credentials": a second number says why

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Whether `part` (lower case, # for any digit) stands in `text` at `at`; a number or word never inside a longer one.
bool stands_at(std::string_view text, std::size_t at, std::string_view part)
{
    for (std::size_t i = 0; i < part.size(); ++i)
        if (part[i] == '#' ? !is_digit(text[at + i]) : text[at + i] != part[i]) return false;
    auto const end = at + part.size();
    auto const number_at = [&](std::size_t i) {
        return i < text.size() &&
               (is_digit(text[i]) || (text[i] == '.' && i + 1 < text.size() && is_digit(text[i + 1])));
    };
    bool const number_before = is_digit(part.front()) && at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.');
    bool const number_after = (is_digit(part.back()) || part.back() == '#') && number_at(end);
    bool const word = part.find('_') != part.npos;
    bool const inside_word = word && ((at > 0 && is_word(text[at - 1])) || (end < text.size() && is_word(text[end])));
    return !number_before && !number_after && !inside_word;
}

bool contains(std::string_view text, std::string_view part)
{
    // Up to the first # the standard search is the quicker one.
    auto const start = part.substr(0, part.find('#'));
    for (auto at = text.find(start); at != text.npos && at + part.size() <= text.size(); at = text.find(start, at + 1))
        if (stands_at(text, at, part)) return true;
    return false;
}

bool fits(Speaker said_by, Hints const& hints)
{
    if (!hints.speaker || *hints.speaker == said_by || said_by == Speaker::local) return true;
    bool const mail = *hints.speaker != Speaker::entra && *hints.speaker != Speaker::local;
    return said_by == Speaker::mail && mail;
}

// "AADSTS70002: Error validating credentials. AADSTS70008: …", or a number and nothing else.
std::vector<std::uint32_t> codes_in(std::string_view lower)
{
    std::vector<std::uint32_t> codes;
    auto const add = [&](std::string_view number) {
        std::uint32_t code = 0;
        std::from_chars(number.data(), number.data() + number.size(), code);
        if (codes.size() < most_codes && std::ranges::find(codes, code) == codes.end()) codes.push_back(code);
    };
    auto const alone = trim(lower);
    bool const bare = alone.find_first_not_of(digits) == alone.npos;
    if (bare && alone.size() >= 4 && alone.size() <= 8) add(alone);
    for (std::string_view const mark : {"aadsts", "\"error_codes\":["}) {
        for (auto at = lower.find(mark); at != lower.npos; at = lower.find(mark, at + 1)) {
            auto const after = trim(lower.substr(at + mark.size()));
            auto const end = std::min(after.find_first_not_of(digits), after.size());
            if (end >= 4 && end <= 8) add(after.substr(0, end));
        }
    }
    return codes;
}

// The last one explains, and the one that only wraps another comes last.
std::vector<std::uint32_t> ranked(std::vector<std::uint32_t> codes)
{
    std::ranges::reverse(codes);
    if (auto const outer = std::ranges::find(codes, outer_code); outer != codes.end())
        std::rotate(outer, outer + 1, codes.end());
    return codes;
}

struct Collected {
    Explanation explanation;
    Hints hints;

    void add(Cause const& cause, std::string said)
    {
        auto& causes = explanation.causes;
        // By client credentials or not: then the causes of the other kind are none.
        if (hints.application_only == false && cause.check == "application-only") return;
        bool const there = std::ranges::any_of(causes, [&](auto const& each) { return each.cause == &cause; });
        if (!there && causes.size() < most_causes) causes.push_back({&cause, std::move(said)});
    }
};

int precision(Refusal const& refusal)
{
    int letters = 0;
    for (auto const& part : refusal.says) letters += static_cast<int>(part.size());
    return letters;
}

// What the text says, the most precise first; what is general only where nothing precise is.
std::vector<Refusal const*> said_in(std::string_view lower, Hints const& hints)
{
    std::vector<Refusal const*> said;
    for (auto const& refusal : refusals()) {
        auto const occurs = [&](std::string const& part) { return contains(lower, to_lower(part)); };
        if (fits(refusal.speaker, hints) && std::ranges::all_of(refusal.says, occurs)) said.push_back(&refusal);
    }
    if (std::ranges::any_of(said, [](auto const* each) { return !each->general; }))
        std::erase_if(said, [](auto const* each) { return each->general; });
    // Ties in the catalogue's order.
    std::ranges::sort(said, std::less<>(), [](auto const* each) { return std::pair(-precision(*each), each); });
    return said;
}

void add_particular(Explanation& explanation, std::string_view name, std::string_view value)
{
    value = trim(value);
    if (value.empty()) return;
    explanation.particulars.push_back({std::string(name), printable(value, longest_particular)});
}

void put_application_first(std::vector<RankedCause>& causes)
{
    auto first = causes.begin();
    for (auto each = causes.begin(); each != causes.end(); ++each)
        if (each->cause->check == "application-only") std::rotate(first++, each, each + 1);
}

struct Labelled {
    std::string_view name;
    std::string_view label;  // in lower case
    std::string_view ends;
};

constexpr std::string_view blank = " \t\r\n,;]\"";
constexpr Labelled labels[] = {
    {mark("correlation id"), "correlation id:", blank},  // lint-strings: allow
    {mark("correlation id"), "correlation id ", blank},  // lint-strings: allow
    {mark("correlation id"), "\"correlation_id\":\"", "\""},
    {mark("trace id"), "trace id:", blank},  // lint-strings: allow
    {mark("trace id"), "trace id ", blank},  // lint-strings: allow
    {mark("trace id"), "\"trace_id\":\"", "\""},
    {mark("time"), "timestamp:", "\r\n\","},
    {mark("time"), "\"timestamp\":\"", "\""},
    {mark("time"), ", time ", "]\r\n"},
    {mark("wait (ms)"), "suggested backoff time: ", blank},  // lint-strings: allow
    {mark("hostname"), "[hostname=", "]"},
    {mark("mailbox that signed in"), "sendasdenied; ", " \r\n"},
    {mark("sender"), "not allowed to send as ", "; \r\n"},            // lint-strings: allow
    {mark("session duration"), "total session duration: ", " \r\n"},  // lint-strings: allow
};

// An answer that ends in "[AM0PR01CA0001.eurprd01.prod.exchangelabs.com 2024-07-11T11:46:49.042Z 08DCA18218166FB4]".
void add_bracket(Explanation& explanation, std::string_view said)
{
    auto const end = said.rfind(']');
    auto const begin = end == said.npos ? said.npos : said.rfind('[', end);
    if (begin == said.npos) return;
    auto const words = split(trim(said.substr(begin + 1, end - begin - 1)), ' ');
    bool const right = words.size() == 3 && words[0].find('.') != words[0].npos && words[1].size() >= 20 &&
                       words[1].size() <= 40 && words[1].find('T') != words[1].npos && is_digit(words[1].front());
    if (!right) return;
    add_particular(explanation, mark("server"), words[0]);
    add_particular(explanation, mark("time"), words[1]);
    add_particular(explanation, mark("session"), words[2]);
}

void add_particulars(Explanation& explanation, std::string_view said, std::string_view lower)
{
    for (auto const& [name, label, ends] : labels) {
        auto const known = [&, n = name](Particular const& each) { return each.name == n; };
        if (std::ranges::any_of(explanation.particulars, known)) continue;
        auto const at = lower.find(label);
        if (at == lower.npos) continue;
        auto const value = trim(said.substr(at + label.size()));
        add_particular(explanation, name, value.substr(0, value.find_first_of(ends)));
    }
    add_bracket(explanation, said);
}

}  // namespace

Explanation explain(std::string_view said, Hints const& hints)
{
    said = said.substr(0, longest_text);
    if (trim(said).empty()) return {};
    auto const lower = to_lower(said);
    Collected all{{}, hints};
    bool const entra = !hints.speaker || *hints.speaker == Speaker::entra || *hints.speaker == Speaker::local;
    if (entra) {
        for (auto const code : ranked(codes_in(lower))) {
            auto id = fmt::format("AADSTS{}", code);
            if (auto const* const cause = find_cause(id))
                all.add(*cause, std::move(id));
            else
                all.explanation.unknown_codes.push_back(code);
        }
    }
    // A known number says more than RFC 6749's word beside it.
    bool const numbered = all.explanation.known();
    for (auto const* const refusal : said_in(lower, hints)) {
        if (numbered && refusal->speaker == Speaker::entra) continue;
        for (auto const* const cause : refusal->causes)
            all.add(*cause, fmt::format("{}", fmt::join(refusal->says, " … ")));
    }
    if (hints.application_only == true) put_application_first(all.explanation.causes);
    add_particulars(all.explanation, said, lower);
    return std::move(all.explanation);
}

Cause const* cause_of_refusal(std::string_view said)
{
    for (auto const& [cause, words] : explain(said, {.speaker = Speaker::smtp, .application_only = {}}).causes)
        if (cause->stops) return cause;
    return nullptr;
}

Words advice_on_unknown(Explanation const& explanation)
{
    if (!explanation.unknown_codes.empty()) {
        auto const code = explanation.unknown_codes.front();
        return tr(
            "AADSTS{0} is not in the catalogue of {1}. Look it up at https://login.microsoftonline.com/error?code={0}; "
            "send "
            "the whole text with trace id, correlation id and time to the Entra administrator, who finds the entry in "
            "the sign-in log by its correlation id.",
            code, state_of_knowledge());
    }
    return tr(
        "Nothing is known about these words in the catalogue of {}. Send the whole text, what stands in brackets and "
        "the "
        "time included, to the Exchange administrator (answers of mail servers) or the Entra administrator (answers of "
        "the sign-in), who can pass it on to Microsoft's support.",
        state_of_knowledge());
}

}  // namespace postroom::model
