// The check list: what there is to check, asking for a run, and what was found.
#include "base/text.hpp"
#include "checks/elsewhere.hpp"
#include "checks/item.hpp"
#include "checks/worker.hpp"
#include "console/api.hpp"
#include "console/check-page.hpp"
#include "console/finding-json.hpp"
#include "console/names.hpp"
#include "console/responses.hpp"
#include "model/causes.hpp"
#include "store/accounts.hpp"

#include <algorithm>

namespace postroom::console {

namespace {

constexpr int most_runs = 20;

json::string text(std::string_view any)
{
    auto const valid = to_valid_utf8(any);
    return json::string(valid.data(), valid.size());
}

std::string_view to_string(checks::About about)
{
    switch (about) {
        case checks::About::partition: return "partition";
        case checks::About::application: return "application";
        case checks::About::host: return "host";
        case checks::About::server: return "server";
        case checks::About::account: return "account";
        case checks::About::mailbox: return "mailbox";
    }
    return "";
}

std::string_view to_string(checks::Side side)
{
    switch (side) {
        case checks::Side::application: return "application";
        case checks::Side::services: return "services";
        case checks::Side::both: return "both";
    }
    return "";
}

json::object to_json(checks::Item const& item, words::Language const& language)
{
    json::array grounds;
    for (auto const each : item.grounds) grounds.emplace_back(text(each));
    return {{"id", text(item.id)},
            {"must", text(language.say_marked(item.must))},
            {"about", text(to_string(item.about))},
            {"side", text(to_string(item.side))},
            {"grounds", std::move(grounds)},
            {"sends", item.sends}};
}

json::object to_json(model::Cause const& cause, words::Language const& language)
{
    return {{"id", text(cause.id)},
            {"title", text(language.say_marked(cause.title))},
            {"meaning", text(language.say_marked(cause.meaning))},
            {"remedy", text(language.say_marked(cause.remedy))},
            {"owner", text(model::to_string(cause.owner))},
            {"whose", text(language.say(model::in_words(cause.owner)))}};
}

std::string_view state_of(store::CheckRun const& run)
{
    return run.ended() ? "done" : run.parts_begun > 0 ? "working" : "waiting";
}

json::object to_json(store::CheckRun const& run, json::array findings)
{
    return {{"id", postroom::to_string(run.id)},
            {"state", state_of(run)},
            {"begun", to_rfc3339(run.begun)},
            {"expected", run.expected},
            {"clearing", run.ended() ? 0 : run.clearing},
            {"findings", std::move(findings)}};
}

json::object to_json(store::CheckRunProgress const& its, checks::Wanted const& wanted)
{
    json::array items;
    for (auto const& each : wanted.items) items.emplace_back(text(each));
    return {{"id", postroom::to_string(its.run.id)},
            {"state", state_of(its.run)},
            {"begun", to_rfc3339(its.run.begun)},
            {"by", text(its.run.asker)},
            {"items", std::move(items)},
            {"account", text(wanted.account)},
            {"mailbox", text(wanted.mailbox)},
            {"expected", its.run.expected},
            {"told", its.told}};
}

// One that runs, and where one of the items must hold.
std::string server_for(store::Connection& c, std::vector<std::string> const& items, std::string_view name)
{
    auto const server = checks::live_server(c, name);
    if (!server) throw Problem(server.error().kind, server.error().words, "on");
    auto const holds_there = [&](std::string const& id) {
        auto const side = checks::find_item(id)->side;
        return side == checks::Side::both || server->side == checks::Side::both || side == server->side;
    };
    if (!items.empty() && std::ranges::none_of(items, holds_there))
        throw Problem(Trouble::invalid,
                      tr("nothing of that has to hold on {}: its role is {}", server->name, to_string(server->side)),
                      "on");
    return server->name;
}

checks::Wanted wanted_by(store::Connection& c, Request const& request)
{
    Members const members(request.http, {"items", "account", "mailbox", "may_send", "on"});
    checks::Wanted wanted;
    wanted.items = members.texts("items");
    for (auto const& each : wanted.items) {
        auto const* const item = checks::find_item(each);
        if (item == nullptr)
            throw Problem(Trouble::invalid, tr("there is no item \"{}\" on the check list", printable(each, 64)),
                          "items");
        if (item->about == checks::About::partition && !request.caller.sight.all())
            throw Problem(Trouble::forbidden, tr("this is of all departments, and you see some of them only"), "items");
    }
    if (auto const on = members.text_or("on", ""); !on.empty()) wanted.server = server_for(c, wanted.items, on);
    wanted.account = members.text_or("account", "");
    wanted.mailbox = members.text_or("mailbox", "");
    wanted.may_send = members.flag_or("may_send", false);
    if (!wanted.mailbox.empty()) {
        auto const mailbox = mailbox_at(c, request.caller.sight, wanted.mailbox, "mailbox");
        auto const account = store::account(c, mailbox.account);
        if (!wanted.account.empty() && (!account || !equal_ignoring_case(account->name, wanted.account)))
            throw Problem(Trouble::invalid,
                          tr("the mailbox {} is not of the account {}", mailbox.address, wanted.account), "mailbox");
        wanted.account = account ? account->name : "";
    } else if (!wanted.account.empty()) {
        wanted.account = account_named(c, request.caller.sight, wanted.account, "account").name;
    } else if (!request.caller.sight.all()) {
        throw Problem(Trouble::invalid, tr("name an account or a mailbox: not every department is yours"), "account");
    }
    return wanted;
}

}  // namespace

Answer list_check_items(House& /*house*/, Request const& request)
{
    json::array all;
    for (auto const& each : checks::items()) all.emplace_back(to_json(each, request.language()));
    co_return items_response(std::move(all));
}

Answer show_check_item(House& /*house*/, Request const& request)
{
    request.only_parameters({});
    auto const* const item = checks::find_item(request.path("item"));
    if (item == nullptr)
        throw Problem(Trouble::not_found,
                      tr("there is no item \"{}\" on the check list", printable(request.path("item"), 64)));
    auto shown = to_json(*item, request.language());
    json::array causes;
    for (auto const& cause : model::causes())
        if (cause.check == item->id) causes.emplace_back(to_json(cause, request.language()));
    shown["causes"] = std::move(causes);
    co_return json_response(net::http::status::ok, shown);
}

Answer list_check_runs(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([&](store::Connection& c) {
        json::array all;
        // What it was asked about may be of a department that is not theirs.
        std::optional<std::string> asker;
        if (!request.caller.sight.all()) asker = request.caller.name;
        for (auto const& each : store::last_check_runs(c, most_runs, asker))
            all.emplace_back(to_json(each, checks::wanted_of(each.run.asked)));
        return all;
    });
    co_return items_response(std::move(items));
}

Answer begin_check_run(House& house, Request const& request)
{
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const wanted = wanted_by(c, request);
        auto const id = checks::begin_run(c, wanted, request.caller.name, house.hooks.one_server, house.now());
        note(c, request.caller, "check.run", wanted.account, {{"may_send", wanted.may_send}}, house.now());
        return to_json(*store::check_run(c, id), {});
    });
    house.hooks.check_due();
    co_return json_response(net::http::status::accepted, body);
}

