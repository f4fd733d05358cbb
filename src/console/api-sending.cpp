// How mail is sent: what an account's server allows, what a department signs with, where answers to a mailbox go, and
// templates.
#include "console/api.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "desk/answer.hpp"
#include "store/accounts.hpp"
#include "store/mailboxes.hpp"
#include "store/sending.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postroom::console {

namespace {

using net::http::status;

constexpr std::int64_t most = 1'000'000;
constexpr std::size_t longest_signature = 64 * 1024;
constexpr std::size_t longest_template = 256 * 1024;
constexpr std::size_t most_templates = 500;

json::value number(std::optional<std::int64_t> value)
{
    return value ? json::value(*value) : json::value();
}

json::object limits(model::AccountSending const& sending)
{
    return {{"messages_a_minute", number(sending.messages_a_minute)},
            {"recipients_a_day", number(sending.recipients_a_day)},
            {"connections", number(sending.connections)},
            {"recipients_a_message", number(sending.recipients_a_message)}};
}

json::object view(model::AccountSending const& sending, model::Account const& account)
{
    auto shown = limits(sending);
    shown["account"] = account.name;
    shown["sent_folder"] = sending.sent_folder;
    shown["append_sent"] = sending.append_sent;
    shown["defaults"] = limits(model::default_sending(account.submission_server.host));
    shown["etag"] = etag(sending.version, account.id.value);
    return shown;
}

json::object view(model::DepartmentSending const& sending, model::Department const& department)
{
    return {{"department", department.name},
            {"signature", sending.signature},
            {"signature_html", sending.signature_html},
            {"patience", sending.patience.count() / 60'000},
            {"etag", etag(sending.version, department.id.value)}};
}

json::object view(model::MailboxSending const& sending, model::Mailbox const& mailbox)
{
    return {{"mailbox", mailbox.address},
            {"reply_to", sending.reply_to},
            {"etag", etag(sending.version, mailbox.id.value)}};
}

json::object view(model::ReplyTemplate const& each)
{
    return {{"name", each.name},
            {"subject", each.subject},
            {"text", each.text},
            {"html", each.html},
            {"etag", etag(each.version, each.department.value)}};
}

// What stands in commands, URLs and pages without being mistaken for anything else.
bool may_be_a_name(std::string_view name)
{
    return !name.empty() && name.size() <= 128 && name.find_first_of("\"<>%/") == name.npos &&
           std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

void take(Members const& members, std::string_view member, std::optional<std::int64_t>& limit, std::int64_t least)
{
    if (members.has(member)) limit = members.number_or(member, 0, least, most);
}

}  // namespace

Answer show_account_sending(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const account = account_named(c, request.caller.sight, request.path("name"));
        return view(store::account_sending(c, account.id), account);
    });
    co_return edited_response(body);
}

Answer set_account_sending(House& house, Request const& request)
{
    Members const members(request.http, {"messages_a_minute", "recipients_a_day", "connections", "recipients_a_message",
                                         "sent_folder", "append_sent"});
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const account = account_named(c, request.caller.sight, request.path("name"));
        auto sending = store::account_sending(c, account.id);
        check_match(c, request, etag(sending.version, account.id.value), "sending.", account.name);
        take(members, "messages_a_minute", sending.messages_a_minute, 0);
        take(members, "recipients_a_day", sending.recipients_a_day, 0);
        take(members, "connections", sending.connections, 1);
        take(members, "recipients_a_message", sending.recipients_a_message, 1);
        sending.sent_folder = members.text_or("sent_folder", sending.sent_folder, 255);
        sending.append_sent = members.flag_or("append_sent", sending.append_sent);
        sending.version = store::set_account_sending(c, sending);
        auto shown = view(sending, account);
        auto detail = limits(sending);
        detail["sent_folder"] = sending.sent_folder;
        detail["append_sent"] = sending.append_sent;
        note(c, request.caller, "sending.account", account.name, std::move(detail), house.now());
        return shown;
    });
    house.hooks.mail_queued();
    co_return edited_response(body);
}

