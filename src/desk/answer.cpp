// The way out: an agent's words become a mail, an activity and a place in the dispatch queue, in one transaction.
#include "base/text.hpp"
#include "desk/case-token.hpp"
#include "desk/desk.hpp"
#include "store/accounts.hpp"
#include "store/bodies.hpp"
#include "store/cases.hpp"
#include "store/outbound.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <utility>

namespace postroom::desk {

namespace {

constexpr std::size_t references_sent =
    20;  // the first and the newest: RFC 5322 section 3.6.4 wants the thread, not all

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

struct StoredBody {
    model::BodyId id;
    std::int64_t size = 0;
};

StoredBody store_body(store::Connection& c, std::string_view bytes)
{
    auto const body = model::BodyId::make();
    int number = 0;
    for (std::size_t at = 0; at < bytes.size(); at += store::chunk_bytes)
        store::add_chunk(c, body, store::make_chunk(number++, bytes.substr(at, store::chunk_bytes)));
    model::Digest digest{};
    crypto_hash_sha256(digest.data(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
    auto const size = static_cast<std::int64_t>(bytes.size());
    return {.id = store::publish_body(c, body, size, digest), .size = size};
}

std::vector<std::string> as_strings(std::vector<mime::Address> const& addresses)
{
    std::vector<std::string> strings;
    for (auto const& address : addresses) strings.push_back(to_string(address));
    return strings;
}

// Composes, stores, adds the activity and queues it.
Result<Queued> queue(store::Connection& c, model::Mailbox const& mailbox, model::CaseId a_case, std::int64_t number,
                     mime::Draft draft, Instant now)
{
    draft.from = {.name = mailbox.display_name, .address = mailbox.address};
    draft.date = now;
    draft.message_id = mime::make_message_id(mailbox.address);
    auto const composed = mime::compose(draft);
    if (!composed) return std::unexpected(composed.error());
    auto const body = store_body(c, composed->bytes);

    model::Activity activity{.id = model::ActivityId::make(),
                             .case_id = a_case,
                             .kind = model::ActivityKind::sent,
                             .from = to_string(draft.from),
                             .to = as_strings(draft.to),
                             .cc = as_strings(draft.cc),
                             .subject = draft.subject,
                             .message_id = draft.message_id,
                             .references = draft.references,
                             .text = draft.text,
                             .has_html = !draft.html.empty(),
                             .body = body.id,
                             .at = now};
    int part = draft.html.empty() ? 1 : 2;  // the words come first
    for (auto const& file : draft.attachments)
        activity.attachments.push_back({.name = file.name,
                                        .type = file.type,
                                        .size = static_cast<std::int64_t>(file.bytes.size()),
                                        .part = ++part});
    store::add_activity(c, activity);

    model::Outbound const outbound{.id = model::OutboundId::make(),
                                   .activity = activity.id,
                                   .mailbox = mailbox.id,
                                   .account = mailbox.account,
                                   .body = body.id,
                                   .size = body.size,
                                   .message_id = draft.message_id,
                                   .sender = mailbox.address,
                                   .recipients = composed->recipients,
                                   .next_try = now,
                                   .created = now,
                                   .updated = now};
    store::enqueue(c, outbound);
    return Queued{.case_id = a_case,
                  .number = number,
                  .activity = activity.id,
                  .outbound = outbound.id,
                  .message_id = draft.message_id};
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
std::string reply_subject(std::string_view subject)
{
    auto const words = trim(subject);
    return starts_ignoring_case(words, "re:") ? std::string(words) : fmt::format("Re: {}", words);
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

}  // namespace

Result<Queued> reply(store::Connection& c, Reply const& reply, std::string_view token_key, Instant now)
{
    auto const a_case = store::case_by_id(c, reply.case_id);
    if (!a_case) return failure(Trouble::not_found, "there is no such case");
    auto const mailbox = store::mailbox(c, a_case->mailbox);
    if (!mailbox)
        return failure(Trouble::not_found, "the mailbox of this case was removed; it can't be answered from it");
    if (trim(reply.text).empty()) return failure(Trouble::invalid, "the answer is empty");

    auto const activities = store::activities_of(c, a_case->id);
    auto const* const last = last_received(activities);
    auto to = parse_all(reply.to);
    if (!to) return std::unexpected(to.error());
    auto cc = parse_all(reply.cc);
    if (!cc) return std::unexpected(cc.error());
    if (to->empty()) *to = who_wrote(c, last, *a_case);
    if (to->empty())
        return failure(Trouble::invalid, "the customer's mail has no address that can be answered; say to whom");

    mime::Draft draft{.to = *std::move(to),
                      .cc = *std::move(cc),
                      .subject = add_case_token(reply_subject(a_case->subject), a_case->number, token_key),
                      .text = reply.text,
                      .html = reply.html,
                      .attachments = reply.attachments};
    if (last != nullptr) {
        draft.references = thread_of(*last);
        if (mime::is_message_id(last->message_id)) draft.in_reply_to = last->message_id;
    }
    auto queued = queue(c, *mailbox, a_case->id, a_case->number, std::move(draft), now);
    return queued;
}

Result<Queued> new_mail(store::Connection& c, NewMail const& mail, std::string_view token_key, Instant now)
{
    auto const mailbox = store::mailbox(c, mail.mailbox);
    if (!mailbox) return failure(Trouble::not_found, "there is no such mailbox");
    if (trim(mail.text).empty()) return failure(Trouble::invalid, "the mail is empty");
    auto to = parse_all(mail.to);
    if (!to) return std::unexpected(to.error());
    auto cc = parse_all(mail.cc);
    if (!cc) return std::unexpected(cc.error());
    if (to->empty()) return failure(Trouble::invalid, "say to whom the mail goes");

    mime::Draft draft{.to = *std::move(to),
                      .cc = *std::move(cc),
                      .subject = mail.subject,
                      .text = mail.text,
                      .html = mail.html,
                      .attachments = mail.attachments};
    // A case must not be left behind where the mail can't be composed: what the caller's transaction keeps is his to
    // decide, so that is found out before anything is written.
    draft.from = {.name = mailbox->display_name, .address = mailbox->address};
    draft.message_id = mime::make_message_id(mailbox->address);
    if (auto const possible = mime::compose(draft); !possible) return std::unexpected(possible.error());

    model::Case a_case{.id = model::CaseId::make(),
                       .department = mailbox->department,
                       .mailbox = mailbox->id,
                       .subject = mail.subject,
                       .customer = draft.to.front().address,
                       .customer_name = draft.to.front().name,
                       .waiting_for_us = false,
                       .created = now,
                       .updated = now};
    a_case.number = store::add_case(c, a_case);
    draft.subject = add_case_token(mail.subject, a_case.number, token_key);
    auto queued = queue(c, *mailbox, a_case.id, a_case.number, std::move(draft), now);
    return queued;
}

}  // namespace postroom::desk
