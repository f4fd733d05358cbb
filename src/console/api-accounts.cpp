// Email accounts.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "oauth/clouds.hpp"
#include "store/accounts.hpp"
#include "store/changes.hpp"
#include "store/grants.hpp"

#include <fmt/format.h>

namespace postroom::console {

namespace {

json::object view(store::Connection& c, Names& names, model::Account const& account)
{
    return to_json(account, names, store::grant(c, account.id), store::mailboxes_of(c, account.id));
}

json::object view(store::Connection& c, model::Account const& account, words::Language const& language)
{
    Names names(c, language);
    return view(c, names, account);
}

struct Wanted {
    std::string department, application, retrieval_host, smtp_host;
};

// One protocol's name, and the port that is TLS from the first byte.
std::string_view host_field(model::Protocol retrieval)
{
    return retrieval == model::Protocol::pop3 ? "pop3_host" : "imap_host";
}
std::uint16_t tls_port(model::Protocol retrieval)
{
    return retrieval == model::Protocol::pop3 ? 995 : 993;
}

void refuse_other_host(Members const& members, model::Protocol retrieval)
{
    auto const other = retrieval == model::Protocol::pop3 ? "imap_host" : "pop3_host";
    if (members.has(other))
        throw Problem(Trouble::invalid, tr("the account retrieves otherwise: give {}", host_field(retrieval)), other);
}

// Where nothing else is said, the cloud's own servers.
Endpoint server(std::string const& given, std::string_view field, std::string const& cloud, Endpoint const& clouds_own)
{
    if (!given.empty()) return or_problem(parse_endpoint(given, clouds_own.port), field);
    if (clouds_own.host.empty())
        throw Problem(Trouble::invalid, tr("the cloud {} has no servers of its own: say which, as host:port", cloud),
                      std::string(field));
    return clouds_own;
}

void choose_servers(model::Account& account, std::string const& cloud, Wanted const& wanted)
{
    auto const record = or_problem(oauth::cloud_named(cloud));
    account.retrieval_server = server(wanted.retrieval_host, host_field(account.retrieval), cloud,
                                      Endpoint{record.imap_host, tls_port(account.retrieval)});
    account.submission_server = server(wanted.smtp_host, "smtp_host", cloud, Endpoint{record.smtp_host, 587});
    // RFC 8314 section 3.3: this port begins with TLS, every other one with STARTTLS.
    account.submission_implicit_tls = account.submission_server.port == 465;
}

// The token goes to whatever server is named here, so naming one takes the right to administer all of it.
void check_may_name_servers(Request const& request, std::string_view field)
{
    if (request.caller.may(Access::system)) return;
    throw Problem(Trouble::forbidden,
                  tr("only a system administrator may name other servers than the cloud's own: the account's tokens "
                     "are sent to them"),
                  std::string(field));
}

}  // namespace

Answer list_accounts(House& house, Request const& request)
{
    request.only_parameters({"limit", "after"});
    auto const page = page_of(request, 1000, 1000);
    std::optional<std::string> next;
    auto items = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        json::array found;
        auto accounts = store::accounts(c, request.caller.sight);
        next = cut_by_name(accounts, page, &model::Account::name);
        for (auto const& each : accounts) found.emplace_back(view(c, names, each));
        return found;
    });
    co_return page_response(std::move(items), next);
}

