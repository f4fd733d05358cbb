// Mailboxes, and retrieving from them at once.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "mime/compose.hpp"
#include "store/accounts.hpp"
#include "store/after-actions.hpp"
#include "store/changes.hpp"
#include "store/coordination.hpp"
#include "store/figures.hpp"
#include "store/mailboxes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace postroom::console {

namespace {

// now, all, or a number of days such as 7d.
Instant baseline(std::string_view text, Instant now)
{
    if (text == "now") return now;
    if (text == "all") return Instant{};
    int days = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), days);
    bool const right = error == std::errc{} && days > 0 && days <= 36'500 && std::string_view(stop, text.end()) == "d";
    if (!right)
        throw Problem(Trouble::invalid,
                      tr("\"{}\" is no baseline: now, all, or a number of days such as 7d", printable(text, 64)),
                      "baseline");
    return now - std::chrono::days(days);
}

void check_line(std::string_view text, std::string_view field)
{
    for (char const c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            throw Problem(Trouble::invalid, tr("the member \"{}\" has a control character", field), std::string(field));
}

// INBOX in any case (RFC 3501 section 5.1), a name as the server has it, or a special use (RFC 6154) such as \Junk,
// which no name begins like.
std::string folder_of(std::string text, std::string_view field)
{
    check_line(text, field);
    if (equal_ignoring_case(text, "INBOX")) return "INBOX";
    if (!text.starts_with('\\')) return text;
    static constexpr std::array<std::string_view, 7> uses{"\\All",  "\\Archive", "\\Drafts", "\\Flagged",
                                                          "\\Junk", "\\Sent",    "\\Trash"};
    std::string known;
    for (auto const use : uses) {
        if (equal_ignoring_case(text, use)) return std::string(use);
        known += (known.empty() ? "" : ", ") + std::string(use);
    }
    throw Problem(Trouble::invalid, tr("there is no special use {}; there are {}", printable(text, 64), known),
                  std::string(field));
}

// What was moved into the folder that is read would come again under another UID.
void check_destination(model::Mailbox const& mailbox)
{
    if (mailbox.after == model::AfterAction::move && equal_ignoring_case(mailbox.folder, mailbox.after_folder))
        throw Problem(Trouble::invalid,
                      tr("mail can't be moved into the folder that is read, {}: it would come again", mailbox.folder),
                      "after_folder");
}

// Nothing brings back what a server has deleted: until an administrator says so, mail is moved.
void check_deletion(model::AfterAction action, bool confirmed)
{
    if (action == model::AfterAction::remove && !confirmed)
        throw Problem(Trouble::invalid,
                      tr("mail that was filed is deleted on its server for good: this has to be confirmed, by {} or {}",
                         "\"confirm_deletion\": true", "--confirm-deletion"),
                      "confirm_deletion");
}

// POP3 knows the Inbox only, and nothing to do to a mail but deleting it.
void check_for_pop3(model::Mailbox const& mailbox)
{
    if (!equal_ignoring_case(mailbox.folder, "INBOX"))
        throw Problem(Trouble::invalid, tr("POP3 opens the folder {} only", "INBOX"), "folder");
    if (mailbox.after != model::AfterAction::leave && mailbox.after != model::AfterAction::remove)
        throw Problem(Trouble::invalid, tr("over POP3 a mail that was filed can be left or deleted, and nothing else"),
                      "after");
}

// While the store takes nothing, what it says of a mailbox is from before, and why can't be written into it.
json::object view(House& house, store::Connection& c, Names& names, model::Mailbox mailbox)
{
    if (auto const standstill = house.store().standstill()) {
        mailbox.state = model::MailboxState::backing_off;
        mailbox.state_reason = standstill->words;
        mailbox.trouble = model::MailTrouble::store;
        mailbox.state_since = standstill->since;
    }
    return to_json(mailbox, names, store::ledger_counts(c, mailbox.id), store::figures_of(c, mailbox.id));
}

}  // namespace

