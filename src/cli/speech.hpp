// What a command says, in the language of whoever typed it: --lang, else what the environment says.
#pragma once

#include "base/words.hpp"
#include "words/language.hpp"

#include <string>
#include <vector>

namespace postroom::cli {

/// The language that this process speaks. English until chosen.
[[nodiscard]] words::Language const& spoken();
void speak(words::Language const& language);

/// Chooses it, and gives the command line without --lang: that may stand anywhere, and is needed before the rest can
/// be read, since help is text, too. Throws Exit (wrong_usage) for a language that is not spoken here.
[[nodiscard]] std::vector<char const*> choose_language(int argc, char const* const* argv);

/// "en, fr, …"
[[nodiscard]] std::string language_codes();

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
