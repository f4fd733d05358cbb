#include "cli/speech.hpp"

#include "cli/exit.hpp"

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

std::vector<char const*> choose_language(int argc, char const* const* argv)
{
    constexpr std::string_view option = "--lang";
    speak(words::language_of_environment([](char const* name) -> char const* { return std::getenv(name); }));
    std::vector<char const*> rest;
    bool options = true;
    for (int i = 0; i < argc; ++i) {
        std::string_view const word = argv[i];
        options = options && word != "--";
        std::string_view code;
        if (options && word == option && i + 1 < argc)
            code = argv[++i];
        else if (options && word.starts_with(option) && word.substr(option.size()).starts_with('='))
            code = word.substr(option.size() + 1);
        else {
            rest.push_back(argv[i]);
            continue;
        }
        auto const* const named = words::language_named(code);
        if (!named) throw Exit(wrong_usage, say("there is no language {}; there are: {}", code, language_codes()));
        speak(*named);
    }
    return rest;
}

std::string language_codes()
{
    std::string all;
    for (auto const* const each : words::languages()) all += (all.empty() ? "" : ", ") + each->code();
    return all;
}

}  // namespace postroom::cli
