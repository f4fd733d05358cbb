#include "console/credential-fields.hpp"

#include "base/text.hpp"

namespace postroom::console {

namespace {

constexpr std::size_t most_pem = 64 * 1024;

std::optional<Instant> end_given(Members const& members, Instant now)
{
    auto const text = members.text_or("ends", "");
    if (text.empty()) return std::nullopt;
    auto const ends = or_problem(from_rfc3339(text), "ends");
    if (ends <= now) throw Problem(Trouble::invalid, tr("the client secret has run out already"), "ends");
    return ends;
}

}  // namespace

std::optional<model::Credential> credential_given(grants::Ground const& ground, model::Application const& application,
                                                  Members const& members)
{
    // What is copied from a page often has a blank or a line's end about it.
    Secret const secret{std::string(trim(Secret(members.text_or("client_secret", "")).expose()))};
    Secret const pem(members.text_or("certificate", "", most_pem));
    auto const ends = end_given(members, ground.clock->now());
    if (!secret.empty() && !pem.empty())
        throw Problem(Trouble::invalid, tr("give either a client secret or a certificate; the other one can follow"),
                      "certificate");
    if (secret.empty() && ends)
        throw Problem(Trouble::invalid, tr("only a client secret is told when it runs out: a certificate says it"),
                      "ends");
    if (!secret.empty()) return or_problem(grants::make_secret(ground, application, secret, ends), "client_secret");
    if (!pem.empty()) return or_problem(grants::make_certificate(ground, application, pem), "certificate");
    return std::nullopt;
}

}  // namespace postroom::console
