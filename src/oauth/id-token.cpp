#include "oauth/id-token.hpp"

#include "base/text.hpp"
#include "oauth/json-fields.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>

namespace postroom::oauth {

namespace {

constexpr std::chrono::seconds tolerance{300};

std::unexpected<Error> differs(std::string_view what, std::string_view is, std::string_view should_be)
{
    return failure(Trouble::refused, fmt::format("the id token's {} is \"{}\", not \"{}\"", what, printable(is, 128),
                                                 printable(should_be, 128)));
}

std::vector<std::string> audiences(json::object const& claims)
{
    std::vector<std::string> all;
    auto const* const value = claims.if_contains("aud");
    if (value && value->is_array()) {
        for (auto const& each : value->get_array())
            if (each.is_string()) all.emplace_back(each.get_string().data(), each.get_string().size());
    } else if (auto one = text_member(claims, "aud"); !one.empty()) {
        all.push_back(std::move(one));
    }
    return all;
}

std::string in_words(Duration length)
{
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(length).count();
    if (seconds < 120) return fmt::format("{} seconds", seconds);
    if (seconds < 2 * 3600) return fmt::format("{} minutes", seconds / 60);
    if (seconds < 2 * 86'400) return fmt::format("{} hours", seconds / 3600);
    return fmt::format("{} days", seconds / 86'400);
}

// When it was issued.
Result<Instant> check_times(json::object const& claims, Instant now)
{
    auto const at = [&](char const* name) -> std::optional<std::chrono::sys_seconds> {
        auto const seconds = number_member(claims, name);
        // Beyond the year 9999 no calendar goes on.
        if (!seconds || *seconds < 0 || *seconds > 253'402'300'799) return std::nullopt;
        return std::chrono::sys_seconds(std::chrono::seconds(*seconds));
    };
    auto const ends = at("exp");
    auto const issued = at("iat");
    auto const begins = at("nbf");
    if (!ends || !issued) return failure(Trouble::refused, "the id token does not say when it was issued and ends");
    // It was made for this sign-in, just now: what it says of its time is what the provider's clock says.
    auto const clocks = [&](std::string_view what, std::chrono::sys_seconds when) {
        Duration const ahead = now - *issued;
        auto words = fmt::format("the id token {} {}, and here it is {}", what, to_rfc3339(when), to_rfc3339(now));
        if (std::chrono::abs(ahead) > tolerance)
            words = fmt::format(
                "this server's clock and the provider's differ by {}: {}. Set this server's clock {}, "
                "best by NTP, and sign in again",
                in_words(std::chrono::abs(ahead)), words, ahead.count() > 0 ? "back" : "forward");
        else
            words += "; is a clock wrong?";
        return failure(Trouble::refused, std::move(words));
    };
    if (now - tolerance >= *ends) return clocks("ended at", *ends);
    if (now + tolerance < *issued) return clocks("was issued at", *issued);
    if (begins && now + tolerance < *begins) return clocks("begins at", *begins);
    return Instant(*issued);
}

}  // namespace

Result<Identity> verify_id_token(std::string_view token, std::vector<VerifyKey> const& keys, Expected const& expected)
{
    auto const jwt = decode_jwt(token);
    if (!jwt) return std::unexpected(jwt.error());
    if (auto const signature = verify_signature(*jwt, keys); !signature) return std::unexpected(signature.error());
    auto const& claims = jwt->claims;
    Identity identity;
    identity.tenant_id = text_member(claims, "tid");

    // Entra's configuration for several tenants names no tenant: {tenantid} stands for the one of the token.
    auto issuer = expected.issuer;
    constexpr std::string_view any_tenant = "{tenantid}";
    if (auto const hole = issuer.find(any_tenant); hole != issuer.npos) {
        if (identity.tenant_id.empty() || identity.tenant_id.find('/') != std::string::npos)
            return failure(Trouble::refused, "the id token names no tenant (tid)");
        issuer.replace(hole, any_tenant.size(), identity.tenant_id);
    }
    if (auto const is = text_member(claims, "iss"); issuer.empty() || is != issuer)
        return differs("issuer", is, issuer);

    auto const audience = audiences(claims);
    if (std::ranges::find(audience, expected.client_id) == audience.end())
        return differs("audience", audience.empty() ? "" : audience.front(), expected.client_id);
    auto const party = text_member(claims, "azp");
    if ((audience.size() > 1 || !party.empty()) && party != expected.client_id)
        return differs("authorized party", party, expected.client_id);
    if (expected.nonce && (expected.nonce->empty() || text_member(claims, "nonce") != *expected.nonce))
        return failure(Trouble::refused, "the id token is not the answer to this sign-in: its nonce is another");
    auto const issued = check_times(claims, expected.now);
    if (!issued) return std::unexpected(issued.error());
    identity.issued = *issued;

    identity.object_id = text_member(claims, "oid");
    identity.subject = text_member(claims, "sub");
    if (identity.subject.empty()) return failure(Trouble::refused, "the id token names nobody (sub)");
    identity.user_name = text_member(claims, "preferred_username");
    if (identity.user_name.empty()) identity.user_name = text_member(claims, "upn");
    identity.email = text_member(claims, "email");
    identity.name = text_member(claims, "name");
    return identity;
}

net::awaitable<Result<std::vector<VerifyKey>>> fetch_keys(net::Https& https, std::string url)
{
    net::HttpsCall request;
    request.url = url;
    request.headers.emplace_back("Accept", "application/json");
    auto const answer = co_await https.call(std::move(request));
    if (answer.status != 200)
        co_return failure(Trouble::protocol,
                          fmt::format("the provider's keys at {} can't be had: HTTP {}", url, answer.status));
    co_return read_keys(answer.body);
}

net::awaitable<Result<Identity>> complete_identity(net::Https& https, Provider provider, Identity identity,
                                                   Secret access_token)
{
    bool const named = !identity.user_name.empty() || !identity.email.empty();
    if (named || provider.user_info.empty()) co_return identity;
    net::HttpsCall request;
    request.url = provider.user_info;
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("Authorization", "Bearer " + std::string(access_token.expose()));
    auto const answer = co_await https.call(std::move(request));
    if (answer.status != 200)
        co_return failure(Trouble::protocol, fmt::format("the provider does not say who signed in: {} answered HTTP {}",
                                                         provider.user_info, answer.status));
    auto const claims = parse_object(answer.body, "the provider's answer at " + provider.user_info);
    if (!claims) co_return std::unexpected(claims.error());
    // Section 5.3.2: an answer about another subject must not be used.
    if (auto const subject = text_member(*claims, "sub"); subject != identity.subject)
        co_return differs("subject", identity.subject, subject);
    identity.user_name = text_member(*claims, "preferred_username");
    identity.email = text_member(*claims, "email");
    if (identity.name.empty()) identity.name = text_member(*claims, "name");
    co_return identity;
}

}  // namespace postroom::oauth
