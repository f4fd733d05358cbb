#include "model/sending.hpp"

#include "base/text.hpp"

namespace postroom::model {

namespace {

// Exchange Online and its sovereign clouds, which all have the limits of client submission.
bool is_microsoft(std::string_view host)
{
    for (std::string_view const domain : {"office365.com", "office365.us", "outlook.com", "partner.outlook.cn"})
        if (equal_ignoring_case(host, domain) ||
            (host.size() > domain.size() && host[host.size() - domain.size() - 1] == '.' &&
             equal_ignoring_case(host.substr(host.size() - domain.size()), domain)))
            return true;
    return false;
}

}  // namespace

AccountSending default_sending(std::string_view submission_host)
{
    AccountSending sending;
    bool const microsoft = is_microsoft(submission_host);
    sending.messages_a_minute = microsoft ? 30 : 0;
    sending.recipients_a_day = microsoft ? 10'000 : 0;
    sending.connections = 3;
    sending.recipients_a_message = 500;
    return sending;
}

AccountSending with_defaults(AccountSending sending, std::string_view submission_host)
{
    auto const defaults = default_sending(submission_host);
    auto const fill = [](auto& limit, auto const& otherwise) {
        if (!limit) limit = otherwise;
    };
    fill(sending.messages_a_minute, defaults.messages_a_minute);
    fill(sending.recipients_a_day, defaults.recipients_a_day);
    fill(sending.connections, defaults.connections);
    fill(sending.recipients_a_message, defaults.recipients_a_message);
    return sending;
}

}  // namespace postroom::model
