// The check list: what there is to check, asking for a run, and what was found.
#include "base/text.hpp"
#include "checks/item.hpp"
#include "checks/judging.hpp"
#include "checks/worker.hpp"
#include "console/api.hpp"
#include "console/names.hpp"
#include "console/responses.hpp"
#include "store/accounts.hpp"
#include "store/findings.hpp"

#include <algorithm>
#include <map>

namespace postroom::console {

namespace {

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

// Whose names stand in remedies.
class Called {
public:
    explicit Called(store::Connection& c)
    {
        for (auto& each : store::accounts(c)) {
            auto file = std::make_shared<checks::AccountFile>();
            if (each.application)
                if (auto application = store::application(c, *each.application)) {
                    auto its = std::make_shared<checks::ApplicationFile>();
                    its->application = std::move(*application);
                    file->application = std::move(its);
                }
            auto const id = each.id;
            file->account = std::move(each);
            accounts_.emplace(id, std::move(file));
        }
        for (auto& each : store::mailboxes(c)) {
            auto const id = each.id;
            mailboxes_.emplace(id, std::make_shared<checks::MailboxFile>(checks::MailboxFile{std::move(each), {}}));
        }
    }
    [[nodiscard]] checks::Target of(store::CheckFinding const& found) const
    {
        checks::Target target;
        if (found.account)
            if (auto const its = accounts_.find(*found.account); its != accounts_.end()) target.account = its->second;
        if (found.mailbox)
            if (auto const its = mailboxes_.find(*found.mailbox); its != mailboxes_.end()) target.mailbox = its->second;
        return target;
    }

private:
    std::map<model::AccountId, std::shared_ptr<checks::AccountFile const>> accounts_;
    std::map<model::MailboxId, std::shared_ptr<checks::MailboxFile const>> mailboxes_;
};

json::object to_json(store::CheckFinding const& found, Called const& names, words::Language const& language)
{
    auto const target = names.of(found);
    auto const* const item = checks::find_item(found.item);
    auto const* const cause = model::find_cause(found.finding.cause);
    // In English as it was found; in other languages anew from the catalogue.
    auto remedy = found.finding.remedy;
    if (cause != nullptr && language.code() != "en")
        remedy = checks::with_names(language.say_marked(cause->remedy), target);
    bool const wrong = found.finding.outcome == model::Outcome::fails || found.finding.outcome == model::Outcome::warns;
    json::object shown{{"item", text(found.item)},
                       {"must", text(item != nullptr ? language.say_marked(item->must) : found.item)},
                       {"server", text(found.server)},
                       {"subject", text(found.subject)},
                       {"account", nullptr},
                       {"mailbox", nullptr},
                       {"outcome", text(model::to_string(found.finding.outcome))},
                       {"cause", text(found.finding.cause)},
                       {"title", text(cause != nullptr ? language.say_marked(cause->title) : "")},
                       {"evidence", text(found.finding.evidence)},
                       {"remedy", text(remedy)},
                       {"owner", text(wrong ? model::to_string(found.finding.owner) : "")},
                       {"whose", text(wrong ? language.say(model::in_words(found.finding.owner)) : "")},
                       {"because", text(found.because)},
                       {"since", to_rfc3339(found.since)},
                       {"found", to_rfc3339(found.found)},
                       {"took_ms", found.took.count()}};
    if (target.account) shown["account"] = text(target.account->account.name);
    if (target.mailbox) shown["mailbox"] = text(target.mailbox->mailbox.address);
    return shown;
}

json::array to_json(std::vector<store::CheckFinding> const& found, Called const& names, words::Language const& language)
{
    json::array all;
    for (auto const& each : found) all.emplace_back(to_json(each, names, language));
    return all;
}

json::object to_json(store::CheckRun const& run, json::array findings)
{
    return {{"id", postroom::to_string(run.id)},
            {"state", run.ended()           ? "done"
                      : run.parts_begun > 0 ? "working"
                                            : "waiting"},
            {"begun", to_rfc3339(run.begun)},
            {"expected", run.expected},
            {"findings", std::move(findings)}};
}

checks::Wanted wanted_by(store::Connection& c, Request const& request)
{
    Members const members(request.http, {"items", "account", "mailbox", "may_send"});
    checks::Wanted wanted;
    wanted.items = members.texts("items");
    for (auto const& each : wanted.items)
        if (checks::find_item(each) == nullptr)
            throw Problem(Trouble::invalid, tr("there is no item \"{}\" on the check list", printable(each, 64)),
                          "items");
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

Answer show_check_run(House& house, Request const& request)
{
    auto const id = request.id<store::CheckRunId>("id");
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const run = store::check_run(c, id);
        if (!run) throw Problem(Trouble::not_found, tr("there is no such run of the check list"));
        auto const found = store::findings_of_run(c, id, request.caller.sight);
        return to_json(*run, to_json(found, Called(c), request.language()));
    });
    co_return json_response(net::http::status::ok, body);
}

Answer list_findings(House& house, Request const& request)
{
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const found = store::latest_findings(c, request.caller.sight);
        return to_json(found, Called(c), request.language());
    });
    co_return items_response(std::move(items));
}

Answer show_finding_history(House& house, Request const& request)
{
    request.only_parameters({"subject", "limit"});
    auto const subject = request.http.parameter("subject").value_or("");
    auto const most = request.number_parameter("limit", 1, 200).value_or(50);
    if (checks::find_item(request.path("item")) == nullptr)
        throw Problem(Trouble::not_found,
                      tr("there is no item \"{}\" on the check list", printable(request.path("item"), 64)));
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const found =
            store::finding_history(c, request.path("item"), subject, static_cast<int>(most), request.caller.sight);
        return to_json(found, Called(c), request.language());
    });
    co_return items_response(std::move(items));
}

}  // namespace postroom::console