Answer list_mailboxes(House& house, Request const& request)
{
    request.only_parameters({"limit", "after"});
    auto const page = page_of(request, 1000, 1000);
    std::optional<std::string> next;
    auto items = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        json::array found;
        auto mailboxes = store::mailboxes(c, request.caller.sight);
        next = cut_by_name(mailboxes, page, &model::Mailbox::address);
        for (auto const& each : mailboxes) found.emplace_back(view(house, c, names, each));
        return found;
    });
    co_return page_response(std::move(items), next);
}

Answer add_mailbox(House& house, Request const& request)
{
    Members const members(request.http, {"address", "account", "display_name", "folder", "baseline", "after",
                                         "after_folder", "confirm_deletion"});
    auto const now = house.now();
    model::Mailbox mailbox;
    mailbox.id = model::MailboxId::make();
    mailbox.address = to_lower(trim(members.name("address", 320)));
    or_problem(mime::check_address(mailbox.address), "address");
    mailbox.display_name = std::string(trim(members.text_or("display_name", "", 128)));
    check_line(mailbox.display_name, "display_name");
    mailbox.folder = folder_of(members.text_or("folder", "INBOX", 256), "folder");
    mailbox.baseline = baseline(members.text_or("baseline", "now"), now);
    mailbox.after_folder = folder_of(members.text_or("after_folder", "Postroom", 256), "after_folder");
    mailbox.created = mailbox.state_since = now;
    auto const account_name = members.text("account");
    bool const confirmed = members.flag_or("confirm_deletion", false);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const account = account_named(c, request.caller.sight, account_name, "account");
        if (account.access == model::Access::application && !request.caller.may(Access::system))
            throw Problem(Trouble::forbidden,
                          tr("only a system administrator may add a mailbox to {}: the application's own permissions "
                             "know no departments",
                             account.name),
                          "account");
        mailbox.account = account.id;
        mailbox.department = account.department;
        bool const pop3 = account.retrieval == model::Protocol::pop3;
        mailbox.after =
            or_problem(model::parse_after_action(members.text_or("after", pop3 ? "leave" : "move")), "after");
        if (pop3) check_for_pop3(mailbox);
        check_destination(mailbox);
        check_deletion(mailbox.after, confirmed);
        if (store::mailbox_at(c, mailbox.address))
            throw Problem(Trouble::conflict, tr("there is a mailbox {} already", mailbox.address), "address");
        if (auto const others = store::mailboxes_of(c, account.id);
            account.kind == model::AccountKind::mailbox && !others.empty())
            throw Problem(Trouble::conflict,
                          tr("the account {} is of the kind mailbox and has its own, {}; for several, add an "
                             "account of the kind shared",
                             account.name, others.front().address),
                          "account");
        store::add_mailbox(c, mailbox);
        note(c, request.caller, "mailbox.add", mailbox.address,
             {{"account", account.name},
              {"baseline", to_rfc3339(mailbox.baseline)},
              {"after", std::string(to_string(mailbox.after))}},
             now);
        Names names(c, request.language());
        return view(house, c, names, mailbox);
    });
    house.hooks.accounts_changed();
    co_return json_response(net::http::status::created, body);
}

Answer show_mailbox(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        return view(house, c, names, mailbox_at(c, request.caller.sight, request.path("address")));
    });
    co_return edited_response(body);
}

