// Other software that is told what happens, and what it was told.
#include "base/text.hpp"
#include "console/alarm-json.hpp"
#include "console/api.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "grants/places.hpp"
#include "store/webhooks.hpp"
#include "webhooks/signature.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace postroom::console {

namespace {

constexpr std::size_t most_webhooks = 20;

std::vector<std::string> events_in(Members const& members)
{
    auto events = members.texts("events", model::webhook_events.size());
    for (auto const& each : events)
        if (std::ranges::find(model::webhook_events, each) == model::webhook_events.end())
            throw Problem(Trouble::invalid, tr("there is no event \"{}\"", printable(each, 64)), "events");
    std::ranges::sort(events);
    auto const twice = std::ranges::unique(events);
    events.erase(twice.begin(), twice.end());
    if (events.empty()) throw Problem(Trouble::invalid, tr("name the events that it is to be told of"), "events");
    return events;
}

std::string url_in(Members const& members)
{
    auto url = members.text("url", 2048);
    or_problem(model::check_webhook_url(url), "url");
    return url;
}

model::Webhook found(store::Connection& c, Request const& request)
{
    auto webhook = store::webhook(c, request.id<model::WebhookId>("id"));
    if (!webhook) throw Problem(Trouble::not_found, tr("there is no such webhook"));
    return *webhook;
}

void must_be_new(store::Connection& c, model::Webhook const& webhook)
{
    for (auto const& each : store::webhooks(c))
        if (each.id != webhook.id && equal_ignoring_case(each.name, webhook.name))
            throw Problem(Trouble::conflict, tr("there is a webhook with this name already"), "name");
}

json::object detail_of(model::Webhook const& webhook)
{
    json::array events;
    for (auto const& each : webhook.events) events.emplace_back(each);
    return {{"url", webhook.url}, {"events", std::move(events)}, {"enabled", webhook.enabled}};
}

// The secret is shown once, to whoever enters it at the other end.
json::object with_secret(model::Webhook const& webhook, Secret const& secret)
{
    auto shown = to_json(webhook);
    shown["secret"] = secret.expose();
    return shown;
}

}  // namespace

Answer list_webhooks(House& house, Request const& request)
{
    request.only_parameters({});
    auto const all = co_await house.store().read([](store::Connection& c) { return store::webhooks(c); });
    json::array items;
    for (auto const& each : all) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
}

Answer add_webhook(House& house, Request const& request)
{
    Members const members(request.http, {"name", "url", "events"});
    model::Webhook webhook{.id = model::WebhookId::make()};
    webhook.name = members.name("name");
    webhook.url = url_in(members);
    webhook.events = events_in(members);
    auto const secret = webhooks::new_secret();
    webhook.secret = house.ground.vault->seal(secret, grants::place_of_webhook_secret(webhook.id));
    co_await house.store().write([&](store::Connection& c) {
        webhook.created = c.now();
        must_be_new(c, webhook);
        if (store::webhooks(c).size() >= most_webhooks)
            throw Problem(Trouble::limit, tr("there may be {} webhooks", most_webhooks));
        store::add_webhook(c, webhook);
        note(c, request.caller, "webhook.add", webhook.name, detail_of(webhook), house.now());
    });
    co_return json_response(net::http::status::created, with_secret(webhook, secret));
}

Answer change_webhook(House& house, Request const& request)
{
    Members const members(request.http, {"name", "url", "events", "enabled"});
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto webhook = found(c, request);
        if (members.has("name")) webhook.name = members.name("name");
        if (members.has("url")) webhook.url = url_in(members);
        if (members.has("events")) webhook.events = events_in(members);
        webhook.enabled = members.flag_or("enabled", webhook.enabled);
        must_be_new(c, webhook);
        store::change_webhook(c, webhook);
        note(c, request.caller, "webhook.change", webhook.name, detail_of(webhook), house.now());
        return to_json(webhook);
    });
    co_return json_response(net::http::status::ok, body);
}

Answer remove_webhook(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const webhook = found(c, request);
        store::remove_webhook(c, webhook.id);
        note(c, request.caller, "webhook.remove", webhook.name, {}, house.now());
    });
    co_return no_content();
}

Answer renew_webhook_secret(House& house, Request const& request)
{
    Members const members(request.http, {});
    auto const secret = webhooks::new_secret();
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto webhook = found(c, request);
        webhook.secret = house.ground.vault->seal(secret, grants::place_of_webhook_secret(webhook.id));
        store::change_webhook(c, webhook);
        note(c, request.caller, "webhook.secret", webhook.name, {}, house.now());
        return with_secret(webhook, secret);
    });
    co_return json_response(net::http::status::ok, body);
}

Answer test_webhook(House& house, Request const& request)
{
    Members const members(request.http, {});
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const webhook = found(c, request);
        auto const id =
            store::queue_delivery(c, webhook.id, model::webhook_test, to_string(make_uuid()),
                                  json::serialize(json::object{{"by", to_valid_utf8(request.caller.name)}}), c.now());
        return to_json(store::delivery(c, id).value());
    });
    co_return json_response(net::http::status::created, body);
}

Answer list_deliveries(House& house, Request const& request)
{
    request.only_parameters({"limit", "after"});
    auto const page = page_of(request, 50, 200);
    auto const after = moment_after(page);
    auto all = co_await house.store().read(
        [&](store::Connection& c) { return store::deliveries(c, found(c, request).id, page.limit + 1, after); });
    auto const next =
        cut(all, page, [](model::Delivery const& each) { return to_cursor({each.created, each.id.value}); });
    json::array items;
    for (auto const& each : all) items.emplace_back(to_json(each));
    co_return page_response(std::move(items), next);
}

Answer repeat_delivery(House& house, Request const& request)
{
    Members const members(request.http, {});
    auto const id = request.id<model::DeliveryId>("delivery");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const webhook = found(c, request);
        auto const delivery = store::delivery(c, id);
        if (!delivery || delivery->webhook != webhook.id)
            throw Problem(Trouble::not_found, tr("there is no such delivery"));
        store::repeat_delivery(c, id, c.now());
        note(c, request.caller, "webhook.repeat", webhook.name, {{"delivery", to_string(id)}}, house.now());
        return to_json(store::delivery(c, id).value());
    });
    co_return json_response(net::http::status::ok, body);
}

}  // namespace postroom::console
