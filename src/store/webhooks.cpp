#include "store/webhooks.hpp"

#include "base/text.hpp"
#include "store/changes.hpp"
#include "store/rows.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace postroom::store {

namespace {

constexpr std::string_view cursor = "webhook-changes";

model::Webhook webhook_of(Row const& row)
{
    model::Webhook webhook;
    webhook.id = row.id<model::WebhookId>(0);
    webhook.name = row.text(1);
    webhook.url = row.text(2);
    webhook.events = from_list(row.text(3));
    webhook.secret = {row.bytes(4)};
    webhook.enabled = row.boolean(5);
    webhook.created = row.instant(6);
    webhook.version = row.integer(7);
    return webhook;
}
constexpr std::string_view webhook_columns =
    "SELECT id, name, url, events, secret, enabled, created, version FROM webhook ";

model::Delivery delivery_of(Row const& row)
{
    model::Delivery delivery;
    delivery.id = row.id<model::DeliveryId>(0);
    delivery.webhook = row.id<model::WebhookId>(1);
    delivery.event = row.text(2);
    delivery.subject = row.text(3);
    delivery.payload = row.text(4);
    delivery.state = word(row, 5, model::parse_delivery_state);
    delivery.tries = static_cast<int>(row.integer(6));
    delivery.next_try = row.instant(7);
    delivery.status = static_cast<unsigned>(row.integer(8));
    delivery.reason = row.text(9);
    delivery.created = row.instant(10);
    delivery.ended = row.maybe_instant(11);
    return delivery;
}
constexpr std::string_view delivery_columns =
    "SELECT id, webhook, event, subject, payload, state, tries, next_try, status, reason, created, ended FROM "
    "webhook_delivery ";

std::string json_text(std::string_view text)
{
    return boost::json::serialize(boost::json::value(boost::json::string(to_valid_utf8(text))));
}

// The first id that could be made at an instant (RFC 9562 section 5.7).
Uuid first_id_at(Instant at)
{
    Uuid id;
    auto const milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(at.time_since_epoch().count(), 0));
    for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
    return id;
}

FiledMail filed_of(Row const& row)
{
    return {to_string(row.uuid(0)), row.text(1),   row.text(2), row.text(3), row.text(4), row.text(5),
            row.integer(6),         row.instant(7)};
}

}  // namespace

void add_webhook(Connection& c, model::Webhook const& webhook)
{
    // What was before the first of them is nobody's to be told.
    if (webhooks(c).empty()) set_read_until(c, last_change(c));
    c.execute(
        "INSERT INTO webhook (id, name, url, events, secret, enabled, created, version) VALUES (?, ?, ?, ?, ?, ?, ?, "
        "1)",
        webhook.id, webhook.name, webhook.url, to_list(webhook.events), Bytes{webhook.secret.bytes}, webhook.enabled,
        webhook.created);
}

std::vector<model::Webhook> webhooks(Connection& c)
{
    return c.all(std::string(webhook_columns) + "ORDER BY lower(name), id", webhook_of);
}

std::optional<model::Webhook> webhook(Connection& c, model::WebhookId id)
{
    return c.first(std::string(webhook_columns) + "WHERE id = ?", webhook_of, id);
}

void change_webhook(Connection& c, model::Webhook const& webhook)
{
    must_exist(c.execute("UPDATE webhook SET name = ?, url = ?, events = ?, secret = ?, enabled = ?, version = version "
                         "+ 1 WHERE id = ?",
                         webhook.name, webhook.url, to_list(webhook.events), Bytes{webhook.secret.bytes},
                         webhook.enabled, webhook.id),
               "the webhook");
}

void remove_webhook(Connection& c, model::WebhookId id)
{
    must_exist(c.execute("DELETE FROM webhook WHERE id = ?", id), "the webhook");
}

model::DeliveryId queue_delivery(Connection& c, model::WebhookId webhook, std::string_view event,
                                 std::string_view subject, std::string_view data, Instant happened)
{
    auto const id = model::DeliveryId::make();
    auto const payload = fmt::format(R"({{"id":"{}","event":{},"at":"{}","data":{}}})", to_string(id), json_text(event),
                                     to_rfc3339(happened), data);
    auto const now = c.now();
    c.execute(
        "INSERT INTO webhook_delivery (id, webhook, event, subject, payload, state, tries, next_try, status, reason, "
        "created) VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?, 0, '', ?) ON CONFLICT (webhook, event, subject) DO NOTHING",
        id, webhook, event, subject, payload, now, now);
    return id;
}

void queue_event(Connection& c, std::string_view event, std::string_view subject, std::string_view data,
                 Instant happened)
{
    for (auto const& each : webhooks(c))
        if (each.enabled && each.created <= happened && std::ranges::find(each.events, event) != each.events.end())
            (void)queue_delivery(c, each.id, event, subject, data, happened);
}

