#include "cli/credential.hpp"

#include "cli/exit.hpp"
#include "cli/secret-input.hpp"
#include "cli/speech.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace postroom::cli {

namespace {

// A day is its first moment.
std::string as_time(std::string const& day)
{
    return day.size() == 10 ? day + "T00:00:00Z" : day;
}

std::string whole_file(std::string const& file)
{
    if (file == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw Exit(wrong_usage, say("the file {} can't be read", file));
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

void CredentialInput::add_to(CLI::App& leaf, CLI::Option* instead)
{
    auto* const file =
        leaf.add_option("--client-secret-file", secret_file,
                        say("Where the secret is, in the first line; - is standard input; asked for otherwise"))
            ->type_name(say("FILE"));
    auto* const end =
        leaf.add_option("--ends", ends, say("When the client secret runs out, as the provider said: 2028-11-22"))
            ->type_name(say("DATE"));
    auto* const pem = leaf.add_option("--certificate", certificate,
                                      say("Instead of a secret: a file with the certificate and its private key, in "
                                          "PEM"))
                          ->type_name(say("FILE"))
                          ->excludes(file)
                          ->excludes(end);
    if (!instead) return;
    for (auto* const each : {file, end, pem}) instead->excludes(each);
}

void CredentialInput::put_into(json::object& body) const
{
    if (!certificate.empty()) {
        Secret const pem(whole_file(certificate));
        body["certificate"] = pem.expose();
        return;
    }
    auto const secret = secret_file.empty()
                            ? secret_from_terminal(say("Client secret (its value, not its id)"), "--client-secret-file")
                            : secret_from(secret_file);
    body["client_secret"] = secret.expose();
    if (!ends.empty()) body["ends"] = as_time(ends);
}

std::string shown_credentials(json::array const& credentials)
{
    auto text = table(credentials,
                      {{say("CREDENTIAL"), "id"},
                       {say("KIND"), "kind", mark("kind of credential")},
                       {say("SUBJECT"), "subject"},
                       {say("ENDS"), "ends"},
                       {say("CREATED"), "created"},
                       {say("ACCEPTED"), "accepted"},
                       {say("REFUSED"), "refused"}},
                      say("It has no credential: it is a public client."));
    for (auto const& each : credentials) {
        auto const& credential = each.as_object();
        if (!member(credential, "thumbprint").empty())
            text += fields(credential, {{say("Thumbprint (SHA-256)"), "thumbprint"}});
        text += fields(credential, {{say("Refused"), "refusal"}}) + first_cause(credential);
    }
    return text;
}

}  // namespace postroom::cli