// The baseline stays: what it skipped is in the ledger, and what it let in is filed.
Answer change_mailbox(House& house, Request const& request)
{
    constexpr std::array<std::string_view, 5> known{"display_name", "folder", "after", "after_folder", "poll"};
    Members const members(request.http,
                          {"display_name", "folder", "after", "after_folder", "poll", "confirm_deletion"});
    if (std::ranges::none_of(known, [&](auto const name) { return members.has(name); }))
        throw Problem(Trouble::invalid,
                      tr("there is nothing to change: give {}", "display_name, folder, after, after_folder, poll"));
    bool const confirmed = members.flag_or("confirm_deletion", false);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const found = mailbox_at(c, request.caller.sight, request.path("address"));
        check_match(c, request, etag(store::next_version(c, found.id) - 1, found.id.value), "mailbox.", found.address);
        auto mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        json::object changed;
        for (auto const& [name, line] :
             {std::pair("display_name", &mailbox.display_name), std::pair("folder", &mailbox.folder),
              std::pair("after_folder", &mailbox.after_folder)}) {
            if (!members.has(name)) continue;
            // A folder has a name; only a mailbox may do without one.
            *line = line == &mailbox.display_name ? std::string(trim(members.text_or(name, "", 128)))
                                                  : folder_of(members.text(name, 256), name);
            check_line(*line, name);
            changed[name] = *line;
        }
        if (members.has("after")) {
            mailbox.after = or_problem(model::parse_after_action(members.text("after")), "after");
            if (mailbox.after != found.after) check_deletion(mailbox.after, confirmed);
            changed["after"] = to_string(mailbox.after);
        }
        if (members.has("poll")) {
            mailbox.poll = std::chrono::seconds(members.number("poll", 5, 3600));
            changed["poll"] = mailbox.poll.count() / 1000;
        }
        auto const account = store::account(c, mailbox.account);
        if (account && account->retrieval == model::Protocol::pop3) check_for_pop3(mailbox);
        check_destination(mailbox);
        store::change_mailbox(c, mailbox);
        if (mailbox.after != found.after) store::change_after_actions(c, mailbox.id, mailbox.after);
        note(c, request.caller, "mailbox.change", mailbox.address, std::move(changed), house.now());
        Names names(c, request.language());
        return view(house, c, names, mailbox_at(c, request.caller.sight, mailbox.address));
    });
    house.hooks.accounts_changed();
    co_return edited_response(body);
}

Answer remove_mailbox(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        check_match(c, request, etag(store::next_version(c, mailbox.id) - 1, mailbox.id.value), "mailbox.",
                    mailbox.address);
        store::remove_mailbox(c, mailbox.id);
        (void)store::end_alarm(c, "after-actions", mailbox.address, house.now());
        note(c, request.caller, "mailbox.remove", mailbox.address, {}, house.now());
    });
    house.hooks.accounts_changed();
    co_return no_content();
}

// Its folder was made anew on the server, with more mail than was expected.
Answer resolve_mailbox(House& house, Request const& request)
{
    auto const as = Members(request.http, {"as"}).text("as");
    if (as != "file" && as != "skip") throw Problem(Trouble::invalid, tr("\"as\" must be file or skip"), "as");
    auto const decision = as == "file" ? model::Unexpected::file : model::Unexpected::skip;
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        if (!store::decide_unexpected(c, mailbox.id, decision, house.now()))
            throw Problem(Trouble::conflict,
                          tr("{} is not stopped: there is nothing to decide about its mail", mailbox.address));
        note(c, request.caller, "mailbox.resolve", mailbox.address, {{"as", as}, {"was", mailbox.state_reason}},
             house.now());
        Names names(c, request.language());
        return view(house, c, names, mailbox_at(c, request.caller.sight, mailbox.address));
    });
    house.hooks.accounts_changed();
    co_return json_response(net::http::status::ok, body);
}

Answer retrieve_once(House& house, Request const& request)
{
    Members const members(request.http, {"mailbox"});
    auto const& sight = request.caller.sight;
    std::optional<std::string> given;
    if (members.has("mailbox")) given = members.text("mailbox", 320);
    auto const addresses = co_await house.store().write([&](store::Connection& c) {
        std::optional<std::vector<std::string>> wanted;
        if (given)
            wanted.emplace({mailbox_at(c, sight, *given, "mailbox").address});
        else if (!sight.all())
            for (wanted.emplace(); auto const& each : store::mailboxes(c, sight)) wanted->push_back(each.address);
        note(c, request.caller, "mailbox.retrieve", given ? wanted->front() : "all", {}, house.now());
        return wanted;
    });
    if (!house.hooks.retrieve_once)
        throw Problem(Trouble::unreachable,
                      tr("this server retrieves no mail: ask a services server, on whose machine `postroom "
                         "retrieve --once` does it"));
    auto const looked = or_problem(co_await house.hooks.retrieve_once(addresses));
    json::array items;
    for (auto const& each : looked) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
}

}  // namespace postroom::console
