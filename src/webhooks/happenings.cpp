#include "webhooks/happenings.hpp"

#include "base/text.hpp"
#include "store/cases.hpp"
#include "store/changes.hpp"
#include "store/webhooks.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <set>

namespace postroom::webhooks {

namespace json = boost::json;

namespace {

constexpr int at_once = 500;
// A case that changes tells of its mails that nobody was told of. What is older was told long ago, and forgotten.
constexpr std::chrono::hours lately{7 * 24};

json::string text(std::string_view bytes)
{
    return json::string(to_valid_utf8(bytes));
}

json::value case_or_null(std::int64_t number)
{
    if (number == 0) return nullptr;
    return number;
}

void filed(store::Connection& c, store::FiledMail const& mail)
{
    json::object const data{{"message", mail.message},
                            {"mailbox", text(mail.mailbox)},
                            {"department", text(mail.department)},
                            {"case", case_or_null(mail.case_number)},
                            {"from", text(mail.from)},
                            {"subject", text(mail.subject)},
                            {"message_id", text(mail.message_id)}};
    store::queue_event(c, "mail-filed", mail.message, json::serialize(data), mail.filed);
}

void case_changed(store::Connection& c, std::string_view subject, bool opened)
{
    std::int64_t number = 0;
    std::from_chars(subject.data(), subject.data() + subject.size(), number);
    auto const found = store::case_numbered(c, number);
    if (!found) return;
    auto const mails = store::filed_in_case(c, number, c.now() - lately);
    if (opened) {
        json::object const data{{"case", number},
                                {"department", mails.empty() ? json::value(nullptr) : text(mails.front().department)},
                                {"subject", text(found->subject)},
                                {"customer", text(found->customer)},
                                {"customer_name", text(found->customer_name)}};
        store::queue_event(c, "case-opened", subject, json::serialize(data), found->created);
    }
    for (auto const& each : mails) filed(c, each);
}

void outbound_changed(store::Connection& c, std::string_view id)
{
    auto const mail = store::sent_mail(c, id);
    if (!mail) return;
    bool const sent = mail->state == model::OutboundState::sent;
    if (!sent && mail->state != model::OutboundState::failed) return;
    json::array recipients;
    for (auto const& each : mail->recipients) recipients.emplace_back(text(each));
    json::object const data{{"outbound", id},
                            {"case", case_or_null(mail->case_number)},
                            {"mailbox", text(mail->mailbox)},
                            {"department", text(mail->department)},
                            {"recipients", std::move(recipients)},
                            {"message_id", text(mail->message_id)},
                            {"reason", text(mail->reason)}};
    // What failed may be sent again, and fail again.
    auto const subject = sent ? std::string(id) : fmt::format("{}/{}", id, mail->attempt);
    store::queue_event(c, sent ? "reply-sent" : "reply-failed", subject, json::serialize(data), mail->updated);
}

}  // namespace

bool take_in_changes(store::Connection& c)
{
    auto const last = store::last_change(c);
    auto from = store::read_until(c);
    if (from == last) return false;
    if (store::webhooks(c).empty()) return false;
    if (from > last) from = 0;  // they are counted anew in a store that is a copy
    auto const changes = store::changes_after(c, from, at_once);
    std::set<std::string> cases;
    std::set<std::string> opened;
    std::set<std::string> outbounds;
    for (auto const& each : changes) {
        if (each.what == "case" && each.kind != "removed") cases.insert(each.subject);
        if (each.what == "case" && each.kind == "added") opened.insert(each.subject);
        if (each.what == "outbound") outbounds.insert(each.subject);
        if (each.what == "exception" && each.kind == "added")
            if (auto const mail = store::filed_exception(c, each.subject)) filed(c, *mail);
    }
    for (auto const& each : cases) case_changed(c, each, opened.contains(each));
    for (auto const& each : outbounds) outbound_changed(c, each);
    store::set_read_until(c, changes.empty() ? last : changes.back().number);
    return static_cast<int>(changes.size()) == at_once;
}

}  // namespace postroom::webhooks
