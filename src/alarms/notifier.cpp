#include "alarms/notifier.hpp"

#include "alarms/carrier.hpp"
#include "alarms/conditions.hpp"
#include "alarms/course.hpp"
#include "alarms/pace.hpp"
#include "alarms/standstill.hpp"
#include "alarms/telling.hpp"
#include "alarms/unwritten.hpp"
#include "base/text.hpp"
#include "store/accounts.hpp"
#include "store/mailboxes.hpp"
#include "store/settings.hpp"
#include "store/webhooks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace postroom::alarms {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view lease_name = "alarm-notifier";
constexpr std::string_view route_cause = "alarm-route";
constexpr Duration lease_length = 30s;
constexpr Duration mail_every = 2s;
constexpr Duration calls_kept = 24h * 90;
constexpr Duration pulses_kept = 24h * 7;
constexpr int at_once = 10;

/// What settings say, and the ways there are: read together, and kept for when the store can't be.
struct House {
    Rules rules{};
    Duration remind{};
    std::vector<std::string> recipients{};
    std::string external_url{};
    std::vector<Way> ways{};
};

House house_of(store::Connection& c)
{
    House house;
    auto const settings = store::settings(c);
    for (auto const& kind : model::alarm_kinds()) {
        auto const setting = settings.find(fmt::format("alarm-{}", kind.cause));
        if (setting == settings.end()) continue;
        if (auto const rule = model::parse_alarm_rule(kind.measure, setting->second))
            house.rules.emplace(kind.cause, *rule);
    }
    house.remind = model::parse_span(settings.at("alarm-remind")).value_or(Duration(0));
    house.recipients = recipients_of(settings.at("alarm-recipients"));
    house.external_url = settings.at("external-url");
    for (auto& route : store::alarm_routes(c)) {
        Way way{.route = std::move(route)};
        if (way.route.account) {
            way.account = store::account(c, *way.route.account);
            auto const mailboxes = store::mailboxes_of(c, *way.route.account);
            if (!mailboxes.empty()) way.mailbox = mailboxes.front();
        }
        house.ways.push_back(std::move(way));
    }
    return house;
}

model::AlarmRule rule_of(House const& house, std::string_view cause)
{
    auto const found = house.rules.find(cause);
    return found == house.rules.end() ? model::AlarmRule{} : found->second;
}

bool differ(model::AlarmCall const& a, model::AlarmCall const& b)
{
    return a.over != b.over || a.ended != b.ended || a.told != b.told || a.acknowledged != b.acknowledged;
}

struct Told {
    model::AlarmCall call;
    std::optional<model::Telling> what{};
};

}  // namespace

class Notifier::Impl : public std::enable_shared_from_this<Impl> {
public:
    explicit Impl(Ground ground)
        : ground_(std::move(ground)),
          timer_(ground_.loop),
          mail_timer_(ground_.loop),
          carrier_(ground_.roads, ground_.route_limit)
    {
    }

    net::awaitable<void> run()
    {
        auto const self = shared_from_this();
        auto posting = post_all(self);
        asio::co_spawn(ground_.loop, std::move(posting), asio::detached);
        while (!stopped_) {
            try {
                co_await look();
            } catch (store::Failure const& failure) {
                spdlog::debug("the alarm notifier can't look: {}", failure.what());
            }
            look_at_standstill();
            co_await wait(timer_, ground_.look_every);
        }
        while (posting_) co_await wait(timer_, 20ms, true);
    }

    void stop()
    {
        stopped_ = true;
        timer_.cancel();
        mail_timer_.cancel();
    }

    net::awaitable<void> look()
    {
        // First, since it can be read also where nothing can be written.
        auto know = [](store::Connection& c) { return house_of(c); };
        house_ = co_await ground_.store->read(std::move(know));
        auto take = [owner = ground_.owner](store::Connection& c) {
            return store::take_lease(c, lease_name, owner, lease_length);
        };
        auto const lease = co_await ground_.store->write(std::move(take));
        lease_ = lease;
        if (!lease) co_return;
        auto read = [](store::Connection& c) { return store::watch(c); };
        auto const seen = co_await ground_.store->read(std::move(read));
        if (watching_since_ == Instant{}) watching_since_ = seen.now;
        co_await raise(*lease, seen);
        co_await call(*lease);
        co_await sweep(seen.now);
    }

    net::awaitable<void> deliver()
    {
        if (!lease_) {
            unsettled_.clear();  // another server's by now
            co_return;
        }
        auto read = [](store::Connection& c) {
            return std::pair(house_of(c), store::due_notifications(c, c.now(), backoff_of_some.most, at_once));
        };
        auto const found = co_await ground_.store->read(std::move(read));
        for (auto const& each : found.second) {
            if (stopped_ || !lease_) co_return;
            co_await deliver_one(found.first, each);
        }
    }

private:
    static net::awaitable<void> post_all(std::shared_ptr<Impl> self)
    {
        self->posting_ = true;
        while (!self->stopped_) {
            try {
                co_await self->deliver();
            } catch (std::exception const& failure) {
                spdlog::debug("the alarm notifier can't send: {}", failure.what());
            }
            co_await self->deliver_unwritten();
            co_await self->wait(self->mail_timer_, mail_every);
        }
        self->posting_ = false;
    }

