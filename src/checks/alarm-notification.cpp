// alarm-notification: somebody is called when something goes wrong. Told by: a test mail to those whom alarms are for,
// where --send agrees to one, else what became of the last mail by each route.
#include "checks/items.hpp"

#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "store/alarms.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace postroom::checks {

namespace {

using namespace std::chrono_literals;

constexpr Duration patience = 40s;
constexpr Duration look_every = 100ms;

struct Wiring {
    std::vector<std::string> recipients;
    std::vector<model::AlarmRoute> routes;
};

Wiring wiring_of(store::Connection& c)
{
    Wiring wiring;
    for (auto const part : split(store::setting(c, "alarm-recipients"), ','))
        if (auto const address = trim(part); !address.empty()) wiring.recipients.emplace_back(address);
    wiring.routes = store::alarm_routes(c);
    return wiring;
}

model::Notification test_mail(Wiring const& wiring, Instant now)
{
    model::Notification mail{.id = model::NotificationId::make()};
    mail.recipients = wiring.recipients;
    mail.subject = "Postroom: test of the alarms";
    mail.words = "The check list asked whether mail about alarms arrives. It does.\n";
    mail.created = mail.next_try = now;
    return mail;
}

// What an account of Postroom's own is refused, the items about that account tell.
model::Finding judge_route(std::string const& words, Wiring const& wiring, Target const& target)
{
    bool const own = std::ranges::any_of(wiring.routes, [](auto const& each) { return each.account.has_value(); });
    auto const found = model::explain(words, {.speaker = {}, .application_only = {}});
    if (own && found.known() && find_item(found.causes.front().cause->check) != nullptr)
        return untold(fmt::format("{} stands in the way: {}", found.causes.front().cause->check, words));
    return fails("alarm-route-refused", words, target);
}

net::awaitable<model::Finding> send(std::shared_ptr<Bench> bench, Wiring wiring, Target target)
{
    auto& store = *bench->ground().store;
    auto const begun = std::chrono::steady_clock::now();
    auto add = [&wiring](store::Connection& c) {
        auto mail = test_mail(wiring, c.now());
        store::add_notification(c, mail);
        return mail;
    };
    auto const mail = co_await store.write(std::move(add));
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
    while (std::chrono::steady_clock::now() - begun < patience && !bench->stopping()) {
        pause.expires_after(look_every);
        boost::system::error_code woken;
        co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        auto look = [&mail](store::Connection& c) { return store::notification(c, mail.id); };
        auto const now = co_await store.read(std::move(look));
        if (!now) break;
        if (now->state == model::NotificationState::sent) {
            auto const took = std::chrono::ceil<Duration>(std::chrono::steady_clock::now() - begun);
            co_return holds(fmt::format("{} took it after {} ms, for {}", now->route, took.count(),
                                        fmt::join(now->recipients, ", ")));
        }
        if (!now->reason.empty()) co_return judge_route(now->reason, wiring, target);
    }
    co_return fails("alarm-notifier-silent", fmt::format("nobody sent it within {} s", patience / 1s), target);
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto read = [](store::Connection& c) { return wiring_of(c); };
    auto wiring = co_await bench->ground().store->read(std::move(read));
    if (wiring.recipients.empty()) co_return warns("alarm-nobody-told", "alarm-recipients is empty", target);
    if (wiring.routes.empty()) co_return warns("alarm-no-route", "there is no route", target);
    if (bench->may_send()) co_return co_await send(bench, std::move(wiring), target);
    std::string trouble;
    for (auto const& each : wiring.routes) {
        if (!each.failed)
            co_return holds(
                each.used ? fmt::format("route {} took the last mail on {}", each.place + 1, to_readable(*each.used))
                          : fmt::format("route {} is there, and was not needed yet", each.place + 1));
        trouble += fmt::format("{}{} ({})", trouble.empty() ? "" : "; ", each.failure, to_readable(*each.failed));
    }
    co_return judge_route(trouble, wiring, target);
}

}  // namespace

Item item::alarm_notification()
{
    return {.id = "alarm-notification",
            .must = mark("People are told of alarms by mail"),
            .about = About::partition,
            .side = Side::application,
            .sends = true,
            .look = look};
}

}  // namespace postroom::checks
