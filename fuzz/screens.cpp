// Looks at any bytes as a file, and takes any text as a rule: what is accepted is its own normal form, and a pattern is
// compared in bounded time.
#include "screens/contents.hpp"
#include "screens/fold.hpp"
#include "screens/glob.hpp"
#include "screens/patterns.hpp"
#include "screens/screen.hpp"
#include "screens/zip.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace postroom;

void take_rule(model::ScreenRuleKind kind, std::string_view text)
{
    auto const pattern = screens::normal_pattern(kind, text);
    if (!pattern) {
        if (pattern.error().kind != Trouble::invalid || pattern.error().message.size() > 2'000) std::abort();
        return;
    }
    auto const again = screens::normal_pattern(kind, *pattern);
    if (!again || *again != *pattern) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size == 0) return 0;
    std::string_view const text(reinterpret_cast<char const*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0: {
            auto const line = text.substr(0, text.find('\n'));
            auto const seen = screens::look_at(line, text.substr(std::min(text.size(), line.size() + 1)));
            if (seen.inner.size() > screens::zip_names_limit) std::abort();
            break;
        }
        case 1:
            take_rule(model::ScreenRuleKind::sender, text);
            take_rule(model::ScreenRuleKind::file_name, text);
            take_rule(model::ScreenRuleKind::permanent_phrase, text);
            break;
        case 2: {
            auto const line = text.substr(0, text.find('\n'));
            auto const glob = screens::folded(line);
            auto const rest = screens::folded(text.substr(std::min(text.size(), line.size() + 1)));
            bool const met = screens::matches(glob, rest);
            if (met && glob == "?" && rest.empty()) std::abort();
            if (!screens::is_glob(rest) && rest.size() <= screens::glob_text_limit && !screens::matches(rest, rest))
                std::abort();
            break;
        }
        default: {
            model::Screens blocked;
            blocked.senders = {"example.com", "*a*b@c", "ann@example.org"};
            blocked.contents = {"program", "macros"};
            screens::Rules const rules(blocked);
            (void)rules.rule_about(text);
            if (auto const mail = mime::read(text)) (void)screens::screen(rules, *mail, text);
        }
    }
    return 0;
}
