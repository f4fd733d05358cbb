#include "console/account-fields.hpp"

#include "base/text.hpp"
#include "console/names.hpp"
#include "grants/places.hpp"
#include "store/applications.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postroom::console {

using model::Protocol;
using model::SignInAs;

namespace {

std::string_view host_field(Protocol retrieval)
{
    return retrieval == Protocol::pop3 ? "pop3_host" : "imap_host";
}

// RFC 8314 section 3.3: these ports begin with TLS, the others that are registered with STARTTLS.
std::uint16_t tls_port(Protocol retrieval)
{
    return retrieval == Protocol::pop3 ? 995 : 993;
}
std::uint16_t starttls_port(Protocol retrieval)
{
    return retrieval == Protocol::pop3 ? 110 : 143;
}
constexpr std::uint16_t submission_port = 587;
constexpr std::uint16_t submission_tls_port = 465;
constexpr std::uint16_t relay_port = 25;

// Of another port than the registered ones nothing is known: there it stays as it was.
bool starttls_at(std::uint16_t port, bool otherwise)
{
    if (port == 110 || port == 143) return true;
    return port != 993 && port != 995 && otherwise;
}
bool implicit_tls_at(std::uint16_t port, bool otherwise)
{
    if (port == submission_tls_port) return true;
    return port != submission_port && port != relay_port && otherwise;
}

std::optional<std::string> text_given(Members const& members, std::string_view name)
{
    if (!members.has(name)) return std::nullopt;
    return members.text(name);
}

std::optional<bool> flag_given(Members const& members, std::string_view name)
{
    if (!members.has(name)) return std::nullopt;
    return members.flag(name);
}

std::optional<SignInAs> who_given(Members const& members, std::string_view name)
{
    if (!members.has(name)) return std::nullopt;
    return or_problem(model::parse_sign_in_as(members.text(name)), name);
}

void put_retrieval(model::Account& account, ServersGiven const& given, std::optional<oauth::Cloud> const& cloud)
{
    auto const field = host_field(account.retrieval);
    auto const& host = account.retrieval == Protocol::pop3 ? given.pop3_host : given.imap_host;
    auto const& other = account.retrieval == Protocol::pop3 ? given.imap_host : given.pop3_host;
    if (other)
        throw Problem(Trouble::invalid, tr("the account retrieves otherwise: give {}", field),
                      account.retrieval == Protocol::pop3 ? "imap_host" : "pop3_host");
    if (host) {
        bool const starttls = given.retrieval_starttls.value_or(account.retrieval_starttls);
        auto const port = starttls ? starttls_port(account.retrieval) : tls_port(account.retrieval);
        account.retrieval_server = or_problem(parse_endpoint(*host, port), field);
        account.retrieval_starttls = starttls_at(account.retrieval_server.port, account.retrieval_starttls);
    } else if (cloud && !cloud->imap_host.empty()) {
        account.retrieval_server = {cloud->imap_host, tls_port(account.retrieval)};
        account.retrieval_starttls = false;
    }
    if (account.retrieval_server.host.empty())
        throw Problem(Trouble::invalid, tr("there are no servers that go without saying: say which, as host:port"),
                      std::string(field));
    account.retrieval_starttls = given.retrieval_starttls.value_or(account.retrieval_starttls);
}

void put_submission(model::Account& account, ServersGiven const& given, std::optional<oauth::Cloud> const& cloud)
{
    if (given.smtp_host) {
        bool const implicit = given.submission_implicit_tls.value_or(account.submission_implicit_tls);
        auto const port = implicit ? submission_tls_port : submission_port;
        account.submission_server = or_problem(parse_endpoint(*given.smtp_host, port), "smtp_host");
        account.submission_implicit_tls =
            implicit_tls_at(account.submission_server.port, account.submission_implicit_tls);
    } else if (cloud && !cloud->smtp_host.empty()) {
        account.submission_server = {cloud->smtp_host, submission_port};
        account.submission_implicit_tls = false;
    }
    if (account.submission_server.host.empty())
        throw Problem(Trouble::invalid, tr("there are no servers that go without saying: say which, as host:port"),
                      "smtp_host");
    account.submission_implicit_tls = given.submission_implicit_tls.value_or(account.submission_implicit_tls);
}

model::Application application_for(store::Connection& c, AccessGiven const& given)
{
    if (!given.application)
        throw Problem(Trouble::invalid, tr("say which identity application the account signs in through"),
                      "application");
    auto const application = application_named(c, *given.application, "application");
    if (given.access != model::Access::application) return application;
    if (store::credentials_of(c, application.id).empty())
        throw Problem(Trouble::invalid,
                      tr("the application {} has no credential, so that it can't act by itself: postroom application "
                         "credential add {}",
                         application.name, application.name),
                      "application");
    // AADSTS9001023 is what would come of it.
    static constexpr std::array several{"common", "organizations", "consumers"};
    if (std::ranges::find(several, to_lower(application.tenant)) != several.end())
        throw Problem(Trouble::invalid,
                      tr("the tenant of the application {} is \"{}\", and an application has permissions of its own in "
                         "one tenant: name that, by its id or a domain",
                         application.name, application.tenant),
                      "application");
    return application;
}

// What it signs in as: a name that the provider knows, or, with a password, whatever the server takes.
std::string user_for(model::Account const& account, AccessGiven const& given)
{
    auto user = given.user ? std::string(trim(*given.user)) : account.user;
    if (given.access == model::Access::application && user.empty()) return user;
    if (given.access == model::Access::password) {
        if (user.empty()) throw Problem(Trouble::invalid, tr("say which user name the password is for"), "user");
        bool const control = std::ranges::any_of(user, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; });
        if (control) throw Problem(Trouble::invalid, tr("the user name has a control character"), "user");
        return user;
    }
    user = to_lower(user);
    if (user.find('@') == std::string::npos)
        throw Problem(Trouble::invalid, tr("the user must be a user name such as sales@contoso.com"), "user");
    return user;
}

}  // namespace

