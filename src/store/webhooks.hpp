// Other software that is told what happens: what each is told is kept until it took it. What happened is read from the
// changes (store/changes.hpp), which the transaction noted that made it so.
#pragma once

#include "model/outbound.hpp"
#include "model/webhook.hpp"
#include "store/connection.hpp"

namespace postroom::store {

void add_webhook(Connection& c, model::Webhook const& webhook);
[[nodiscard]] std::vector<model::Webhook> webhooks(Connection& c);  ///< by name
[[nodiscard]] std::optional<model::Webhook> webhook(Connection& c, model::WebhookId id);
/// Name, URL, events, secret and whether it is told, as given. Counts its version.
void change_webhook(Connection& c, model::Webhook const& webhook);
void remove_webhook(Connection& c, model::WebhookId id);

/// Tells each that wants it and was there when it happened, unless it was told. `data` is JSON.
void queue_event(Connection& c, std::string_view event, std::string_view subject, std::string_view data,
                 Instant happened);
/// The same for one, whatever it wants. Returns which.
model::DeliveryId queue_delivery(Connection& c, model::WebhookId webhook, std::string_view event,
                                 std::string_view subject, std::string_view data, Instant happened);

/// With something due, and enabled.
[[nodiscard]] std::vector<model::WebhookId> webhooks_due(Connection& c, Instant now);
[[nodiscard]] std::vector<model::Delivery> due_deliveries(Connection& c, model::WebhookId webhook, Instant now,
                                                          int most);
/// Of one that waits: what became of this try.
void settle_delivery(Connection& c, model::Delivery const& delivery);
/// Newest first.
[[nodiscard]] std::vector<model::Delivery> deliveries(Connection& c, model::WebhookId webhook, int most,
                                                      std::optional<Moment> const& after = {});
[[nodiscard]] std::optional<model::Delivery> delivery(Connection& c, model::DeliveryId id);
/// It is delivered again, under the same id. Throws Failure (Trouble::not_found).
void repeat_delivery(Connection& c, model::DeliveryId id, Instant now);
/// Forgets those that ended before.
void sweep_deliveries(Connection& c, Instant before);

/// How far the changes were read for webhooks.
[[nodiscard]] std::int64_t read_until(Connection& c);
void set_read_until(Connection& c, std::int64_t number);

/// A mail that was filed, as webhooks tell it.
struct FiledMail {
    std::string message;  ///< its id here
    std::string mailbox, department, from, subject, message_id;
    std::int64_t case_number = 0;  ///< 0: it is an exception
    Instant filed{};
};
/// Those of a case that came after an instant.
[[nodiscard]] std::vector<FiledMail> filed_in_case(Connection& c, std::int64_t case_number, Instant after);
[[nodiscard]] std::optional<FiledMail> filed_exception(Connection& c, std::string_view message);

/// A mail on its way out.
struct SentMail {
    model::OutboundState state = model::OutboundState::queued;
    std::int64_t attempt = 0;
    std::int64_t case_number = 0;  ///< 0: of none
    std::string mailbox, department, message_id, reason;
    std::vector<std::string> recipients;
    Instant updated{};
};
[[nodiscard]] std::optional<SentMail> sent_mail(Connection& c, std::string_view outbound);

}  // namespace postroom::store