    // What holds is raised, and what holds no more ends; nothing is written where nothing changed.
    net::awaitable<void> raise(store::Lease const& lease, store::Watch const& watch)
    {
        auto found = hits(watch, house_.rules, watching_since_, ground_.owner);
        auto over = stale(watch);
        using What = std::pair<std::string_view, std::string_view>;
        std::map<What, Hit const*> holds;
        for (auto const& each : found) holds.emplace(What(each.cause, each.subject), &each);
        std::set<What> noted;  // as it is
        for (auto const& each : watch.raised) {
            What const what(each.cause, each.subject);
            auto const hit = holds.find(what);
            if (hit == holds.end() && is_judged(each.cause)) over.push_back(each);
            if (hit != holds.end() && each.words == hit->second->words && each.amount == hit->second->amount)
                noted.insert(what);
        }
        std::erase_if(found, [&](Hit const& hit) { return noted.contains(What(hit.cause, hit.subject)); });
        if (found.empty() && over.empty()) co_return;
        auto work = [lease, found, over](store::Connection& c) {
            store::check_lease(c, lease);
            auto const now = c.now();
            for (auto const& each : over) (void)store::end_alarm(c, each.cause, each.subject, now);
            for (auto const& each : found)
                (void)store::raise_alarm(c, each.cause, each.subject, each.words, now, each.amount);
        };
        co_await ground_.store->write(std::move(work));
    }

    net::awaitable<void> call(store::Lease const& lease)
    {
        auto read = [](store::Connection& c) { return std::pair(store::open_calls(c), c.now()); };
        auto const found = co_await ground_.store->read(std::move(read));
        std::vector<Told> told;
        for (auto const& each : found.first) {
            Told after{each};
            after.what = step(after.call, rule_of(house_, each.cause), house_.remind, found.second);
            if (differ(each, after.call)) told.push_back(std::move(after));
        }
        if (told.empty()) co_return;
        auto work = [lease, told, house = house_](store::Connection& c) {
            store::check_lease(c, lease);
            for (auto const& each : told) {
                store::set_call(c, each.call);
                if (each.what) note(c, house, each);
            }
        };
        co_await ground_.store->write(std::move(work));
        for (auto const& each : told)
            if (each.what) log(each.call, *each.what);
    }

    static void note(store::Connection& c, House const& house, Told const& told)
    {
        auto const now = c.now();
        auto const mail = tell(told.call, *told.what, house.external_url, now);
        model::Notification it{.id = model::NotificationId::make(), .call = told.call.id, .what = *told.what};
        it.recipients = house.recipients;
        it.subject = mail.subject;
        it.words = mail.text;
        it.created = it.next_try = now;
        if (it.recipients.empty()) {
            it.state = model::NotificationState::logged;
            it.ended = now;
        }
        store::add_notification(c, it);
        store::queue_event(c, fmt::format("alarm-{}", to_string(*told.what)), to_string(it.id),
                           told_as_json(told.call, *told.what), now);
    }

