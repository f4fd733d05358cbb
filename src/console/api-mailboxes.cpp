// Mailboxes, and retrieving from them at once.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "mime/compose.hpp"
#include "store/accounts.hpp"

#include <fmt/format.h>

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
        throw Problem(
            Trouble::invalid,
            fmt::format("\"{}\" is no baseline: now, all, or a number of days such as 7d", printable(text, 64)),
            "baseline");
    return now - std::chrono::days(days);
}

void check_line(std::string_view text, std::string_view field)
{
    for (char const c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            throw Problem(Trouble::invalid, fmt::format("the member \"{}\" has a control character", field),
                          std::string(field));
}

json::object view(store::Connection& c, Names& names, model::Mailbox const& mailbox)
{
    return to_json(mailbox, names, store::ledger_counts(c, mailbox.id));
}

}  // namespace

Answer list_mailboxes(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([](store::Connection& c) {
        Names names(c);
        json::array found;
        for (auto const& each : store::mailboxes(c)) found.emplace_back(view(c, names, each));
        return found;
    });
    co_return items_response(std::move(items));
}

Answer add_mailbox(House& house, Request const& request)
{
    Members const members(request.http,
                          {"address", "account", "display_name", "folder", "baseline", "after", "after_folder"});
    auto const now = house.now();
    model::Mailbox mailbox;
    mailbox.id = model::MailboxId::make();
    mailbox.address = to_lower(trim(members.name("address", 320)));
    or_problem(mime::check_address(mailbox.address), "address");
    mailbox.display_name = std::string(trim(members.text_or("display_name", "", 128)));
    check_line(mailbox.display_name, "display_name");
    mailbox.folder = members.text_or("folder", "INBOX", 256);
    check_line(mailbox.folder, "folder");
    mailbox.baseline = baseline(members.text_or("baseline", "now"), now);
    mailbox.after = or_problem(model::parse_after_action(members.text_or("after", "move")), "after");
    mailbox.after_folder = members.text_or("after_folder", "Postroom", 256);
    check_line(mailbox.after_folder, "after_folder");
    mailbox.created = mailbox.state_since = now;
    auto const account_name = members.text("account");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const account = account_named(c, account_name, "account");
        mailbox.account = account.id;
        mailbox.department = account.department;
        if (store::mailbox_at(c, mailbox.address))
            throw Problem(Trouble::conflict, fmt::format("there is a mailbox {} already", mailbox.address), "address");
        if (auto const others = store::mailboxes_of(c, account.id);
            account.kind == model::AccountKind::mailbox && !others.empty())
            throw Problem(Trouble::conflict,
                          fmt::format("the account {} is of the kind mailbox and has its own, {}; for several, add an "
                                      "account of the kind shared",
                                      account.name, others.front().address),
                          "account");
        store::add_mailbox(c, mailbox);
        note(c, request.caller, "mailbox.add", mailbox.address,
             {{"account", account.name},
              {"baseline", to_rfc3339(mailbox.baseline)},
              {"after", std::string(to_string(mailbox.after))}},
             now);
        Names names(c);
        return view(c, names, mailbox);
    });
    house.hooks.accounts_changed();
    co_return json_response(net::http::status::created, body);
}

Answer retrieve_once(House& house, Request const& request)
{
    Members const members(request.http, {"mailbox"});
    std::optional<std::string> address;
    if (members.has("mailbox")) address = members.text("mailbox", 320);
    co_await house.store().write([&](store::Connection& c) {
        if (address) address = mailbox_at(c, *address, "mailbox").address;
        note(c, request.caller, "mailbox.retrieve", address.value_or("all"), {}, house.now());
    });
    if (!house.hooks.retrieve_once) throw Problem(Trouble::unreachable, "no retriever works beside this console");
    auto const looked = or_problem(co_await house.hooks.retrieve_once(address));
    json::array items;
    for (auto const& each : looked) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
}

}  // namespace postroom::console
