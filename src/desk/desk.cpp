#include "desk/desk.hpp"

#include "base/text.hpp"
#include "desk/case-token.hpp"
#include "desk/reading.hpp"
#include "desk/threading.hpp"
#include "store/accounts.hpp"
#include "store/cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postroom::desk {

namespace {

constexpr std::size_t subject_limit = 500;   // octets of a case's subject
constexpr std::size_t references_kept = 50;  // of an activity
constexpr std::size_t note_limit = 1024 * 1024;

std::vector<std::string> as_strings(std::vector<mime::Address> const& addresses)
{
    std::vector<std::string> strings;
    for (auto const& address : addresses) strings.push_back(to_string(address));
    return strings;
}

std::string short_subject(std::string_view subject)
{
    if (subject.size() <= subject_limit) return std::string(subject);
    auto end = subject_limit;
    while (end > 0 && (static_cast<unsigned char>(subject[end]) & 0xC0) == 0x80) --end;
    return std::string(subject.substr(0, end)) + "…";
}

void add_event(store::Connection& c, model::CaseId a_case, std::string_view who, std::string text, Instant now)
{
    store::add_activity(c, {.id = model::ActivityId::make(),
                            .case_id = a_case,
                            .kind = model::ActivityKind::event,
                            .from = std::string(who),
                            .text = std::move(text),
                            .at = now});
}

model::Activity activity_of(model::Message const& message, mime::Mail const& mail, model::CaseId a_case)
{
    model::Activity activity{.id = model::ActivityId::make(),
                             .case_id = a_case,
                             .kind = model::ActivityKind::received,
                             .from = mail.from.empty() ? "" : to_string(mail.from.front()),
                             .to = as_strings(mail.to),
                             .cc = as_strings(mail.cc),
                             .subject = mail.subject,
                             .message_id = mail.message_id,
                             .references = mail.references.empty() ? mail.in_reply_to : mail.references,
                             .text = mail.text,
                             .has_html = !mail.html.empty(),
                             .message = message.id,
                             .body = message.body,
                             .automatic = mail.automatic != mime::Automatic::no,
                             .possible_duplicate = message.possible_duplicate,
                             .reading = reading_of(mail),
                             .at = message.received};
    if (activity.references.size() > references_kept)
        activity.references.erase(activity.references.begin(), activity.references.end() - references_kept);
    for (auto const& part : mail.parts)
        if (!part.shown)
            activity.attachments.push_back({.name = part.name,
                                            .type = part.type,
                                            .size = part.size,
                                            .content_id = part.in_html ? part.content_id : "",
                                            .part = part.number});
    return activity;
}

void show_header_only(model::Activity& activity, std::string_view because)
{
    activity.text =
        fmt::format("Only the header of this mail is shown: {}. The original mail has all of it.\n", because);
    activity.has_html = false;
    activity.attachments.clear();
    activity.reading.clear();
}

// The customer is whom an answer goes to.
model::Case new_case_of(model::Mailbox const& mailbox, mime::Mail const& mail, Instant now)
{
    auto const& who = mail.reply_to.empty() ? mail.from : mail.reply_to;
    model::Case a_case{.id = model::CaseId::make(),
                       .department = mailbox.department,
                       .mailbox = mailbox.id,
                       .subject = short_subject(mail.subject),
                       .created = now,
                       .updated = now};
    if (!who.empty()) {
        a_case.customer = who.front().address;
        a_case.customer_name = who.front().name;
        if (a_case.customer_name.empty() && !mail.from.empty()) a_case.customer_name = mail.from.front().name;
    }
    return a_case;
}

Result<void> set_state(store::Connection& c, model::CaseId id, model::CaseState state, std::string_view who,
                       Instant now)
{
    auto const a_case = store::case_by_id(c, id);
    if (!a_case) return failure(Trouble::not_found, "there is no such case");
    std::string_view const word = state == model::CaseState::open ? "open" : "closed";
    if (a_case->state == state)
        return failure(Trouble::conflict, fmt::format("case {} is {} already", a_case->number, word));
    store::set_case_state(c, id, state, now);
    add_event(c, id, who, fmt::format("{} by {}", state == model::CaseState::open ? "Reopened" : "Closed", who), now);
    return {};
}

}  // namespace

Result<Filed> file_mail(store::Connection& c, model::Message const& message, mime::Mail const& mail,
                        std::string_view token_key, Instant now, Shown shown, std::string_view because)
{
    auto const mailbox = store::mailbox(c, message.mailbox);
    if (!mailbox) return failure(Trouble::not_found, "the mailbox that this mail came to was removed");

    Filed filed;
    auto const found = case_answered_by(c, mailbox->department, mail, message.possible_duplicate, token_key);
    if (found) {
        filed.case_id = found->id;
        filed.number = found->number;
        filed.reopened = found->state == model::CaseState::closed &&
                         (shown == Shown::failed || (shown != Shown::late && mail.automatic == mime::Automatic::no));
    } else {
        auto const a_case = new_case_of(*mailbox, mail, now);
        filed.case_id = a_case.id;
        filed.number = store::add_case(c, a_case);
        filed.new_case = true;
    }
    auto activity = activity_of(message, mail, filed.case_id);
    filed.activity = activity.id;
    if (shown == Shown::header) show_header_only(activity, because);
    if (shown == Shown::failed || shown == Shown::late) activity.automatic = true;
    store::add_activity(c, activity);
    if (found && shown == Shown::late) store::set_turn(c, found->id, found->waiting_for_us);
    if (filed.reopened) {
        store::set_case_state(c, filed.case_id, model::CaseState::open, now);
        add_event(
            c, filed.case_id, {},
            shown == Shown::failed ? "Reopened, since mail could not be delivered" : "Reopened by the customer's mail",
            now);
    }
    return filed;
}

Result<model::ActivityId> add_note(store::Connection& c, model::CaseId a_case, std::string_view text,
                                   std::string_view who, Instant now)
{
    auto const found = store::case_by_id(c, a_case);
    if (!found) return failure(Trouble::not_found, "there is no such case");
    if (trim(text).empty()) return failure(Trouble::invalid, "the note is empty");
    if (text.size() > note_limit) return failure(Trouble::limit, "the note is longer than 1 MiB");
    model::Activity const note{.id = model::ActivityId::make(),
                               .case_id = a_case,
                               .kind = model::ActivityKind::note,
                               .from = std::string(who),
                               .text = to_valid_utf8(text),
                               .at = now};
    store::add_activity(c, note);
    return note.id;
}

Result<void> close_case(store::Connection& c, model::CaseId a_case, std::string_view who, Instant now)
{
    return set_state(c, a_case, model::CaseState::closed, who, now);
}

Result<void> reopen_case(store::Connection& c, model::CaseId a_case, std::string_view who, Instant now)
{
    return set_state(c, a_case, model::CaseState::open, who, now);
}

}  // namespace postroom::desk
