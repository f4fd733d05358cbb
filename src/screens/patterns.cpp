#include "screens/patterns.hpp"

#include "base/text.hpp"
#include "screens/contents.hpp"
#include "screens/fold.hpp"
#include "screens/glob.hpp"

#include <algorithm>

namespace postroom::screens {

namespace {

constexpr std::size_t longest_sender = 320;  // octets: 64 of the local part, @, 255 of the domain (RFC 5321)
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_phrase = 300;
constexpr std::size_t shortest_phrase = 4;
constexpr int most_stars = 8;

// Something besides * and ? and what stands between names: otherwise it is everybody's mail.
bool says_something(std::string_view pattern)
{
    return pattern.find_first_not_of("*?@. ") != std::string_view::npos;
}

Result<void> check_stars(std::string_view pattern)
{
    if (std::ranges::count(pattern, '*') <= most_stars) return {};
    return failure(Trouble::invalid, tr("\"{}\" has more than {} stars", printable(pattern, 64), most_stars));
}

bool has_blank_or_control(std::string_view text)
{
    return std::ranges::any_of(text, [](char c) { return (c >= 0 && c <= 0x20) || c == 0x7f; });
}

std::unexpected<Error> no_domain(std::string_view text)
{
    return failure(Trouble::invalid, tr("\"{}\" is no domain", printable(text, 64)));
}

// Label by label, since a * may stand for any of them.
Result<std::string> normal_domain(std::string_view domain)
{
    if (domain.starts_with('[') && domain.ends_with(']')) return to_lower(domain);  // an address literal
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (!is_glob(domain)) {
        auto ascii = folded_domain(domain);
        bool const right = !ascii.empty() && ascii.size() <= 253 &&
                           ascii.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos &&
                           ascii.find("..") == std::string::npos && !ascii.starts_with('.') && !ascii.ends_with('.');
        if (!right) return no_domain(domain);
        return ascii;
    }
    std::string all;
    for (auto const label : split(domain, '.')) {
        auto const ascii = is_glob(label) ? folded(label) : folded_domain(label);
        if (ascii.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_*?") != std::string::npos) {
            if (is_glob(label))
                return failure(Trouble::invalid, tr("\"{}\": a part of a domain that is not in plain letters can't "
                                                    "have a * or ? in it",
                                                    printable(domain, 64)));
            return no_domain(domain);
        }
        if (ascii.empty()) return no_domain(domain);
        all += (all.empty() ? "" : ".") + ascii;
    }
    return all;
}

// Folded before it is looked at: a character may come to a blank, an @ or a star.
Result<std::string> normal_sender(std::string_view raw)
{
    raw = trim(raw);
    if (raw.starts_with('<') && raw.ends_with('>')) raw = trim(raw.substr(1, raw.size() - 2));
    auto const whole = folded(raw.substr(0, 2 * longest_sender));
    std::string_view const text = whole;
    if (text.size() > longest_sender || has_blank_or_control(text) ||
        text.find_first_of("<>,;:\"()\\") != std::string_view::npos)
        return failure(
            Trouble::invalid,
            tr("\"{}\" is no sender: it is an address, a domain, or either with * and ? in it", printable(text, 64)));
    if (!says_something(text))
        return failure(Trouble::invalid, tr("\"{}\" would block everybody", printable(text, 64)));
    if (auto const right = check_stars(text); !right) return std::unexpected(right.error());
    // A domain has a folding of its own (ß stays in it).
    auto const at = text.rfind('@');
    auto const raw_at = raw.rfind('@');
    if (at == std::string_view::npos) return normal_domain(raw);
    auto domain = normal_domain(raw_at == std::string_view::npos ? text.substr(at + 1) : raw.substr(raw_at + 1));
    if (!domain) return domain;
    return std::string(text.substr(0, at)) + "@" + *domain;
}

Result<std::string> normal_name(std::string_view text)
{
    auto name = folded_name(text);
    if (name.starts_with('.') && !is_glob(name)) name.insert(0, "*");
    if (name.size() > longest_name || name.find_first_of("/\\") != std::string::npos)
        return failure(Trouble::invalid, tr("\"{}\" is no name of a file", printable(text, 64)));
    if (!says_something(name))
        return failure(Trouble::invalid, tr("\"{}\" would block every file", printable(text, 64)));
    if (auto const right = check_stars(name); !right) return std::unexpected(right.error());
    return name;
}

Result<std::string> normal_phrase(std::string_view text)
{
    auto phrase = folded_words(text);
    if (phrase.size() < shortest_phrase || phrase.size() > longest_phrase)
        return failure(Trouble::invalid, tr("a phrase has from {} to {} octets, and \"{}\" has not", shortest_phrase,
                                            longest_phrase, printable(text, 64)));
    return phrase;
}

}  // namespace

Result<std::string> normal_pattern(model::ScreenRuleKind kind, std::string_view text)
{
    text = trim(text);
    switch (kind) {
        case model::ScreenRuleKind::sender: return normal_sender(text);
        case model::ScreenRuleKind::file_name: return normal_name(text);
        case model::ScreenRuleKind::content: {
            auto const content = parse_content(text);
            if (!content) return std::unexpected(content.error());
            return std::string(to_string(*content));
        }
        case model::ScreenRuleKind::permanent_phrase:
        case model::ScreenRuleKind::temporary_phrase: break;
    }
    return normal_phrase(text);
}

std::size_t most_rules(model::ScreenRuleKind kind)
{
    switch (kind) {
        case model::ScreenRuleKind::sender: return 20'000;
        case model::ScreenRuleKind::file_name: return 500;
        default: return 200;
    }
}

}  // namespace postroom::screens
