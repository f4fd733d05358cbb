#include "cli/mail-servers.hpp"

#include "alarms/pulse.hpp"
#include "checks/worker.hpp"
#include "cli/crew.hpp"
#include "dispatcher/dispatcher.hpp"
#include "grants/trial-worker.hpp"
#include "net/resolver.hpp"
#include "retriever/reconcile-worker.hpp"
#include "retriever/retriever.hpp"
#include "triage/triage.hpp"

#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <thread>

namespace postroom::cli {

namespace asio = boost::asio;

std::string host_name()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    return name.data();
}

struct MailServers::Impl {
    Impl(grants::Ground given, std::shared_ptr<net::TlsContext> tls, std::shared_ptr<net::Proxy const> proxy,
         std::string transcripts, std::string const& owner, std::string folder, bool alone)
        : ground(std::move(given)),
          side(alone ? checks::Side::both : checks::Side::services),
          resolver(loop.get_executor()),
          tokens(with_own_https(tls, proxy), owner),
          roads{&tokens, &resolver, tls,         std::move(transcripts), host_name(), ground.clock, proxy, ground.vault,
                {},      waits,     ground.store},
          triage(loop.get_executor(), pool.get_executor(), *ground.store, *ground.clock,
                 {.owner = owner, .mail_queued = [this] { dispatcher.nudge(); }}),
          retriever({ground.store, roads, loop.get_executor(), pool.get_executor(), owner, [this] { triage.nudge(); },
                     ground.clock}),
          dispatcher({ground.store, roads, loop.get_executor(), owner, ground.clock}),
          trials(ground, roads, loop.get_executor(), owner, [this] { accounts_changed(); }, {}),
          reconciliations(*ground.store, roads, loop.get_executor(), owner),
          checks(check_ground(), loop.get_executor(), owner, side),
          pulse(loop.get_executor(), *ground.store, owner, "services", std::move(folder))
    {
    }

    grants::Ground with_own_https(std::shared_ptr<net::TlsContext> const& tls,
                                  std::shared_ptr<net::Proxy const> const& proxy)
    {
        auto own = ground;
        own.https = std::make_shared<net::Https>(loop.get_executor(), tls, proxy);
        return own;
    }

    checks::Bench::Ground check_ground()
    {
        return {with_own_https(roads.tls, roads.proxy),
                &resolver,
                roads.tls,
                roads.proxy,
                roads.host_name,
                &tokens,
                waits,
                [this](std::string address) {
                    auto look = retriever.retrieve_once(std::vector{std::move(address)});
                    asio::co_spawn(loop, std::move(look), asio::detached);
                }};
    }

    // What waits for an account that changed is tried again now.
    void accounts_changed()
    {
        retriever.nudge();
        dispatcher.nudge();
    }

    void stop(std::function<void()> ended)
    {
        retriever.stop();
        dispatcher.stop();
        trials.stop();
        reconciliations.stop();
        checks.stop();
        pulse.stop();
        waits->now();  // each knows already why it is broken off
        triage.stop();
        tokens.stop();
        crew.when_ended(std::move(ended));
    }

    asio::io_context loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{loop.get_executor()};
    asio::thread_pool pool{2};  // digests, compresses and reads mails
    grants::Ground ground;
    checks::Side side;
    net::Resolver resolver;
    grants::Tokens tokens;
    std::shared_ptr<net::Stop> waits = std::make_shared<net::Stop>();
    grants::Roads roads;
    triage::Triage triage;
    retriever::Retriever retriever;
    dispatcher::Dispatcher dispatcher;
    grants::TrialWorker trials;
    retriever::ReconcileWorker reconciliations;
    checks::CheckWorker checks;
    alarms::Pulse pulse;
    Crew crew{loop};
    std::thread thread;
};

bool drain(boost::asio::io_context& loop)
{
    loop.restart();
    loop.run_for(std::chrono::seconds(3));
    return loop.stopped();
}

namespace {

// Crosses to the mail loop and back.
net::awaitable<Result<std::vector<console::Looked>>> look(asio::any_io_executor mail, retriever::Retriever& retriever,
                                                          std::optional<std::vector<std::string>> addresses)
{
    auto const looks =
        co_await asio::co_spawn(mail, retriever.retrieve_once(std::move(addresses)), asio::use_awaitable);
    if (!looks) co_return std::unexpected(looks.error());
    std::vector<console::Looked> all;
    for (auto const& each : *looks)
        all.push_back({each.mailbox, each.ok, static_cast<std::int64_t>(each.filed), each.reason});
    co_return all;
}

}  // namespace

MailServers::MailServers(grants::Ground ground, std::shared_ptr<net::TlsContext> tls,
                         std::shared_ptr<net::Proxy const> proxy, std::string transcripts, std::string const& owner,
                         std::string folder, bool alone)
    : impl_(std::make_unique<Impl>(std::move(ground), std::move(tls), std::move(proxy), std::move(transcripts), owner,
                                   std::move(folder), alone))
{
}

MailServers::~MailServers()
{
    (void)finish();
}

bool MailServers::finish()
{
    impl_->guard.reset();
    impl_->loop.stop();
    if (impl_->thread.joinable()) impl_->thread.join();
    return drain(impl_->loop);
}

void MailServers::start()
{
    impl_->crew.spawn(impl_->tokens, "the refresher");
    impl_->crew.spawn(impl_->triage, "triage");
    impl_->crew.spawn(impl_->retriever, "the retriever");
    impl_->crew.spawn(impl_->dispatcher, "the dispatcher");
    impl_->crew.spawn(impl_->trials, "the trial of grants");
    impl_->crew.spawn(impl_->reconciliations, "the comparison of mailboxes");
    impl_->crew.spawn(impl_->checks, "the check list");
    impl_->crew.spawn(impl_->pulse, "the pulse");
    impl_->thread = std::thread([this] { impl_->loop.run(); });
}

void MailServers::stop(std::function<void()> ended)
{
    asio::post(impl_->loop, [this, ended = std::move(ended)]() mutable { impl_->stop(std::move(ended)); });
}

std::function<void()> MailServers::trial_due()
{
    return [impl = impl_.get()] { asio::post(impl->loop, [impl] { impl->trials.nudge(); }); };
}

console::Hooks MailServers::hooks()
{
    auto* const impl = impl_.get();
    auto on_the_loop = [impl](auto work) {
        return [impl, work] { asio::post(impl->loop, [impl, work] { work(*impl); }); };
    };
    console::Hooks hooks;
    hooks.mail_queued = on_the_loop([](Impl& mail) { mail.dispatcher.nudge(); });
    hooks.triage_due = on_the_loop([](Impl& mail) { mail.triage.nudge(); });
    hooks.accounts_changed = on_the_loop([](Impl& mail) { mail.accounts_changed(); });
    hooks.reconciliation_due = on_the_loop([](Impl& mail) { mail.reconciliations.nudge(); });
    hooks.check_due = on_the_loop([](Impl& mail) { mail.checks.nudge(); });
    hooks.one_server = impl->side == checks::Side::both;
    hooks.retrieve_once = [impl](std::optional<std::vector<std::string>> addresses) {
        return look(impl->loop.get_executor(), impl->retriever, std::move(addresses));
    };
    return hooks;
}

}  // namespace postroom::cli
