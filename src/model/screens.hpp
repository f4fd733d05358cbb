// The screens of a department: which mail is kept from its agents, and how it knows that mail of ours could not be
// delivered. What a screen keeps is filed like any other mail, and a person can release it.
#pragma once

#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::model {

/// What becomes of a mail that is larger than the department's largest.
enum class Above {
    hold,    ///< it goes to the exception queue
    cut,     ///< its case shows its header only
    accept,  ///< nothing
};

enum class ScreenRuleKind { sender, file_name, content, permanent_phrase, temporary_phrase };

/// The screen that a mail met.
enum class Screen { none, sender, file_name, content, size, delivery };

/// Each list by itself, in the order of its bytes; each pattern in its normal form (screens/patterns.hpp).
struct Screens {
    DepartmentId department;
    std::vector<std::string> senders, file_names, contents, permanent_phrases, temporary_phrases;
    std::optional<std::int64_t> largest;  ///< octets of the mail as it came
    Above above = Above::hold;
    bool default_phrases = true;
    std::int64_t version = 0;  ///< counts what people change; 0: nobody ever did

    [[nodiscard]] std::vector<std::string>& of(ScreenRuleKind kind) { return this->*list(kind); }
    [[nodiscard]] std::vector<std::string> const& of(ScreenRuleKind kind) const { return this->*list(kind); }

private:
    static std::vector<std::string> Screens::* list(ScreenRuleKind kind)
    {
        switch (kind) {
            case ScreenRuleKind::sender: return &Screens::senders;
            case ScreenRuleKind::file_name: return &Screens::file_names;
            case ScreenRuleKind::content: return &Screens::contents;
            case ScreenRuleKind::permanent_phrase: return &Screens::permanent_phrases;
            case ScreenRuleKind::temporary_phrase: break;
        }
        return &Screens::temporary_phrases;
    }
};

[[nodiscard]] std::string_view to_string(Above above);
[[nodiscard]] std::string_view to_string(ScreenRuleKind kind);
[[nodiscard]] std::string_view to_string(Screen screen);
[[nodiscard]] Result<Above> parse_above(std::string_view text);
[[nodiscard]] Result<ScreenRuleKind> parse_screen_rule_kind(std::string_view text);
[[nodiscard]] Result<Screen> parse_screen(std::string_view text);

}  // namespace postroom::model
