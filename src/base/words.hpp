// Text for people: an English sentence and what it is filled with, so that whoever shows it can say it in the reader's
// language. A log takes it in English. docs/translating.md says how a text is marked.
#pragma once

#include <fmt/core.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace postroom {

/// A language that Words can be said in; src/words has them.
class Tongue {
public:
    virtual ~Tongue() = default;
    /// The translation of `id`, or `id` where there is none. `context` may be null.
    [[nodiscard]] virtual std::string translated(char const* context, char const* id) const = 0;
    [[nodiscard]] virtual std::string translated(char const* one, char const* many, std::int64_t count) const = 0;
};

/// Marks a text for translation where it stands in a table; whoever shows it looks it up.
[[nodiscard]] constexpr char const* mark(char const* id)
{
    return id;
}
/// The same, for a word that is another word elsewhere: "open" of a case.
[[nodiscard]] constexpr char const* mark_in(char const* /*context*/, char const* id)
{
    return id;
}

class Words {
public:
    Words() = default;
    /// As it is in every language: a name, what a server said. A literal is none of these: it goes through tr().
    Words(std::string as_it_is) : text_(std::move(as_it_is)) {}
    Words(char const* context, char const* id) : context_(context), id_(id) {}
    Words(char const* id, std::vector<Words> with) : id_(id), with_(std::move(with)) {}
    Words(char const* one, char const* many, std::int64_t count, std::vector<Words> with)
        : id_(one), many_(many), count_(count), with_(std::move(with))
    {
    }

    [[nodiscard]] std::string english() const;
    [[nodiscard]] std::string in(Tongue const& tongue) const;

private:
    [[nodiscard]] std::string said(Tongue const* tongue) const;
    [[nodiscard]] std::string filled(std::string_view pattern, Tongue const* tongue) const;

    std::string text_;
    char const* context_ = nullptr;
    char const* id_ = nullptr;
    char const* many_ = nullptr;
    std::int64_t count_ = 0;
    std::vector<Words> with_;
};

namespace detail {

template <std::same_as<Words> Part>
Words part(Part const& words)
{
    return words;
}
inline Words part(std::string_view text)
{
    return Words(std::string(text));
}
template <std::integral Number>
    requires(!std::same_as<Number, bool> && !std::same_as<Number, char>)
Words part(Number number)
{
    return Words(std::to_string(number));
}

// Whatever fills a place is text by then, so a place is {} or {0}, and the compiler counts them.
template <class>
struct Place {
    using type = std::string_view;
};
template <class... Args>
using Pattern = fmt::format_string<typename Place<Args>::type...>;

inline char const* literal(fmt::string_view pattern)
{
    return pattern.data();
}

}  // namespace detail

/// A text in English, to be translated where it is shown: tr("there is no user \"{}\"", name).
template <class... Args>
[[nodiscard]] Words tr(detail::Pattern<Args...> id, Args const&... args)
{
    return {detail::literal(id), std::vector<Words>{detail::part(args)...}};
}

/// The same with a number that other words depend on: trn("{} mail", "{} mails", count, count).
template <class... Args>
[[nodiscard]] Words trn(detail::Pattern<Args...> one, detail::Pattern<Args...> many, std::int64_t count,
                        Args const&... args)
{
    return {detail::literal(one), detail::literal(many), count, std::vector<Words>{detail::part(args)...}};
}

}  // namespace postroom
