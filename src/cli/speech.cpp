#include "cli/speech.hpp"

#include <cstdlib>
#include <string_view>

namespace postroom::cli {

namespace {

words::Language const* chosen = nullptr;

}  // namespace

words::Language const& spoken()
{
    return chosen ? *chosen : words::english();
}

void speak(words::Language const& language)
{
    chosen = &language;
}

void choose_language(int argc, char const* const* argv)
{
    constexpr std::string_view option = "--lang";
    speak(words::language_of_environment([](char const* name) -> char const* { return std::getenv(name); }));
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        if (word == "--") return;
        std::string_view code;
        if (word == option && i + 1 < argc)
            code = argv[i + 1];
        else if (word.starts_with(option) && word.substr(option.size()).starts_with('='))
            code = word.substr(option.size() + 1);
        // What is no language is refused when the option itself is read.
        if (auto const* const named = words::language_named(code)) speak(*named);
    }
}

}  // namespace postroom::cli
