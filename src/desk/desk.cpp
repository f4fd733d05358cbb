#include "desk/desk.hpp"

#include "base/text.hpp"
#include "desk/acknowledgement.hpp"
#include "desk/history.hpp"
#include "desk/reading.hpp"
#include "desk/reports.hpp"
#include "desk/threading.hpp"
#include "store/cases.hpp"
#include "store/changes.hpp"
#include "store/mailboxes.hpp"
#include "store/messages.hpp"

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

constexpr int longest_chain = 20;  // of cases that follow each other

// The case that the mail goes into, of the one that it answers: nothing where that was closed too long ago, and so was
// each that follows it. `newest` is the last of them then.
std::optional<model::Case> gone_on_with(store::Connection& c, model::Case const& answered, Duration reopening,
                                        Instant now, model::Case& newest)
{
    newest = answered;
    for (int i = 0; i < longest_chain; ++i) {
        if (reopening == Duration(0) || !newest.closed || now - *newest.closed < reopening) return newest;
        auto next = store::case_following(c, newest.number);
        if (!next || next->department != answered.department) return std::nullopt;
        newest = *std::move(next);
    }
    return newest;
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

Tells tells(Shown shown)
{
    if (shown == Shown::failed) return Tells::failed;
    return shown == Shown::late ? Tells::delayed : Tells::nothing;
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

Result<Filed> file_mail(store::Connection& c, model::Message const& message, mime::Mail const& mail, Terms const& terms,
                        Instant now, Shown shown, std::string_view because)
{
    auto const mailbox = store::mailbox(c, message.mailbox);
    if (!mailbox) return failure(Trouble::not_found, "the mailbox that this mail came to was removed");

    Filed filed;
    auto found = case_answered_by(c, mailbox->department, mail, message.possible_duplicate, terms.tokens);
    // What a machine says belongs to what it speaks of, however old that is.
    bool const by_a_person = mail.automatic == mime::Automatic::no && shown != Shown::failed && shown != Shown::late;
    std::optional<model::Case> ended;
    if (found && by_a_person && found->state == model::CaseState::closed) {
        model::Case newest;
        found = gone_on_with(c, *found, terms.reopening, now, newest);
        if (!found) ended = newest;
    }
    filed.case_id = found ? found->id : model::CaseId::make();
    auto activity = activity_of(message, mail, filed.case_id);
    filed.activity = activity.id;
    if (shown == Shown::header) show_header_only(activity, because);
    if (shown == Shown::failed || shown == Shown::late) activity.automatic = true;
    if (found) {
        filed.number = found->number;
        filed.reopened = found->state == model::CaseState::closed && (shown == Shown::failed || by_a_person);
        store::add_activity(c, activity);
    } else {
        auto a_case = new_case_of(*mailbox, mail, now);
        a_case.id = filed.case_id;
        if (ended) a_case.follows = ended->number;
        filed.number = store::add_case(c, std::move(a_case), activity);
        filed.new_case = true;
    }
    note_report(c, filed.case_id, mail, tells(shown), because, now);
    if (found && shown == Shown::late) store::set_turn(c, found->id, found->waiting_for_us);
    if (filed.reopened) {
        store::set_case_state(c, filed.case_id, model::CaseState::open, now);
        add_event(
            c, filed.case_id, {},
            shown == Shown::failed ? "Reopened, since mail could not be delivered" : "Reopened by the customer's mail",
            now);
    }
    if (ended) {
        add_event(c, filed.case_id, {},
                  fmt::format("Opened by an answer to case {}, which had been closed for long", ended->number), now);
        add_event(c, ended->id, {}, fmt::format("The customer answered, and case {} was opened", filed.number), now);
    }
    filed.acknowledged =
        acknowledge(c, terms, *mailbox, {.filed = filed, .message = message, .mail = mail, .shown = shown}, now);
    return filed;
}

Result<Filed> file_unread(store::Connection& c, model::Message const& message, std::optional<model::CaseId> into,
                          std::string_view who, Instant now)
{
    auto const mailbox = store::mailbox(c, message.mailbox);
    if (!mailbox) return failure(Trouble::not_found, "the mailbox that this mail came to was removed");
    mime::Mail const nothing;
    Filed filed;
    if (into) {
        auto const found = store::case_by_id(c, *into);
        if (!found) return failure(Trouble::not_found, "there is no such case");
        if (found->department != mailbox->department)
            return failure(Trouble::invalid, tr("case {} is of another department than this mail", found->number));
        filed.case_id = found->id;
        filed.number = found->number;
        filed.reopened = found->state == model::CaseState::closed;
    } else {
        auto const a_case = new_case_of(*mailbox, nothing, now);
        filed.case_id = a_case.id;
        filed.number = store::add_case(c, a_case);
        filed.new_case = true;
    }
    auto activity = activity_of(message, nothing, filed.case_id);
    activity.reading.clear();
    activity.text =
        fmt::format("This mail could not be read: {}. The original mail has all of it.\n", message.exception);
    filed.activity = activity.id;
    store::add_activity(c, activity);
    if (filed.reopened) store::set_case_state(c, filed.case_id, model::CaseState::open, now);
    add_event(c, filed.case_id, who, fmt::format("Mail was filed out of the exception queue by {}", who), now);
    store::exception_changed(c, message.id, "removed");
    store::triage_done(c, message.id);
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