Answer show_department_sending(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        return view(store::department_sending(c, department.id), department);
    });
    co_return edited_response(body);
}

Answer set_department_sending(House& house, Request const& request)
{
    Members const members(request.http, {"signature", "signature_html", "patience"});
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        auto sending = store::department_sending(c, department.id);
        check_match(c, request, etag(sending.version, department.id.value), "sending.", department.name);
        sending.signature = members.text_or("signature", sending.signature, longest_signature);
        sending.signature_html = members.text_or("signature_html", sending.signature_html, longest_signature);
        if (members.has("patience"))
            sending.patience = std::chrono::minutes(members.number("patience", 1, 60 * 24 * 14));
        sending.version = store::set_department_sending(c, sending);
        note(c, request.caller, "sending.department", department.name,
             {{"patience", sending.patience.count() / 60'000}, {"signature", sending.signature.size()}}, house.now());
        return view(sending, department);
    });
    co_return edited_response(body);
}

Answer show_mailbox_sending(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        return view(store::mailbox_sending(c, mailbox.id), mailbox);
    });
    co_return edited_response(body);
}

Answer set_mailbox_sending(House& house, Request const& request)
{
    Members const members(request.http, {"reply_to"});
    auto const reply_to = members.text_or("reply_to", "", 500);
    if (!reply_to.empty()) (void)or_problem(mime::parse_address(reply_to), "reply_to");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        auto sending = store::mailbox_sending(c, mailbox.id);
        check_match(c, request, etag(sending.version, mailbox.id.value), "sending.", mailbox.address);
        sending.reply_to = reply_to;
        sending.version = store::set_mailbox_sending(c, sending);
        note(c, request.caller, "sending.mailbox", mailbox.address, {{"reply_to", reply_to}}, house.now());
        return view(sending, mailbox);
    });
    co_return edited_response(body);
}

Answer list_templates(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        json::array found;
        for (auto const& each : store::reply_templates(c, department.id)) found.emplace_back(view(each));
        return found;
    });
    co_return items_response(std::move(items));
}

Answer set_template(House& house, Request const& request)
{
    Members const members(request.http, {"subject", "text", "html"});
    model::ReplyTemplate given;
    given.name = request.path("template");
    if (!may_be_a_name(given.name))
        throw Problem(Trouble::not_found,
                      tr("no template can have that name: it has 1 to 128 octets, and none of {}", "\" < > % /"));
    given.subject = members.text_or("subject", "", 998);
    given.text = members.text("text", longest_template);
    given.html = members.text_or("html", "", longest_template);
    for (auto const& [member, words] :
         {std::pair{"text", &given.text}, {"html", &given.html}, {"subject", &given.subject}})
        (void)or_problem(desk::fill(*words, desk::template_fields()), member);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        given.department = department.id;
        auto const there = store::reply_templates(c, department.id);
        auto const before = std::ranges::find(there, given.name, &model::ReplyTemplate::name);
        if (before == there.end() && there.size() >= most_templates)
            throw Problem(Trouble::limit, tr("a department may have {} templates", most_templates));
        check_match(c, request, etag(before == there.end() ? 0 : before->version, department.id.value), "template.",
                    given.name);
        given.version = store::set_reply_template(c, given);
        note(c, request.caller, "template.set", given.name, {{"department", department.name}}, house.now());
        return view(given);
    });
    co_return edited_response(body);
}

Answer remove_template(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        if (!store::remove_reply_template(c, department.id, request.path("template")))
            throw Problem(Trouble::not_found, tr("the department has no template \"{}\"", request.path("template")));
        note(c, request.caller, "template.remove", request.path("template"), {{"department", department.name}},
             house.now());
    });
    co_return no_content();
}

}  // namespace postroom::console
