#include "words/language.hpp"

#include "base/text.hpp"
#include "words/catalogues.hpp"
#include "words/pseudo.hpp"

#include <boost/locale/gnu_gettext.hpp>
#include <boost/locale/message.hpp>

#include <algorithm>
#include <charconv>
#include <deque>
#include <vector>

namespace postroom::words {

namespace {

namespace gettext = boost::locale::gnu_gettext;
using Facet = boost::locale::message_format<char>;

constexpr std::size_t most_accepted = 32;  // of an Accept-Language, which a browser makes with two or three

std::locale with_catalogue(std::string_view code, std::string_view bytes)
{
    gettext::messages_info info;
    info.language = code;
    info.encoding = "UTF-8";
    info.domains.emplace_back("postroom");
    info.paths.emplace_back("");  // asked for by name, and given from memory
    info.callback = [bytes](std::string const&, std::string const&) {
        return std::vector<char>(bytes.begin(), bytes.end());
    };
    return {std::locale::classic(), gettext::create_messages_facet<char>(info)};
}

class Pseudo : public Language {
public:
    Pseudo() : Language("qps", {}) {}
    [[nodiscard]] std::string translated(char const*, char const* id) const override { return disguised(id); }
    [[nodiscard]] std::string translated(char const* one, char const* many, std::int64_t count) const override
    {
        return disguised(count == 1 ? one : many);
    }
};

struct All {
    std::deque<Language> spoken;
    std::vector<Language const*> list;
    Pseudo pseudo;

    All()
    {
        spoken.emplace_back("en", std::string_view());
        for (auto const& each : catalogues()) spoken.emplace_back(each.code, each.bytes);
        for (auto const& each : spoken) list.push_back(&each);
    }
};

All const& all()
{
    static All const made;
    return made;
}

std::string_view tongue(std::string_view code)
{
    return code.substr(0, code.find_first_of("-_.@"));
}

// "0.8" and "1" as thousandths; what is none is 0.
int weight(std::string_view text)
{
    double value = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size() || !(value >= 0 && value <= 1)) return 0;
    return static_cast<int>(value * 1000);
}

}  // namespace

Language::Language(std::string_view code, std::string_view catalogue)
    : code_(code), catalogue_(catalogue.empty() ? std::locale::classic() : with_catalogue(code, catalogue))
{
}

std::string Language::translated(char const* context, char const* id) const
{
    // The catalogue's header is filed under the empty text.
    if (!std::has_facet<Facet>(catalogue_) || *id == '\0') return id;
    auto const* const found = std::use_facet<Facet>(catalogue_).get(0, context, id);
    return found ? found : id;
}

std::string Language::translated(char const* one, char const* many, std::int64_t count) const
{
    char const* found = nullptr;
    // Plural rules look at the last digits at most: a number beyond int is like one with the same.
    auto const like = static_cast<int>(count < 1'000'000 ? count : 1'000'000 + count % 1'000'000);
    if (std::has_facet<Facet>(catalogue_)) found = std::use_facet<Facet>(catalogue_).get(0, nullptr, one, like);
    return found ? found : count == 1 ? one : many;
}

Language const& english()
{
    return *all().list.front();
}

std::span<Language const* const> languages()
{
    return all().list;
}

Language const* language_named(std::string_view code)
{
    auto plain = std::string(code.substr(0, code.find_first_of(".@")));
    std::ranges::replace(plain, '_', '-');
    if (plain == "C" || plain == "POSIX") return &english();
    if (equal_ignoring_case(plain, "qps")) return &all().pseudo;
    for (auto const* const each : languages())
        if (equal_ignoring_case(each->code(), plain)) return each;
    for (auto const* const each : languages())
        if (equal_ignoring_case(tongue(each->code()), tongue(plain))) return each;
    return nullptr;
}

Language const& language_accepted(std::string_view accept_language)
{
    Language const* best = nullptr;
    int most = 0;
    auto ranges = split(accept_language, ',');
    ranges.resize(std::min(ranges.size(), most_accepted));
    for (auto const range : ranges) {
        auto const mark = range.find(";q=");
        auto const* const named = language_named(trim(range.substr(0, range.find(';'))));
        int const wanted = mark == range.npos ? 1000 : weight(trim(range.substr(mark + 3)));
        if (named && wanted > most) {
            best = named;
            most = wanted;
        }
    }
    return best ? *best : english();
}

Language const& language_of_environment(char const* (*variable)(char const*))
{
    auto const value = [&](char const* name) {
        char const* const found = variable(name);
        return std::string_view(found ? found : "");
    };
    std::string_view locale;
    for (auto const* const name : {"LC_ALL", "LC_MESSAGES", "LANG"})
        if (locale.empty()) locale = value(name);
    // As gettext has it: LANGUAGE lists preferences, and counts only where a locale is chosen at all.
    bool const none = locale.empty() || tongue(locale) == "C" || tongue(locale) == "POSIX";
    if (!none)
        for (auto const code : split(value("LANGUAGE"), ':'))
            if (auto const* const named = code.empty() ? nullptr : language_named(code)) return *named;
    auto const* const named = none ? nullptr : language_named(locale);
    return named ? *named : english();
}

}  // namespace postroom::words