bool ServersGiven::any() const
{
    return imap_host || pop3_host || smtp_host || retrieval_starttls || submission_implicit_tls || retrieve_as ||
           submit_as;
}

ServersGiven servers_given(Members const& members, Request const& request)
{
    ServersGiven const given{.imap_host = text_given(members, "imap_host"),
                             .pop3_host = text_given(members, "pop3_host"),
                             .smtp_host = text_given(members, "smtp_host"),
                             .retrieval_starttls = flag_given(members, "retrieval_starttls"),
                             .submission_implicit_tls = flag_given(members, "submission_implicit_tls"),
                             .retrieve_as = who_given(members, "retrieve_as"),
                             .submit_as = who_given(members, "submit_as")};
    // The token goes to whatever server is named here, so naming one takes the right to administer all of it.
    for (auto const* const field :
         {"imap_host", "pop3_host", "smtp_host", "retrieval_starttls", "submission_implicit_tls"})
        if (members.has(field) && !request.caller.may(Access::system))
            throw Problem(Trouble::forbidden,
                          tr("only a system administrator may name other servers than the cloud's own: the account's "
                             "tokens are sent to them"),
                          field);
    return given;
}

json::object put_servers(model::Account& account, ServersGiven const& given, std::optional<oauth::Cloud> const& cloud)
{
    put_retrieval(account, given, cloud);
    put_submission(account, given, cloud);
    for (auto const& [name, who] : {std::pair("retrieve_as", given.retrieve_as), {"submit_as", given.submit_as}})
        if (account.access == model::Access::application && who == SignInAs::owner)
            throw Problem(Trouble::invalid,
                          tr("with the application's own permissions there is no user to sign in as: it is always the "
                             "mailbox"),
                          name);
    account.retrieve_as = given.retrieve_as.value_or(account.retrieve_as);
    account.submit_as = given.submit_as.value_or(account.submit_as);
    json::object changed;
    if (given.imap_host || given.pop3_host || given.retrieval_starttls || cloud)
        changed["retrieval_server"] = to_string(account.retrieval_server);
    if (given.smtp_host || given.submission_implicit_tls || cloud)
        changed["submission_server"] = to_string(account.submission_server);
    if (given.retrieval_starttls) changed["retrieval_starttls"] = account.retrieval_starttls;
    if (given.submission_implicit_tls) changed["submission_implicit_tls"] = account.submission_implicit_tls;
    if (given.retrieve_as) changed["retrieve_as"] = to_string(account.retrieve_as);
    if (given.submit_as) changed["submit_as"] = to_string(account.submit_as);
    return changed;
}

AccessGiven access_given(Members const& members, model::Access otherwise)
{
    AccessGiven given{.access = otherwise};
    if (members.has("access")) given.access = or_problem(model::parse_access(members.text("access")), "access");
    given.application = text_given(members, "application");
    if (members.has("user")) given.user = members.text("user", 320);
    given.password = Secret(members.text_or("password", ""));
    bool const by_password = given.access == model::Access::password;
    if (by_password && given.application)
        throw Problem(Trouble::invalid, tr("an account with a password has no identity application"), "application");
    if (by_password && given.password.empty())
        throw Problem(Trouble::invalid, tr("an account of this access needs the password"), "password");
    if (!by_password && !given.password.empty())
        throw Problem(Trouble::invalid,
                      tr("the account signs in without a password: its access is {}", to_string(given.access)),
                      "password");
    return given;
}

std::optional<oauth::Cloud> put_access(store::Connection& c, Request const& request, vault::Vault const& vault,
                                       model::Account& account, AccessGiven const& given)
{
    if (given.access == model::Access::application && !request.caller.may(Access::system))
        throw Problem(Trouble::forbidden,
                      tr("only a system administrator may use an application's own permissions: they know no "
                         "departments, and open every mailbox that it was given"),
                      "access");
    account.user = user_for(account, given);
    if (given.access != account.access) {
        // Servers know nobody but the user by a password, and by an application's token nobody but the mailbox.
        account.retrieve_as = given.access == model::Access::password ? SignInAs::owner : SignInAs::mailbox;
        account.submit_as = given.access == model::Access::application ? SignInAs::mailbox : SignInAs::owner;
    }
    account.access = given.access;
    account.password = {};
    auto const earlier = account.application ? store::application(c, *account.application) : std::nullopt;
    account.application.reset();
    if (given.access == model::Access::password) {
        account.password = vault.seal(given.password, grants::place_of_password(account.id));
        return std::nullopt;
    }
    auto const application = application_for(c, given);
    account.application = application.id;
    // The servers may have been named by a system administrator; within one cloud they remain the right ones.
    if (earlier && earlier->cloud == application.cloud) return std::nullopt;
    return or_problem(oauth::cloud_named(application.cloud), "application");
}

}  // namespace postroom::console
