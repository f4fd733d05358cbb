#include "model/webhook.hpp"

#include "base/text.hpp"
#include "base/words.hpp"

namespace postroom::model {

std::string_view to_string(DeliveryState state)
{
    switch (state) {
        case DeliveryState::waiting: return "waiting";
        case DeliveryState::delivered: return "delivered";
        case DeliveryState::given_up: return "given-up";
    }
    return {};
}

Result<DeliveryState> parse_delivery_state(std::string_view text)
{
    for (auto const each : {DeliveryState::waiting, DeliveryState::delivered, DeliveryState::given_up})
        if (to_string(each) == text) return each;
    return failure(Trouble::invalid, tr("\"{}\" is none of: {}", printable(text, 64), "waiting, delivered, given-up"));
}

Result<void> check_webhook_url(std::string_view url)
{
    bool const tls = url.starts_with("https://");
    if (!tls && !url.starts_with("http://")) return failure(Trouble::invalid, tr("it must begin with https://"));
    auto const rest = url.substr(tls ? 8 : 7);
    auto const authority = rest.substr(0, rest.find_first_of("/?#"));
    for (char const c : url)
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '"' || c == '<' || c == '>' || c == '\\')
            return failure(Trouble::invalid, tr("a URL has no blanks and no control characters"));
    // What is before an @ would be a password in the open.
    if (authority.empty() || authority.find('@') != authority.npos)
        return failure(Trouble::invalid, tr("it must name a host, and no user"));
    auto const host = authority.starts_with('[') ? authority.substr(0, authority.find(']') + 1)
                                                 : authority.substr(0, authority.find(':'));
    bool const here = host == "localhost" || host == "127.0.0.1" || host == "[::1]";
    if (!tls && !here)
        return failure(Trouble::invalid, tr("it must begin with https://; only to this machine itself http is enough"));
    return {};
}

}  // namespace postroom::model