std::vector<model::WebhookId> webhooks_due(Connection& c, Instant now)
{
    return c.all(
        "SELECT id FROM webhook WHERE enabled = 1 AND EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook = "
        "webhook.id AND d.state = 'waiting' AND d.next_try <= ?)",
        [](Row const& row) { return row.id<model::WebhookId>(0); }, now);
}

std::vector<model::Delivery> due_deliveries(Connection& c, model::WebhookId webhook, Instant now, int most)
{
    return c.all(std::string(delivery_columns) +
                     "WHERE webhook = ? AND state = 'waiting' AND next_try <= ? ORDER BY next_try, id LIMIT ?",
                 delivery_of, webhook, now, most);
}

void settle_delivery(Connection& c, model::Delivery const& delivery)
{
    c.execute(
        "UPDATE webhook_delivery SET state = ?, tries = ?, next_try = ?, status = ?, reason = ?, ended = ? WHERE id = "
        "? "
        "AND state = 'waiting'",
        to_string(delivery.state), delivery.tries, delivery.next_try, std::int64_t(delivery.status), delivery.reason,
        delivery.ended, delivery.id);
}

std::vector<model::Delivery> deliveries(Connection& c, model::WebhookId webhook, int most,
                                        std::optional<Moment> const& after)
{
    Selection selection(std::string(delivery_columns) + "WHERE 1 = 1 ");
    selection.narrow("webhook = ?", value(webhook));
    if (after) selection.narrow("(created, id) < (?, ?)", {value(after->at), value(after->id)});
    return selection.all(c, "ORDER BY created DESC, id DESC LIMIT ?", delivery_of, most);
}

std::optional<model::Delivery> delivery(Connection& c, model::DeliveryId id)
{
    return c.first(std::string(delivery_columns) + "WHERE id = ?", delivery_of, id);
}

void repeat_delivery(Connection& c, model::DeliveryId id, Instant now)
{
    must_exist(
        c.execute("UPDATE webhook_delivery SET state = 'waiting', tries = 0, next_try = ?, ended = NULL WHERE id = ?",
                  now, id),
        "the delivery");
}

void sweep_deliveries(Connection& c, Instant before)
{
    c.execute("DELETE FROM webhook_delivery WHERE ended < ? AND state <> 'waiting'", before);
}

std::int64_t read_until(Connection& c)
{
    return c
        .first(
            "SELECT last_value FROM counter WHERE name = ?", [](Row const& row) { return row.integer(0); }, cursor)
        .value_or(0);
}

void set_read_until(Connection& c, std::int64_t number)
{
    c.execute(
        "INSERT INTO counter (name, last_value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET last_value = "
        "excluded.last_value",
        cursor, number);
}

std::vector<FiledMail> filed_in_case(Connection& c, std::int64_t case_number, Instant after)
{
    return c.all(
        "SELECT m.id, b.address, d.name, a.from_address, a.subject, a.message_id, k.number, m.filed FROM activity a "
        "JOIN customer_case k ON k.id = a.customer_case JOIN message m ON m.id = a.message JOIN mailbox b ON b.id = "
        "m.mailbox JOIN department d ON d.id = k.department WHERE k.number = ? AND a.kind = 'received' AND a.id >= ? "
        "ORDER BY a.id",
        filed_of, case_number, first_id_at(after));
}

std::optional<FiledMail> filed_exception(Connection& c, std::string_view message)
{
    auto const id = parse_uuid(message);
    if (!id) return std::nullopt;
    return c.first(
        "SELECT m.id, b.address, d.name, '', '', '', CAST(0 AS BIGINT), m.filed FROM message m JOIN mailbox b ON b.id "
        "= m.mailbox JOIN "
        "department d ON d.id = b.department WHERE m.id = ?",
        filed_of, *id);
}

std::optional<SentMail> sent_mail(Connection& c, std::string_view outbound)
{
    auto const id = parse_uuid(outbound);
    if (!id) return std::nullopt;
    return c.first(
        "SELECT o.state, o.attempt, coalesce(k.number, 0), b.address, d.name, o.message_id, o.reason, o.recipients, "
        "o.updated FROM outbound o JOIN mailbox b ON b.id = o.mailbox JOIN department d ON d.id = b.department LEFT "
        "JOIN activity a ON a.id = o.activity LEFT JOIN customer_case k ON k.id = a.customer_case WHERE o.id = ?",
        [](Row const& row) {
            return SentMail{word(row, 0, model::parse_outbound_state),
                            row.integer(1),
                            row.integer(2),
                            row.text(3),
                            row.text(4),
                            row.text(5),
                            row.text(6),
                            from_list(row.text(7)),
                            row.instant(8)};
        },
        *id);
}

}  // namespace postroom::store
