#include "lab/mail-sign-in.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace postroom::lab {

std::optional<Xoauth2> read_xoauth2(std::string_view base64)
{
    static constexpr std::string_view before_user = "user=",
                                      before_token =
                                          "\x01"
                                          "auth=Bearer ",
                                      end = "\x01\x01";
    auto const text = from_base64(base64);
    if (!text || !text->starts_with(before_user) || !text->ends_with(end)) return std::nullopt;
    auto const middle = text->find(before_token);
    if (middle == std::string::npos) return std::nullopt;
    auto const token_at = middle + before_token.size();
    if (token_at + end.size() > text->size()) return std::nullopt;
    return Xoauth2{text->substr(before_user.size(), middle - before_user.size()),
                   text->substr(token_at, text->size() - end.size() - token_at)};
}

std::optional<MailUser> accept_token(State& state, Xoauth2 const& said, Permission const& permission)
{
    auto const token = read_access_token(state.keys, said.token, state.clock.now());
    if (!token || !token->is_for_exchange()) return std::nullopt;
    auto mailbox = state.tenant.mailbox(said.user);
    if (!mailbox) return std::nullopt;
    if (!token->upn.empty()) {
        if (!token->has_scope(permission.scope)) return std::nullopt;
        return MailUser{token->upn, std::move(mailbox), token->expires};
    }
    // Exchange knows an application once New-ServicePrincipal named it by the enterprise application's object id; with
    // the registration's it is refused, and so is a token without the role (Microsoft's OAuth page for IMAP).
    auto const* const application = state.tenant.application(token->client_id);
    bool const known = application != nullptr && application->service_principal == application->enterprise_object_id();
    if (!known || std::ranges::find(token->roles, permission.role) == token->roles.end()) return std::nullopt;
    return MailUser{application->service_principal, std::move(mailbox), token->expires};
}

}  // namespace postroom::lab
