#include "oauth/clouds.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <array>

namespace postroom::oauth {

// Microsoft, "National clouds" and the endpoint lists of Microsoft 365; scope prefixes outside the worldwide cloud as
// in sasl-xoauth2's README. Worldwide an application asks as itself by the resource's other name (Microsoft,
// "Authenticate an IMAP, POP or SMTP connection using OAuth"). The mail hosts of the 21Vianet cloud (china) have no
// document that we know of.
std::span<Cloud const> clouds()
{
    static std::array<Cloud, 5> const all{{
        {"worldwide", "login.microsoftonline.com", "https://outlook.office.com/",
         "https://outlook.office365.com/.default", "outlook.office365.com", "smtp.office365.com"},
        {"gcc-high", "login.microsoftonline.us", "https://outlook.office365.us/",
         "https://outlook.office365.us/.default", "outlook.office365.us", "outlook.office365.us"},
        {"dod", "login.microsoftonline.us", "https://outlook.office365.us/", "https://outlook.office365.us/.default",
         "outlook-dod.office365.us", "outlook-dod.office365.us"},
        {"china", "login.partner.microsoftonline.cn", "https://partner.outlook.cn/",
         "https://partner.outlook.cn/.default", "partner.outlook.cn", "smtp.partner.outlook.cn"},
        {"custom", "", "https://outlook.office.com/", "https://outlook.office365.com/.default", "", ""},
    }};
    return all;
}

Result<Cloud> cloud_named(std::string_view name)
{
    std::string known;
    for (auto const& cloud : clouds()) {
        if (cloud.name == name) return cloud;
        known += (known.empty() ? "" : ", ") + cloud.name;
    }
    return failure(Trouble::invalid, fmt::format("there is no cloud \"{}\"; there are {}", printable(name, 64), known));
}

std::vector<std::string> mail_scopes(Cloud const& cloud, Retrieval retrieval)
{
    return {cloud.resource_prefix + (retrieval == Retrieval::pop3 ? "POP.AccessAsUser.All" : "IMAP.AccessAsUser.All"),
            cloud.resource_prefix + "SMTP.Send",
            "offline_access",
            "openid",
            "profile",
            "email"};
}

}  // namespace postroom::oauth