    static void log(model::AlarmCall const& call, model::Telling what)
    {
        auto const words = fmt::format("alarm {}: {} ({}): {}", to_string(what), call.cause, call.amount,
                                       printable(call.words, 2'000));
        if (what == model::Telling::ends)
            spdlog::info("{}", words);
        else
            spdlog::warn("{}", words);
    }

    net::awaitable<void> deliver_one(House const& house, model::Notification it)
    {
        // Whoever has the lease by now does it. What is put off before it is carried is not carried every two seconds
        // where what became of it can't be noted: a disk that is full still takes small things.
        auto begin = [lease = *lease_, it](store::Connection& c) mutable {
            store::renew_lease(c, lease, lease_length);
            ++it.tries;
            it.next_try = c.now() + pause_after(static_cast<unsigned>(it.tries), !it.reached.empty());
            return store::settle_notification(c, it) ? std::optional(it) : std::nullopt;
        };
        auto const begun = co_await ground_.store->write(std::move(begin));
        if (!begun) co_return;
        it = *begun;
        auto carried = unsettled_[it.id];
        Letter letter{it.id, it.call, {}, it.subject, it.words, it.created};
        std::ranges::copy_if(it.recipients, std::back_inserter(letter.recipients), [&](std::string const& each) {
            return std::ranges::find(it.reached, each) == it.reached.end() &&
                   std::ranges::find(carried.reached, each) == carried.reached.end();
        });
        if (!letter.recipients.empty()) {
            auto now_carried = co_await carrier_.carry(house.ways, std::move(letter));
            if (stopped_ && now_carried.reached.empty()) co_return;  // whatever broke off then was broken off here
            log(now_carried.tries);
            carried.tries = std::move(now_carried.tries);
            std::ranges::move(now_carried.reached, std::back_inserter(carried.reached));
            if (!now_carried.took.empty()) carried.took += (carried.took.empty() ? "" : ", ") + now_carried.took;
            unsettled_[it.id] = carried;
        }
        auto settle = [it, carried](store::Connection& c) mutable {
            auto const now = c.now();
            auto const& tries = carried.tries;
            it.reason = tries.empty() ? "there is no route: postroom alarm route add" : "";
            for (auto const& each : tries)
                if (!each.failure.empty())
                    it.reason += fmt::format("{}{}: {}", it.reason.empty() ? "" : "\n", each.name, each.failure);
            if (!carried.took.empty()) it.route += (it.route.empty() ? "" : ", ") + carried.took;
            it.reached.insert(it.reached.end(), carried.reached.begin(), carried.reached.end());
            if (it.reached.size() >= it.recipients.size()) {
                it.state = model::NotificationState::sent;
                it.ended = now;
            } else {
                it.next_try = now + pause_after(static_cast<unsigned>(it.tries), !it.reached.empty());
                if (now - it.created > patience) {
                    it.state = model::NotificationState::given_up;
                    it.ended = now;
                }
            }
            (void)store::settle_notification(c, it);
            for (auto const& each : tries) {
                store::note_route(c, each.route, each.failure, now);
                if (each.failure.empty())
                    (void)store::end_alarm(c, route_cause, each.name, now);
                else
                    (void)store::raise_alarm(c, route_cause, each.name, each.failure, now);
            }
        };
        co_await ground_.store->write(std::move(settle));
        unsettled_.erase(it.id);
    }

    // What can't be noted in the store is told from here, by the routes that were read last.
    void look_at_standstill()
    {
        auto const rule = rule_of(house_, "store-standstill");
        auto const now = ground_.clock->now();
        auto const told = standstill_.look(ground_.store->standstill(), rule, house_.remind, lease_.has_value(), now);
        if (!told) return;
        log(told->call, told->what);
        if (house_.recipients.empty()) return;
        auto const mail = tell(told->call, told->what, house_.external_url, now);
        unwritten_.add({model::NotificationId::make(), told->call.id, house_.recipients, mail.subject, mail.text, now},
                       std::chrono::steady_clock::now());
    }

    net::awaitable<void> deliver_unwritten()
    {
        while (!stopped_) {
            auto const letter = unwritten_.due(std::chrono::steady_clock::now());
            if (!letter) co_return;
            auto const carried = co_await carrier_.carry(house_.ways, *letter);
            log(carried.tries);
            unwritten_.settle(letter->id, carried.reached, std::chrono::steady_clock::now());
        }
    }

    static void log(std::vector<Tried> const& tries)
    {
        for (auto const& each : tries)
            if (!each.failure.empty())
                spdlog::warn("mail about alarms: {} failed: {}", each.name, printable(each.failure, 1'000));
    }

    net::awaitable<void> sweep(Instant now)
    {
        if (swept_ && now - *swept_ < 1h) co_return;
        auto work = [now](store::Connection& c) {
            store::sweep_calls(c, now - calls_kept);
            store::forget_pulses(c, now - pulses_kept);
        };
        co_await ground_.store->write(std::move(work));
        swept_ = now;
    }

    net::awaitable<void> wait(asio::steady_timer& timer, Duration how_long, bool even_stopped = false)
    {
        if (stopped_ && !even_stopped) co_return;
        timer.expires_after(how_long);
        boost::system::error_code woken;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }

    Ground ground_;
    asio::steady_timer timer_;
    asio::steady_timer mail_timer_;
    House house_;
    Instant watching_since_{};
    std::optional<Instant> swept_;
    std::optional<store::Lease> lease_;  // as it was the last time that the store could be asked
    Carrier carrier_;
    Standstill standstill_;
    Unwritten unwritten_;
    std::map<model::NotificationId, Carried> unsettled_;  // whom mails have reached that the store does not know of
    bool posting_ = false;
    bool stopped_ = false;
};

Notifier::Notifier(Ground ground) : impl_(std::make_shared<Impl>(std::move(ground))) {}
Notifier::~Notifier() = default;

net::awaitable<void> Notifier::run()
{
    return impl_->run();
}
void Notifier::stop()
{
    impl_->stop();
}
net::awaitable<void> Notifier::look()
{
    return impl_->look();
}
net::awaitable<void> Notifier::deliver()
{
    return impl_->deliver();
}

}  // namespace postroom::alarms
