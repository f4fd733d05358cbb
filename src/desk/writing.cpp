// The way out, written down and queued: a mail, an activity and a place in the dispatch queue.
#include "base/text.hpp"
#include "desk/answer.hpp"
#include "store/cases.hpp"
#include "store/outbound.hpp"

#include <sodium.h>

#include <utility>

namespace postroom::desk {

namespace {

std::vector<std::string> as_strings(std::vector<mime::Address> const& addresses)
{
    std::vector<std::string> strings;
    for (auto const& address : addresses) strings.push_back(to_string(address));
    return strings;
}

}  // namespace

Result<Written> write_down(Drafted drafted)
{
    auto composed = mime::compose(drafted.draft);
    if (!composed) return std::unexpected(composed.error());
    for (auto& file : drafted.draft.attachments) file.bytes = {};
    auto const bytes = std::exchange(composed->bytes, {});
    Written written{.of = std::move(drafted),
                    .mail = *std::move(composed),
                    .body = model::BodyId::make(),
                    .size = static_cast<std::int64_t>(bytes.size()),
                    .chunks = {}};
    int number = 0;
    for (std::size_t at = 0; at < bytes.size(); at += store::chunk_bytes)
        written.chunks.push_back(store::make_chunk(number++, std::string_view(bytes).substr(at, store::chunk_bytes)));
    crypto_hash_sha256(written.digest.data(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
    return written;
}

Queued queue(store::Connection& c, Written const& written)
{
    auto const& [mailbox, case_id, number, opens, draft, not_before, now] = written.of;
    for (auto const& chunk : written.chunks) store::add_chunk(c, written.body, chunk);
    auto const body = store::publish_body(c, written.body, written.size, written.digest);
    if (opens) store::add_numbered_case(c, *opens);

    model::Activity activity{.id = model::ActivityId::make(),
                             .case_id = case_id,
                             .kind = model::ActivityKind::sent,
                             .from = to_string(draft.from),
                             .to = as_strings(draft.to),
                             .cc = as_strings(draft.cc),
                             .subject = draft.subject,
                             .message_id = draft.message_id,
                             .references = draft.references,
                             .text = draft.text,
                             .has_html = !draft.html.empty(),
                             .body = body,
                             .automatic = !draft.auto_submitted.empty(),
                             .at = now};
    for (auto const& file : written.mail.files)
        activity.attachments.push_back({.name = file.name,
                                        .type = file.type,
                                        .size = file.size,
                                        .content_id = file.content_id,
                                        .part = file.number});
    store::add_activity(c, activity);

    model::Outbound const outbound{.id = model::OutboundId::make(),
                                   .activity = activity.id,
                                   .mailbox = mailbox.id,
                                   .account = mailbox.account,
                                   .body = body,
                                   .size = written.size,
                                   .message_id = draft.message_id,
                                   .sender = mailbox.address,
                                   .recipients = written.mail.recipients,
                                   .next_try = not_before.value_or(now),
                                   .created = now,
                                   .updated = now};
    store::enqueue(c, outbound);
    return Queued{.case_id = case_id,
                  .number = number,
                  .activity = activity.id,
                  .outbound = outbound.id,
                  .message_id = draft.message_id};
}

}  // namespace postroom::desk
