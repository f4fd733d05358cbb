// What an account was seen to be allowed with each of its mailboxes, and having that looked at anew.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/names.hpp"
#include "console/responses.hpp"
#include "grants/authorizations.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace postroom::console {

namespace {

json::object object_in(std::string const& text)
{
    boost::system::error_code error;
    auto const value = json::parse(text, error);
    return !error && value.is_object() ? value.get_object() : json::object();
}

std::string member(json::object const& object, std::string_view name)
{
    auto const* const found = object.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

json::object trial_to_json(store::Job const& job, std::string const& account)
{
    auto const reason = job.state == "failed" ? member(object_in(job.output), "words") : std::string();
    return {{"id", to_string(job.id)},
            {"account", account},
            {"state", job.state == "claimed" ? "trying" : job.state},
            {"reason", reason},
            {"begun", to_rfc3339(job.created)}};
}

json::value found_right(std::vector<model::MailboxRight> const& rights, model::MailboxId mailbox,
                        model::MailboxRight::What what, bool as_application, words::Language const& language)
{
    auto const right =
        std::ranges::find_if(rights, [&](auto const& each) { return each.mailbox == mailbox && each.what == what; });
    if (right == rights.end()) return nullptr;
    return to_json(*right, as_application, language);
}

}  // namespace

Answer list_rights(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const account = account_named(c, request.caller.sight, request.path("name"));
        bool const as_application = account.access == model::Access::application;
        auto const rights = store::rights_of(c, account.id);
        json::array found;
        for (auto const& each : store::mailboxes_of(c, account.id)) {
            auto const right = [&](model::MailboxRight::What what) {
                return found_right(rights, each.id, what, as_application, request.language());
            };
            found.emplace_back(json::object{{"mailbox", each.address},
                                            {"open", right(model::MailboxRight::What::open)},
                                            {"send", right(model::MailboxRight::What::send)}});
        }
        return found;
    });
    co_return items_response(std::move(items));
}

Answer begin_trial(House& house, Request const& request)
{
    bool const test_mail = Members(request.http, {"test_mail"}).flag_or("test_mail", false);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const account = account_named(c, request.caller.sight, request.path("name"));
        if (account.access != model::Access::password && !store::grant(c, account.id))
            throw Problem(
                Trouble::conflict,
                tr("the account has no grant that could be tried: postroom account authorize {}", account.name));
        auto const id = grants::add_trial(c, account.id, test_mail);
        note(c, request.caller, "account.try", account.name, {{"test_mail", test_mail}}, house.now());
        return trial_to_json(*store::job(c, id), account.name);
    });
    house.ground.trial_due();
    co_return json_response(net::http::status::accepted, body);
}

Answer show_trial(House& house, Request const& request)
{
    auto const id = request.id<model::JobId>("id");
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const job = store::job(c, id);
        std::optional<model::Account> account;
        if (job && job->kind == grants::trial_job)
            if (auto const its = parse_uuid(member(object_in(job->input), "account")))
                account = seen(request.caller.sight, store::account(c, {*its}));
        if (!account) throw Problem(Trouble::not_found, tr("there is no such trial"));
        return trial_to_json(*job, account->name);
    });
    co_return json_response(net::http::status::ok, body);
}

}  // namespace postroom::console
