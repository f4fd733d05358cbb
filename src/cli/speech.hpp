// What a command says, in the language of whoever typed it: --lang, else what the environment says.
#pragma once

#include "base/words.hpp"
#include "words/language.hpp"

#include <string>

namespace postroom::cli {

/// The language that this process speaks. English until chosen.
[[nodiscard]] words::Language const& spoken();
void speak(words::Language const& language);

/// Chooses it from the command line, where --lang stands before it is read: help is text, too.
void choose_language(int argc, char const* const* argv);

[[nodiscard]] inline std::string say(Words const& words)
{
    return spoken().say(words);
}

/// tr(), said at once.
template <class... Args>
    requires(sizeof...(Args) > 0)
[[nodiscard]] std::string say(detail::Pattern<Args...> id, Args const&... args)
{
    return say(tr(id, args...));
}
[[nodiscard]] inline std::string say(detail::Pattern<> id)
{
    return say(tr(id));
}

}  // namespace postroom::cli
