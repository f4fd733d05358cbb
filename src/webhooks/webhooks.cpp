#include "webhooks/webhooks.hpp"

#include "base/backoff.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "grants/places.hpp"
#include "net/broken.hpp"
#include "store/changes.hpp"
#include "store/coordination.hpp"
#include "store/webhooks.hpp"
#include "webhooks/happenings.hpp"
#include "webhooks/signature.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <random>
#include <set>

namespace postroom::webhooks {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Duration poll = 2s;
constexpr Duration lease_length = 30s;
constexpr Duration kept = 24h * 30;
constexpr Duration patience = 24h * 3;
constexpr Backoff backoff{.first = 10s, .most = 6h};
constexpr int at_once = 20;  // read of one webhook's
constexpr Duration answer_limit = 15s;
constexpr std::size_t most_answer = 64 * 1024;  // which nobody reads

double random_fraction()
{
    static thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace

void judge(model::Delivery& delivery, unsigned status, std::string reason, Instant now, double random)
{
    ++delivery.tries;
    delivery.status = status;
    delivery.reason = std::move(reason);
    if (status >= 200 && status < 300) {
        delivery.state = model::DeliveryState::delivered;
        delivery.ended = now;
        return;
    }
    auto const wait = backoff.before(static_cast<unsigned>(delivery.tries), random);
    delivery.next_try = now + wait;
    // A repetition that a person asked for begins anew, however old it is.
    Duration waited{};
    for (int i = 1; i < delivery.tries; ++i) waited += backoff.before(static_cast<unsigned>(i), 1.0);
    if (waited < patience) return;
    delivery.state = model::DeliveryState::given_up;
    delivery.ended = now;
}

class Webhooks::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(grants::Ground ground, asio::any_io_executor loop, std::string owner)
        : ground_(std::move(ground)), loop_(std::move(loop)), owner_(std::move(owner)), timer_(loop_)
    {
    }

    net::awaitable<void> run()
    {
        auto const self = shared_from_this();
        while (!stopped_) {
            try {
                co_await round();
            } catch (store::Failure const& failure) {
                spdlog::debug("webhooks: {}", failure.what());
            }
            co_await sleep(poll);
        }
        while (!busy_.empty()) co_await sleep(50ms, true);
    }

    void nudge()
    {
        nudged_ = true;
        timer_.cancel();
    }
    void stop()
    {
        stopped_ = true;
        timer_.cancel();
    }

private:
    struct Look {
        bool changes = false;
        bool holds_lease = false;
        std::vector<model::WebhookId> due;
    };

    net::awaitable<void> round()
    {
        auto read = [](store::Connection& c) {
            Look look;
            look.changes = !store::webhooks(c).empty() && store::read_until(c) != store::last_change(c);
            look.due = store::webhooks_due(c, c.now());
            return look;
        };
        auto const look = co_await ground_.store->read(std::move(read));
        if (!look.changes && look.due.empty()) co_return;
        auto take_in = [owner = owner_](store::Connection& c) {
            Look after;
            after.holds_lease = store::take_lease(c, "webhooks", owner, lease_length).has_value();
            if (!after.holds_lease) return after;
            after.changes = take_in_changes(c);
            store::sweep_deliveries(c, c.now() - kept);
            after.due = store::webhooks_due(c, c.now());
            return after;
        };
        auto const taken = co_await ground_.store->write(std::move(take_in));
        if (!taken.holds_lease) co_return;
        for (auto const& id : taken.due)
            if (busy_.insert(id).second) {
                auto work = deliver_all(shared_from_this(), id);
                asio::co_spawn(loop_, std::move(work), asio::detached);
            }
        if (taken.changes) nudged_ = true;
    }

    static net::awaitable<void> deliver_all(std::shared_ptr<Impl> self, model::WebhookId id)
    {
        try {
            co_await self->deliver_due(id);
        } catch (std::exception const& failure) {
            spdlog::warn("webhooks: {}", failure.what());
        }
        self->busy_.erase(id);
        self->timer_.cancel();
    }

    net::awaitable<void> deliver_due(model::WebhookId id)
    {
        auto read = [id](store::Connection& c) {
            return std::pair(store::webhook(c, id), store::due_deliveries(c, id, c.now(), at_once));
        };
        auto const found = co_await ground_.store->read(std::move(read));
        if (!found.first || !found.first->enabled) co_return;
        for (auto const& each : found.second) {
            if (stopped_) co_return;
            auto delivery = each;
            auto const answer = co_await send(*found.first, delivery);
            judge(delivery, answer.first, answer.second, ground_.clock->now(), random_fraction());
            if (delivery.state != model::DeliveryState::delivered)
                spdlog::warn("webhook {}: {} was not taken: {}", found.first->name, delivery.event,
                             printable(delivery.reason));
            auto settle = [delivery](store::Connection& c) { store::settle_delivery(c, delivery); };
            co_await ground_.store->write(std::move(settle));
            // Whoever does not answer is not asked twenty times in a row.
            if (answer.first == 0) co_return;
        }
    }

    // The status, and why it was not taken. What the answer says is kept nowhere: a URL that leads to somewhere within
    // tells nobody what is there.
    net::awaitable<std::pair<unsigned, std::string>> send(model::Webhook const& webhook,
                                                          model::Delivery const& delivery)
    {
        std::pair<unsigned, std::string> outcome;
        try {
            auto const secret = ground_.vault->unseal(webhook.secret, grants::place_of_webhook_secret(webhook.id));
            if (!secret) {
                outcome.second = secret.error().message;
                co_return outcome;
            }
            net::HttpsCall call;
            call.method = "POST";
            call.url = webhook.url;
            call.headers = {{"Content-Type", "application/json"},
                            {"User-Agent", fmt::format("Postroom/{}", version)},
                            {"Postroom-Event", delivery.event},
                            {"Postroom-Delivery", to_string(delivery.id)},
                            {"Postroom-Signature", signature(*secret, ground_.clock->now(), delivery.payload)}};
            call.body.text(delivery.payload);
            call.limit = answer_limit;
            call.most_bytes = most_answer;
            auto const answer = co_await ground_.https->call(std::move(call));
            outcome.first = answer.status;
            if (answer.status < 200 || answer.status >= 300)
                outcome.second = fmt::format("it was answered with status {}", answer.status);
        } catch (net::Broken const& broken) {
            outcome.second = broken.what();
        }
        co_return outcome;
    }

    net::awaitable<void> sleep(Duration how_long, bool even_stopped = false)
    {
        if ((stopped_ && !even_stopped) || std::exchange(nudged_, false)) co_return;
        timer_.expires_after(how_long);
        boost::system::error_code woken;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        nudged_ = false;
    }

    grants::Ground ground_;
    asio::any_io_executor loop_;
    std::string const owner_;
    asio::steady_timer timer_;
    std::set<model::WebhookId> busy_;
    bool stopped_ = false;
    bool nudged_ = false;
};

Webhooks::Webhooks(grants::Ground ground, asio::any_io_executor loop, std::string owner)
    : impl_(std::make_shared<Impl>(std::move(ground), std::move(loop), std::move(owner)))
{
}
Webhooks::~Webhooks() = default;

net::awaitable<void> Webhooks::run()
{
    return impl_->run();
}
void Webhooks::nudge()
{
    impl_->nudge();
}
void Webhooks::stop()
{
    impl_->stop();
}

}  // namespace postroom::webhooks
