#include "cli/application-workers.hpp"

#include "alarms/notifier.hpp"
#include "alarms/pulse.hpp"
#include "cli/crew.hpp"
#include "net/resolver.hpp"
#include "webhooks/webhooks.hpp"

namespace postroom::cli {

namespace asio = boost::asio;

struct ApplicationWorkers::Impl {
    Impl(asio::io_context& its_loop, grants::Ground ground, grants::Roads given, std::string const& owner,
         std::string folder)
        : loop(its_loop),
          resolver(loop.get_executor()),
          tokens(ground, owner + "/alarms"),
          roads(with_own(std::move(given), ground)),
          notifier({ground.store, roads, loop.get_executor(), owner, ground.clock}),
          webhooks(ground, loop.get_executor(), owner),
          pulse(loop.get_executor(), *ground.store, owner, "application", std::move(folder))
    {
    }

    // Its tokens renew nothing by themselves: only what a mail about an alarm needs, and no refresher has renewed.
    grants::Roads with_own(grants::Roads given, grants::Ground const& ground)
    {
        given.tokens = &tokens;
        given.resolver = &resolver;
        given.clock = ground.clock;
        given.vault = ground.vault;
        given.stop = ground.stop;
        given.store = ground.store;
        return given;
    }

    asio::io_context& loop;
    net::Resolver resolver;
    grants::Tokens tokens;
    grants::Roads roads;
    alarms::Notifier notifier;
    webhooks::Webhooks webhooks;
    alarms::Pulse pulse;
    Crew crew{loop};
};

ApplicationWorkers::ApplicationWorkers(asio::io_context& loop, grants::Ground ground, grants::Roads roads,
                                       std::string const& owner, std::string folder)
    : impl_(std::make_unique<Impl>(loop, std::move(ground), std::move(roads), owner, std::move(folder)))
{
}

ApplicationWorkers::~ApplicationWorkers() = default;

void ApplicationWorkers::start()
{
    impl_->crew.spawn(impl_->notifier, "the alarm notifier");
    impl_->crew.spawn(impl_->webhooks, "what webhooks are told");
    impl_->crew.spawn(impl_->pulse, "the pulse");
}

void ApplicationWorkers::stop(std::function<void()> ended)
{
    impl_->notifier.stop();
    impl_->webhooks.stop();
    impl_->pulse.stop();
    impl_->tokens.stop();
    impl_->crew.when_ended(std::move(ended));
}

}  // namespace postroom::cli
