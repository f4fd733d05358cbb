#include "desk/terms.hpp"

#include "store/acknowledgements.hpp"
#include "store/settings.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>

namespace postroom::desk {

namespace {

std::int64_t leading_number(std::string_view text)
{
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// The settings' own checks let nothing else in than "90s", "5m", "24h", "100ms".
Duration duration(std::string_view text)
{
    auto const number = leading_number(text);
    if (text.ends_with("ms")) return Duration(number);
    if (text.ends_with("s")) return Duration(number * 1'000);
    if (text.ends_with("m")) return Duration(number * 60'000);
    return Duration(number * 3'600'000);
}

}  // namespace

model::Acknowledgement const* Terms::acknowledgement_of(model::MailboxId mailbox) const
{
    auto const found = std::ranges::find(acknowledgements, mailbox, &model::Acknowledgement::mailbox);
    return found == acknowledgements.end() ? nullptr : &*found;
}

CaseTokens tokens_of(store::Connection& c)
{
    return {store::setting(c, "case-token-key"), store::setting(c, "case-token")};
}

Terms terms_of(store::Connection& c)
{
    auto const settings = store::settings(c);
    return {.tokens = {settings.at("case-token-key"), settings.at("case-token")},
            .reopening = Duration(leading_number(settings.at("case-reopen-days")) * 24 * 3'600'000),
            .acknowledgement_limit = leading_number(settings.at("acknowledgement-limit")),
            .acknowledgement_period = duration(settings.at("acknowledgement-period")),
            .loop_limit = leading_number(settings.at("loop-limit")),
            .loop_period = duration(settings.at("loop-period")),
            .acknowledgements = store::active_acknowledgements(c)};
}

}  // namespace postroom::desk