namespace {

net::awaitable<json::object> run_named(House& house, Request const& request, words::Language const& language)
{
    auto const id = request.id<store::CheckRunId>("id");
    co_return co_await house.store().read([&](store::Connection& c) {
        auto const run = store::check_run(c, id);
        if (!run) throw Problem(Trouble::not_found, tr("there is no such run of the check list"));
        auto const found = store::findings_of_run(c, id, request.caller.sight);
        return to_json(*run, console::to_json(found, c, language));
    });
}

}  // namespace

Answer show_check_run(House& house, Request const& request)
{
    auto const body = co_await run_named(house, request, request.language());
    co_return json_response(net::http::status::ok, body);
}

Answer show_check_report(House& house, Request const& request)
{
    request.only_parameters({"lang"});
    auto const* language = &request.language();
    // A link can't say it otherwise.
    if (auto const asked = request.http.parameter("lang")) language = words::language_named(*asked);
    if (language == nullptr) throw Problem(Trouble::invalid, tr("no such language is spoken here"), "lang");
    auto const run = co_await run_named(house, request, *language);
    auto const day = std::string(run.at("begun").as_string()).substr(0, 10);
    net::HttpResponse response;
    response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                        {"Content-Disposition", disposition("attachment", "check-list-" + day + ".html")},
                        {"Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'"},
                        {"Content-Language", language->code()},
                        {"Cache-Control", "no-store"}};
    response.body = check_page(run, *language);
    co_return response;
}

}  // namespace postroom::console
