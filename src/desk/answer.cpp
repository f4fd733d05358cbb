// The way out, drafted: whom an agent's words go to, in which thread, above what.
#include "desk/answer.hpp"
#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "mime/quote.hpp"
#include "store/bodies.hpp"
#include "store/cases.hpp"
#include "store/mailboxes.hpp"
#include "store/outbound.hpp"
#include "store/people.hpp"
#include "store/sending.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <utility>

namespace postroom::desk {

namespace {

constexpr std::size_t references_sent =
    20;  // the first and the newest: RFC 5322 section 3.6.4 wants the thread, not all
constexpr std::size_t answered_at_once = 100;  // whom "all" means, of a mail that has more
constexpr std::size_t subject_limit = 230;     // characters; Exchange Online takes 255 with the token and "Re:"

Result<std::vector<mime::Address>> parse_all(std::vector<std::string> const& texts)
{
    std::vector<mime::Address> addresses;
    for (auto const& text : texts) {
        auto address = mime::parse_address(text);
        if (!address) return std::unexpected(address.error());
        addresses.push_back(*std::move(address));
    }
    return addresses;
}

std::vector<std::string> as_strings(std::vector<mime::Address> const& addresses)
{
    std::vector<std::string> strings;
    for (auto const& address : addresses) strings.push_back(to_string(address));
    return strings;
}

std::int64_t attached(std::vector<mime::AttachedFile> const& files)
{
    std::int64_t octets = 0;
    for (auto const& file : files) octets += static_cast<std::int64_t>(file.bytes.size());
    return octets;
}

// The department's signature beneath the words (RFC 3676 section 4.3).
void sign(store::Connection& c, model::DepartmentId department, mime::Draft& draft)
{
    auto const sending = store::department_sending(c, department);
    if (trim(sending.signature).empty()) return;
    if (!draft.text.ends_with('\n')) draft.text += '\n';
    draft.text += "\n-- \n" + sending.signature;
    if (draft.html.empty()) return;
    draft.html += "\n<p>-- <br>\n" +
                  (sending.signature_html.empty() ? mime::html_of_text(sending.signature) : sending.signature_html) +
                  "</p>\n";
}

void put_beneath(mime::Draft& draft, std::string_view introduction, model::Activity const& original)
{
    if (!draft.text.ends_with('\n')) draft.text += '\n';
    draft.text += '\n' + mime::quoted_text(introduction, original.text);
    if (!draft.html.empty()) draft.html += mime::quoted_html(introduction, original.text);
}

template <class Words>
Result<mime::Draft> draft_of(Words const& words)
{
    auto to = parse_all(words.to);
    if (!to) return std::unexpected(to.error());
    auto cc = parse_all(words.cc);
    if (!cc) return std::unexpected(cc.error());
    auto bcc = parse_all(words.bcc);
    if (!bcc) return std::unexpected(bcc.error());
    return mime::Draft{.to = *std::move(to),
                       .cc = *std::move(cc),
                       .bcc = *std::move(bcc),
                       .text = words.text,
                       .html = words.html,
                       .attachments = words.attachments};
}

// The customer's last mail; one that a machine sent only where there is no other.
model::Activity const* last_received(std::vector<model::Activity> const& activities)
{
    model::Activity const* automatic = nullptr;
    for (auto activity = activities.rbegin(); activity != activities.rend(); ++activity) {
        if (activity->kind != model::ActivityKind::received) continue;
        if (!activity->automatic) return &*activity;
        if (automatic == nullptr) automatic = &*activity;
    }
    return automatic;
}

// Reply-To is in the mail's own bytes: its header fits into the first chunk, or is cut there.
std::vector<mime::Address> who_wrote(store::Connection& c, model::Activity const* last, model::Case const& a_case)
{
    std::vector<mime::Address> who;
    if (last != nullptr && last->body)
        for (auto& address : mime::answer_to(store::read_chunk(c, *last->body, 0)))
            if (mime::check_address(address.address)) who.push_back(std::move(address));
    if (who.empty() && mime::check_address(a_case.customer))
        who.push_back({.name = a_case.customer_name, .address = a_case.customer});
    if (who.size() > 10) who.resize(10);  // nobody means to write to more than that by pressing Reply
    return who;
}

// "Re:" once; a customer's own program may have written it in his language, and the token behind it does the rest.
std::string prefixed(std::string_view prefix, std::string_view subject)
{
    auto words = std::string(trim(subject));
    if (!starts_ignoring_case(words, prefix)) words = fmt::format("{} {}", prefix, words);
    std::size_t characters = 0;
    for (std::size_t at = 0; at < words.size(); ++at)
        if ((static_cast<unsigned char>(words[at]) & 0xC0) != 0x80 && ++characters > subject_limit) {
            words.resize(at);
            words += "…";
            break;
        }
    return words;
}

std::vector<std::string> thread_of(model::Activity const& last)
{
    std::vector<std::string> ids;
    for (auto const& id : last.references)
        if (mime::is_message_id(id)) ids.push_back(id);
    if (mime::is_message_id(last.message_id)) ids.push_back(last.message_id);
    if (ids.size() > references_sent) ids.erase(ids.begin() + 1, ids.end() - (references_sent - 1));
    return ids;
}

// Everybody else whom the mail was to, but for those that are in the list already, and for ourselves.
std::vector<mime::Address> everybody_else(store::Connection& c, model::Activity const& mail,
                                          std::vector<mime::Address> const& already)
{
    std::vector<mime::Address> others;
    auto const is = [](mime::Address const& one) {
        return [&one](mime::Address const& other) { return equal_ignoring_case(one.address, other.address); };
    };
    for (auto const* list : {&mail.to, &mail.cc})
        for (auto const& text : *list) {
            auto address = mime::parse_address(text);
            if (!address || store::mailbox_at(c, address->address) || std::ranges::any_of(already, is(*address)) ||
                std::ranges::any_of(others, is(*address)))
                continue;
            if (others.size() < answered_at_once) others.push_back(*std::move(address));
        }
    return others;
}

struct Ground {
    model::Case a_case;
    model::Mailbox mailbox;
    std::vector<model::Activity> activities;
    model::Activity const* about = nullptr;  // the mail that is answered or sent on; none where a case has none
};

}  // namespace

Result<model::Mailbox> mailbox_of(store::Connection& c, model::Case const& a_case)
{
    auto mailbox = store::mailbox(c, a_case.mailbox);
    if (!mailbox)
        return failure(Trouble::not_found, tr("the mailbox of this case was removed; it can't be answered from it"));
    return *std::move(mailbox);
}

namespace {

Result<Ground> ground_of(store::Connection& c, model::CaseId id, std::optional<model::ActivityId> about)
{
    auto const a_case = store::case_by_id(c, id);
    if (!a_case) return failure(Trouble::not_found, tr("there is no such case"));
    auto const mailbox = mailbox_of(c, *a_case);
    if (!mailbox) return std::unexpected(mailbox.error());
    Ground ground{.a_case = *a_case, .mailbox = *mailbox, .activities = store::activities_of(c, id)};
    if (!about) {
        ground.about = last_received(ground.activities);
        return ground;
    }
    auto const found = std::ranges::find(ground.activities, *about, &model::Activity::id);
    bool const mail = found != ground.activities.end() &&
                      (found->kind == model::ActivityKind::received || found->kind == model::ActivityKind::sent);
    if (!mail) return failure(Trouble::not_found, tr("the case has no such mail"));
    ground.about = &*found;
    return ground;
}

// A mail of ours is answered to whom it was to.
Result<void> address_answer(store::Connection& c, Ground const& ground, Audience audience, mime::Draft& draft)
{
    auto const* const about = ground.about;
    bool const named = !draft.to.empty();
    if (!named && about != nullptr && about->kind == model::ActivityKind::sent) {
        for (auto const& text : about->to)
            if (auto address = mime::parse_address(text)) draft.to.push_back(*std::move(address));
    } else if (!named) {
        draft.to = who_wrote(c, about, ground.a_case);
    }
    if (draft.to.empty() && draft.cc.empty())
        return failure(Trouble::invalid, tr("the customer's mail has no address that can be answered; say to whom"));
    if (named || audience != Audience::all || about == nullptr) return {};
    auto already = draft.to;
    already.insert(already.end(), draft.cc.begin(), draft.cc.end());
    for (auto& address : everybody_else(c, *about, already)) draft.cc.push_back(std::move(address));
    return {};
}

std::string quote_introduction(store::Connection& c, model::Activity const& original)
{
    Fields const fields{{"date", to_readable(original.at)}, {"from", original.from}};
    auto const words = fill(store::setting(c, "quote-introduction"), fields);
    return words ? *words : original.from;
}

std::string joined(std::vector<std::string> const& texts)
{
    return fmt::format("{}", fmt::join(texts, ", "));
}

// As mail programs head what they send on.
std::string forward_introduction(model::Activity const& original)
{
    auto words = fmt::format("---------- Forwarded message ----------\nFrom: {}\nDate: {}\nSubject: {}\nTo: {}",
                             original.from, to_readable(original.at), original.subject, joined(original.to));
    if (!original.cc.empty()) words += "\nCc: " + joined(original.cc);
    return words + "\n";
}

Result<void> attach_those_of(store::Connection& c, model::Activity const& original,
                             std::vector<mime::AttachedFile>& files)
{
    if (original.attachments.empty() || !original.body) return {};
    auto octets = attached(files);
    for (auto const& each : original.attachments) octets += each.size;
    if (octets > most_attached)
        return failure(Trouble::limit,
                       tr("the files come to {} octets with those of the mail, and a mail of ours may have {}", octets,
                          most_attached));
    auto const bytes = store::read_body(c, *original.body);
    for (auto const& each : original.attachments) {
        auto part = mime::part(bytes, each.part);
        if (!part) return std::unexpected(part.error());
        files.push_back({.name = each.name, .type = each.type, .bytes = std::move(part->bytes)});
    }
    return {};
}

// From, Date, Message-ID and Reply-To are made last.
Result<Drafted> finished(store::Connection& c, model::Mailbox const& mailbox, model::CaseId a_case, std::int64_t number,
                         mime::Draft draft, Instant now, std::optional<Instant> not_before = {})
{
    if (attached(draft.attachments) > most_attached)
        return failure(Trouble::limit, tr("the files come to {} octets, and a mail of ours may have {}",
                                          attached(draft.attachments), most_attached));
    draft.from = {.name = mailbox.display_name, .address = mailbox.address};
    draft.date = std::max(now, not_before.value_or(now));
    draft.message_id = mime::make_message_id(mailbox.address);
    if (auto const reply_to = store::mailbox_sending(c, mailbox.id).reply_to;
        !reply_to.empty() && draft.reply_to.empty())
        if (auto address = mime::parse_address(reply_to)) draft.reply_to.push_back(*std::move(address));
    return Drafted{.mailbox = mailbox,
                   .case_id = a_case,
                   .number = number,
                   .draft = std::move(draft),
                   .not_before = not_before,
                   .now = now};
}

Result<Queued> written_and_queued(store::Connection& c, Result<Drafted> drafted)
{
    if (!drafted) return std::unexpected(drafted.error());
    auto const written = write_down(*std::move(drafted));
    if (!written) return std::unexpected(written.error());
    return queue(c, *written);
}

}  // namespace

Result<Queued> queue_mail(store::Connection& c, model::Mailbox const& mailbox, model::CaseId a_case,
                          std::int64_t number, mime::Draft draft, Instant now)
{
    return written_and_queued(c, finished(c, mailbox, a_case, number, std::move(draft), now));
}

Result<Drafted> draft(store::Connection& c, Reply const& reply, CaseTokens const& tokens, Instant now)
{
    if (trim(reply.text).empty()) return failure(Trouble::invalid, tr("the answer is empty"));
    auto const ground = ground_of(c, reply.case_id, reply.answers);
    if (!ground) return std::unexpected(ground.error());
    auto draft = draft_of(reply);
    if (!draft) return std::unexpected(draft.error());
    if (auto const addressed = address_answer(c, *ground, reply.audience, *draft); !addressed)
        return std::unexpected(addressed.error());
    auto const& a_case = ground->a_case;
    draft->subject = add_case_token(prefixed("Re:", a_case.subject), a_case.number, tokens);
    if (reply.sign) sign(c, a_case.department, *draft);
    if (auto const* const about = ground->about) {
        draft->references = thread_of(*about);
        if (mime::is_message_id(about->message_id)) draft->in_reply_to = about->message_id;
        if (reply.quote) put_beneath(*draft, quote_introduction(c, *about), *about);
    }
    return finished(c, ground->mailbox, a_case.id, a_case.number, *std::move(draft), now, reply.not_before);
}

Result<Queued> reply(store::Connection& c, Reply const& reply, CaseTokens const& tokens, Instant now)
{
    return written_and_queued(c, draft(c, reply, tokens, now));
}

Result<Drafted> draft(store::Connection& c, Forward const& forward, CaseTokens const& tokens, Instant now)
{
    auto const ground = ground_of(c, forward.case_id, forward.what);
    if (!ground) return std::unexpected(ground.error());
    if (ground->about == nullptr) return failure(Trouble::invalid, tr("the case has no mail that could be sent on"));
    auto const& original = *ground->about;
    auto draft = draft_of(forward);
    if (!draft) return std::unexpected(draft.error());
    if (draft->to.empty()) return failure(Trouble::invalid, tr("say to whom the mail goes"));
    auto const& a_case = ground->a_case;
    draft->subject = add_case_token(prefixed("Fwd:", original.subject), a_case.number, tokens);
    // The thread goes on, and so does whoever answers in it.
    draft->references = thread_of(original);
    if (forward.sign && !trim(draft->text).empty()) sign(c, a_case.department, *draft);
    auto const introduction = forward_introduction(original);
    if (!draft->text.empty() && !draft->text.ends_with('\n')) draft->text += '\n';
    draft->text += (draft->text.empty() ? "" : "\n") + introduction + '\n' + original.text;
    if (!draft->html.empty()) draft->html += mime::quoted_html(introduction, original.text);
    if (forward.with_attachments)
        if (auto const attached = attach_those_of(c, original, draft->attachments); !attached)
            return std::unexpected(attached.error());
    return finished(c, ground->mailbox, a_case.id, a_case.number, *std::move(draft), now, forward.not_before);
}

Result<Queued> forward(store::Connection& c, Forward const& forward, CaseTokens const& tokens, Instant now)
{
    return written_and_queued(c, draft(c, forward, tokens, now));
}

Result<Drafted> draft(store::Connection& c, NewMail const& mail, Instant now)
{
    auto const mailbox = store::mailbox(c, mail.mailbox);
    if (!mailbox) return failure(Trouble::not_found, tr("there is no such mailbox"));
    if (trim(mail.text).empty()) return failure(Trouble::invalid, tr("the mail is empty"));
    auto draft = draft_of(mail);
    if (!draft) return std::unexpected(draft.error());
    if (draft->to.empty()) return failure(Trouble::invalid, tr("say to whom the mail goes"));
    draft->subject = mail.subject;
    if (mail.sign) sign(c, mailbox->department, *draft);
    model::Case a_case{.id = model::CaseId::make(),
                       .department = mailbox->department,
                       .mailbox = mailbox->id,
                       .subject = mail.subject,
                       .customer = draft->to.front().address,
                       .customer_name = draft->to.front().name,
                       .waiting_for_us = false,
                       .created = now,
                       .updated = now};
    // No number is taken, and no case left behind, where the mail can't be composed.
    if (auto const sound = mime::check(*draft); !sound) return std::unexpected(sound.error());
    auto drafted = finished(c, *mailbox, a_case.id, 0, *std::move(draft), now, mail.not_before);
    if (drafted) drafted->opens = std::move(a_case);
    return drafted;
}

void number(store::Connection& c, Drafted& drafted, CaseTokens const& tokens)
{
    drafted.number = drafted.opens->number = store::take_case_number(c);
    drafted.draft.subject = add_case_token(drafted.draft.subject, drafted.number, tokens);
}

Result<Queued> new_mail(store::Connection& c, NewMail const& mail, CaseTokens const& tokens, Instant now)
{
    auto drafted = draft(c, mail, now);
    if (drafted) number(c, *drafted, tokens);
    return written_and_queued(c, std::move(drafted));
}

Result<Prepared> prepare(store::Connection& c, Preparation const& wanted, Instant now)
{
    auto const ground = ground_of(c, wanted.case_id, wanted.about);
    if (!ground) return std::unexpected(ground.error());
    mime::Draft draft;
    if (!wanted.forward)
        if (auto const addressed = address_answer(c, *ground, wanted.audience, draft); !addressed)
            draft.to.clear();  // then somebody types it
    Prepared prepared{.to = as_strings(draft.to), .cc = as_strings(draft.cc)};
    prepared.subject = prefixed(wanted.forward ? "Fwd:" : "Re:", ground->a_case.subject);
    prepared.signature = store::department_sending(c, ground->a_case.department).signature;
    if (wanted.forward && ground->about != nullptr)
        for (auto const& each : ground->about->attachments) prepared.attachments.push_back(each.name);
    if (!wanted.use_template) return prepared;
    auto const found = store::reply_template(c, ground->a_case.department, *wanted.use_template);
    if (!found) return failure(Trouble::not_found, tr("the department has no template \"{}\"", *wanted.use_template));
    auto const& a_case = ground->a_case;
    auto fields = template_fields();
    fields["customer"] = a_case.customer;
    fields["name"] = a_case.customer_name.empty() ? a_case.customer : a_case.customer_name;
    fields["number"] = std::to_string(a_case.number);
    fields["subject"] = a_case.subject;
    fields["mailbox"] = ground->mailbox.address;
    fields["agent"] = wanted.agent;
    fields["date"] = to_rfc3339(now).substr(0, 10);
    for (auto const& each : store::departments(c))
        if (each.id == a_case.department) fields["department"] = each.name;
    auto text = fill(found->text, fields);
    if (!text) return std::unexpected(text.error());
    auto html = fill_html(found->html, fields);
    if (!html) return std::unexpected(html.error());
    prepared.text = *std::move(text);
    prepared.html = *std::move(html);
    return prepared;
}

Fields template_fields()
{
    Fields fields;
    for (auto const* name : {"customer", "name", "number", "subject", "mailbox", "department", "agent", "date"})
        fields[name];
    return fields;
}

}  // namespace postroom::desk
