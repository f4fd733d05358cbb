// The languages that the program speaks, each with its catalogue (po/), several of them at once: a server answers each
// reader in theirs. Nothing here asks the system for a locale.
#pragma once

#include "base/words.hpp"

#include <locale>
#include <span>
#include <string>
#include <string_view>

namespace postroom::words {

class Language : public Tongue {
public:
    /// `catalogue` is a .mo file, which msgfmt made; empty for English.
    Language(std::string_view code, std::string_view catalogue);

    /// As BCP 47 has it: "pt-BR".
    [[nodiscard]] std::string const& code() const { return code_; }
    [[nodiscard]] std::string translated(char const* context, char const* id) const override;
    [[nodiscard]] std::string translated(char const* one, char const* many, std::int64_t count) const override;

    [[nodiscard]] std::string say(Words const& words) const { return words.in(*this); }
    /// A text that was marked somewhere else, in the data of the catalogue of causes for one.
    [[nodiscard]] std::string say_marked(std::string const& id) const { return translated(nullptr, id.c_str()); }
    [[nodiscard]] std::string say_marked(char const* context, std::string const& id) const
    {
        return translated(context, id.c_str());
    }

private:
    std::string code_;
    std::locale catalogue_;
};

[[nodiscard]] Language const& english();
/// English first.
[[nodiscard]] std::span<Language const* const> languages();

/// By a code as people, browsers and the environment write it: "fr", "fr-CA", "pt_BR.UTF-8", "pt". "qps" is English
/// in disguise: what it shows in plain letters was not marked. Null for a language that is not spoken here.
[[nodiscard]] Language const* language_named(std::string_view code);

/// The reader's first choice of those that are spoken here (RFC 9110 section 12.5.4); English where there is none.
[[nodiscard]] Language const& language_accepted(std::string_view accept_language);

/// What LANGUAGE, LC_ALL, LC_MESSAGES and LANG say, in the order that gettext gives them; English where they say
/// nothing. `variable` is getenv() but for tests.
[[nodiscard]] Language const& language_of_environment(char const* (*variable)(char const*));

}  // namespace postroom::words
