#include "console/finding-json.hpp"

#include "base/text.hpp"
#include "checks/commands.hpp"
#include "checks/judging.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/mailboxes.hpp"

namespace postroom::console {

namespace {

json::string text(std::string_view any)
{
    auto const valid = to_valid_utf8(any);
    return json::string(valid.data(), valid.size());
}

std::shared_ptr<checks::AccountFile const> account_file(store::Connection& c, model::AccountId id)
{
    auto account = store::account(c, id);
    if (!account) return nullptr;
    auto file = std::make_shared<checks::AccountFile>();
    if (account->application)
        if (auto application = store::application(c, *account->application)) {
            auto its = std::make_shared<checks::ApplicationFile>();
            its->application = std::move(*application);
            file->application = std::move(its);
        }
    file->account = std::move(*account);
    return file;
}

json::array commands_of(store::CheckFinding const& found, checks::Target const& target, words::Language const& language)
{
    json::array all;
    for (auto const& each : checks::commands_for(found.finding.cause, checks::names_in(target)))
        all.push_back(json::object{{"shell", text(checks::to_string(each.shell))},
                                   {"text", text(each.text)},
                                   {"changes", text(language.say_marked(each.changes))},
                                   {"undo", text(each.undo)}});
    return all;
}

std::shared_ptr<checks::MailboxFile const> mailbox_file(store::Connection& c, model::MailboxId id)
{
    auto mailbox = store::mailbox(c, id);
    if (!mailbox) return nullptr;
    return std::make_shared<checks::MailboxFile>(checks::MailboxFile{std::move(*mailbox), {}});
}

}  // namespace

checks::Target FindingNames::of(store::CheckFinding const& found)
{
    checks::Target target;
    if (found.account) {
        auto const [at, added] = accounts_.try_emplace(*found.account);
        if (added) at->second = account_file(connection_, *found.account);
        target.account = at->second;
    }
    if (found.mailbox) {
        auto const [at, added] = mailboxes_.try_emplace(*found.mailbox);
        if (added) at->second = mailbox_file(connection_, *found.mailbox);
        target.mailbox = at->second;
    }
    auto const* const item = checks::find_item(found.item);
    if (item != nullptr && item->about == checks::About::application) {
        auto const [at, added] = applications_.try_emplace(found.subject);
        if (added)
            if (auto application = store::application_named(connection_, found.subject)) {
                auto file = std::make_shared<checks::ApplicationFile>();
                file->application = std::move(*application);
                at->second = std::move(file);
            }
        target.application = at->second;
    }
    return target;
}

json::object to_json(store::CheckFinding const& found, FindingNames& names, words::Language const& language)
{
    auto const target = names.of(found);
    auto const* const item = checks::find_item(found.item);
    auto const* const cause = model::find_cause(found.finding.cause);
    // In English as it was found; in other languages anew from the catalogue.
    auto remedy = found.finding.remedy;
    if (cause != nullptr && language.code() != "en")
        remedy = checks::with_names(language.say_marked(cause->remedy), target);
    // In English with what it is about, as it was found.
    auto evidence = found.finding.evidence;
    if (!found.because.empty() && language.code() != "en")
        evidence = language.say(tr("{} fails, or could not be told", found.because));
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
                       {"evidence", text(evidence)},
                       {"remedy", text(remedy)},
                       {"commands", commands_of(found, target, language)},
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

json::array to_json(std::vector<store::CheckFinding> const& found, store::Connection& c,
                    words::Language const& language)
{
    FindingNames names(c);
    json::array all;
    for (auto const& each : found) all.emplace_back(to_json(each, names, language));
    return all;
}

}  // namespace postroom::console