Answer add_account(House& house, Request const& request)
{
    Members const members(request.http, {"name", "department", "application", "kind", "retrieval", "user", "imap_host",
                                         "pop3_host", "smtp_host"});
    model::Account account;
    account.id = model::AccountId::make();
    account.name = members.name("name");
    account.kind = or_problem(model::parse_account_kind(members.text_or("kind", "mailbox")), "kind");
    account.retrieval = or_problem(model::parse_protocol(members.text_or("retrieval", "imap")), "retrieval");
    refuse_other_host(members, account.retrieval);
    account.user = to_lower(trim(members.text("user", 320)));
    if (account.user.find('@') == std::string::npos)
        throw Problem(Trouble::invalid, tr("the user must be a user name such as sales@contoso.com"), "user");
    Wanted const wanted{members.text("department"), members.text("application"),
                        members.text_or(host_field(account.retrieval), ""), members.text_or("smtp_host", "")};
    bool const own_servers = !wanted.retrieval_host.empty() || !wanted.smtp_host.empty();
    if (own_servers)
        check_may_name_servers(request, wanted.retrieval_host.empty() ? "smtp_host" : host_field(account.retrieval));
    account.created = account.state_since = house.now();
    auto const body = co_await house.store().write([&](store::Connection& c) {
        if (store::account_named(c, account.name))
            throw Problem(Trouble::conflict, tr("there is an account \"{}\" already", account.name), "name");
        account.department = department_named(c, request.caller.sight, wanted.department, "department").id;
        auto const application = application_named(c, wanted.application, "application");
        account.application = application.id;
        choose_servers(account, application.cloud, wanted);
        store::add_account(c, account);
        note(c, request.caller, "account.add", account.name,
             {{"user", account.user},
              {"retrieval_server", to_string(account.retrieval_server)},
              {"submission_server", to_string(account.submission_server)}},
             account.created);
        return view(c, account, request.language());
    });
    house.hooks.accounts_changed();
    co_return json_response(net::http::status::created, body);
}

Answer show_account(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        return view(c, account_named(c, request.caller.sight, request.path("name")), request.language());
    });
    co_return edited_response(body);
}

Answer change_account(House& house, Request const& request)
{
    Members const members(request.http, {"name", "imap_host", "pop3_host", "smtp_host"});
    if (!members.has("name") && !members.has("imap_host") && !members.has("pop3_host") && !members.has("smtp_host"))
        throw Problem(Trouble::invalid,
                      tr("there is nothing to change: give {}", "name, imap_host, pop3_host, smtp_host"));
    for (auto const* const field : {"imap_host", "pop3_host", "smtp_host"})
        if (members.has(field)) check_may_name_servers(request, field);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const found = account_named(c, request.caller.sight, request.path("name"));
        check_match(c, request, etag(store::next_version(c, found.id) - 1, found.id.value), "account.", found.name);
        auto account = account_named(c, request.caller.sight, request.path("name"));
        json::object changed;
        if (members.has("name") && members.name("name") != account.name) {
            auto const other = store::account_named(c, members.name("name"));
            if (other && other->id != account.id)
                throw Problem(Trouble::conflict, tr("there is an account \"{}\" already", other->name), "name");
            changed["name"] = account.name = members.name("name");
        }
        refuse_other_host(members, account.retrieval);
        if (auto const field = host_field(account.retrieval); members.has(field)) {
            account.retrieval_server =
                or_problem(parse_endpoint(members.text(field), tls_port(account.retrieval)), field);
            changed["retrieval_server"] = to_string(account.retrieval_server);
        }
        if (members.has("smtp_host")) {
            account.submission_server = or_problem(parse_endpoint(members.text("smtp_host"), 587), "smtp_host");
            account.submission_implicit_tls = account.submission_server.port == 465;
            changed["submission_server"] = to_string(account.submission_server);
        }
        store::change_account(c, account);
        note(c, request.caller, "account.change", account.name, std::move(changed), house.now());
        return view(c, account_named(c, request.caller.sight, account.name), request.language());
    });
    house.hooks.accounts_changed();
    co_return edited_response(body);
}

Answer remove_account(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const account = account_named(c, request.caller.sight, request.path("name"));
        check_match(c, request, etag(store::next_version(c, account.id) - 1, account.id.value), "account.",
                    account.name);
        store::remove_account(c, account.id);
        note(c, request.caller, "account.remove", account.name, {{"user", account.user}}, house.now());
    });
    house.hooks.accounts_changed();
    co_return no_content();
}

Answer set_transcript(House& house, Request const& request)
{
    bool const on = Members(request.http, {"on"}).flag("on");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const account = account_named(c, request.caller.sight, request.path("name"));
        check_match(c, request, etag(store::next_version(c, account.id) - 1, account.id.value), "account.",
                    account.name);
        store::set_account_transcript(c, account.id, on);
        note(c, request.caller, "account.transcript", account.name, {{"on", on}}, house.now());
        return view(c, account_named(c, request.caller.sight, account.name), request.language());
    });
    house.hooks.accounts_changed();
    co_return edited_response(body);
}

}  // namespace postroom::console
