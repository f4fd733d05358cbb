// Email accounts.
#include "console/account-fields.hpp"
#include "console/api.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "grants/places.hpp"
#include "store/accounts.hpp"
#include "store/changes.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"

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

// The account that the path names, as it is once its next version was taken.
model::Account edited_account(store::Connection& c, Request const& request)
{
    auto const found = account_named(c, request.caller.sight, request.path("name"));
    check_match(c, request, etag(store::next_version(c, found.id) - 1, found.id.value), "account.", found.name);
    return account_named(c, request.caller.sight, request.path("name"));
}

// What a grant or a password was in trouble with, another one has yet to be.
void end_alarm(store::Connection& c, model::Account const& account, Instant now)
{
    (void)store::end_alarm(c, "grant-refresh", account.name, now);
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
    Members const members(request.http, {"name", "department", "access", "application", "kind", "retrieval", "user",
                                         "password", "imap_host", "pop3_host", "smtp_host", "retrieval_starttls",
                                         "submission_implicit_tls", "retrieve_as", "submit_as"});
    model::Account account;
    account.id = model::AccountId::make();
    account.name = members.name("name");
    account.kind = or_problem(model::parse_account_kind(members.text_or("kind", "mailbox")), "kind");
    account.retrieval = or_problem(model::parse_protocol(members.text_or("retrieval", "imap")), "retrieval");
    auto const department = members.text("department");
    auto const access = access_given(members, model::Access::delegated);
    auto const servers = servers_given(members, request);
    account.created = account.state_since = house.now();
    auto const body = co_await house.store().write([&](store::Connection& c) {
        if (store::account_named(c, account.name))
            throw Problem(Trouble::conflict, tr("there is an account \"{}\" already", account.name), "name");
        account.department = department_named(c, request.caller.sight, department, "department").id;
        auto const cloud = put_access(c, request, *house.ground.vault, account, access);
        put_servers(account, servers, cloud);
        // Whether the password is the right one shows at the first sign-in.
        if (account.access == model::Access::password) account.state = model::AccountState::ready;
        store::add_account(c, account);
        note(c, request.caller, "account.add", account.name,
             {{"access", to_string(account.access)},
              {"user", account.user},
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
    Members const members(request.http, {"name", "imap_host", "pop3_host", "smtp_host", "retrieval_starttls",
                                         "submission_implicit_tls", "retrieve_as", "submit_as", "password"});
    auto const servers = servers_given(members, request);
    if (!members.has("name") && !members.has("password") && !servers.any())
        throw Problem(Trouble::invalid,
                      tr("there is nothing to change: give {}",
                         "name, imap_host, pop3_host, smtp_host, retrieval_starttls, submission_implicit_tls, "
                         "retrieve_as, submit_as, password"));
    Secret password;
    if (members.has("password")) password = Secret(members.text("password"));
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto account = edited_account(c, request);
        json::object changed = put_servers(account, servers);
        if (members.has("name") && members.name("name") != account.name) {
            auto const other = store::account_named(c, members.name("name"));
            if (other && other->id != account.id)
                throw Problem(Trouble::conflict, tr("there is an account \"{}\" already", other->name), "name");
            changed["name"] = account.name = members.name("name");
        }
        store::change_account(c, account);
        if (!password.empty()) {
            if (account.access != model::Access::password)
                throw Problem(
                    Trouble::invalid,
                    tr("the account signs in without a password: its access is {}", to_string(account.access)),
                    "password");
            auto const sealed = house.ground.vault->seal(password, grants::place_of_password(account.id));
            store::set_account_password(c, account.id, sealed, house.now());
            end_alarm(c, account, house.now());
            changed["password"] = "changed";
        }
        note(c, request.caller, "account.change", account.name, std::move(changed), house.now());
        return view(c, account_named(c, request.caller.sight, account.name), request.language());
    });
    house.hooks.accounts_changed();
    co_return edited_response(body);
}

Answer convert_account(House& house, Request const& request)
{
    Members const members(request.http,
                          {"access", "application", "user", "password", "imap_host", "pop3_host", "smtp_host",
                           "retrieval_starttls", "submission_implicit_tls", "retrieve_as", "submit_as"});
    (void)members.text("access");
    auto const access = access_given(members, model::Access::delegated);
    auto const servers = servers_given(members, request);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto account = edited_account(c, request);
        json::object detail{{"from", to_string(account.access)}, {"to", to_string(access.access)}};
        auto const cloud = put_access(c, request, *house.ground.vault, account, access);
        detail["user"] = account.user;
        for (auto& each : put_servers(account, servers, cloud)) detail[each.key()] = std::move(each.value());
        store::convert_account(c, account, house.now());
        end_alarm(c, account, house.now());
        note(c, request.caller, "account.convert", account.name, std::move(detail), house.now());
        return view(c, account_named(c, request.caller.sight, account.name), request.language());
    });
    house.hooks.accounts_changed();
    co_return edited_response(body);
}

Answer remove_account(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const account = edited_account(c, request);
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
        auto const account = edited_account(c, request);
        store::set_account_transcript(c, account.id, on);
        note(c, request.caller, "account.transcript", account.name, {{"on", on}}, house.now());
        return view(c, account_named(c, request.caller.sight, account.name), request.language());
    });
    house.hooks.accounts_changed();
    co_return edited_response(body);
}

}  // namespace postroom::console
