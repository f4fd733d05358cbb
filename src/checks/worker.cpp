#include "checks/worker.hpp"

#include "base/text.hpp"
#include "checks/connecting.hpp"
#include "checks/elsewhere.hpp"
#include "grants/together.hpp"
#include "oauth/json-fields.hpp"
#include "store/coordination.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace postroom::checks {

namespace json = boost::json;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Duration look_every = 60s;
constexpr Duration first_look = 10s;  // the workers have begun by then
constexpr Duration sweep_every = 1h;
constexpr Duration kept = std::chrono::days(90);
constexpr Duration repeated_kept = std::chrono::days(1);
// Nobody waits any longer: an answer that comes then is one to a question that was forgotten.
constexpr Duration run_waits = 1h;
constexpr std::int64_t most_times = 3;
// For removing the marked mails: hundreds of servers that don't answer keep no run open.
constexpr Duration clearing_limit = 4min;

std::string kind_of(Side side)
{
    switch (side) {
        case Side::application: return "check-application";
        case Side::services: return "check-services";
        case Side::both: return "check-both";
    }
    return "";
}

std::string asked_of(Wanted const& wanted)
{
    json::array items;
    for (auto const& each : wanted.items) items.emplace_back(json::string(each));
    return json::serialize(json::object{{"items", std::move(items)},
                                        {"account", wanted.account},
                                        {"mailbox", wanted.mailbox},
                                        {"server", wanted.server},
                                        {"may_send", wanted.may_send}});
}

json::object object_in(std::string_view text)
{
    boost::system::error_code error;
    auto value = json::parse({text.data(), text.size()}, error);
    return !error && value.is_object() ? std::move(value.get_object()) : json::object();
}

// How often a job was taken up, as it notes itself: by whoever had it, and was broken off, or threw.
struct TakenUp {
    std::int64_t times = 0;
    bool begun = false;  // its part of the run is counted, and mails may have been sent
};

TakenUp taken_up(store::Job const& job)
{
    auto const noted = object_in(job.output);
    TakenUp taken;
    if (auto const* const times = noted.if_contains("taken_up"); times != nullptr && times->is_int64())
        taken.times = times->get_int64();
    if (auto const* const begun = noted.if_contains("begun"); begun != nullptr && begun->is_bool())
        taken.begun = begun->get_bool();
    return taken;
}

void note(store::Connection& c, store::Job const& job, std::string_view owner, TakenUp const& taken)
{
    store::note_progress(c, job.id, owner,
                         json::serialize(json::object{{"taken_up", taken.times}, {"begun", taken.begun}}));
}

// "30m", "6h"; nothing where it is never.
std::optional<Duration> length_of(std::string_view text)
{
    std::int64_t number = 0;
    auto const read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || number == 0) return std::nullopt;
    std::string_view const unit(read.ptr, text.data() + text.size());
    return unit == "h" ? Duration(std::chrono::hours(number)) : Duration(std::chrono::minutes(number));
}

}  // namespace

store::CheckRunId begin_run(store::Connection& c, Wanted const& wanted, std::string_view asker, bool one_server,
                            Instant now)
{
    store::CheckRun run;
    run.id = store::CheckRunId::make();
    run.asked = asked_of(wanted);
    run.asker = asker;
    run.begun = now;
    run.parts = one_server || !wanted.server.empty() ? 1 : 2;
    store::add_check_run(c, run);
    auto const add = [&](std::string kind) {
        store::add_job(c, {.id = model::JobId::make(),
                           .kind = std::move(kind),
                           .input = json::serialize(json::object{{"run", to_string(run.id)}}),
                           .created = c.now()});
    };
    if (!wanted.server.empty()) {
        add(kind_for(wanted.server));
    } else if (one_server) {
        add(kind_of(Side::both));
    } else {
        add(kind_of(Side::application));
        add(kind_of(Side::services));
    }
    return run.id;
}

Wanted wanted_of(std::string_view asked)
{
    auto const object = object_in(asked);
    Wanted wanted;
    wanted.account = oauth::text_member(object, "account");
    wanted.mailbox = oauth::text_member(object, "mailbox");
    wanted.server = oauth::text_member(object, "server");
    if (auto const* const flag = object.if_contains("may_send")) wanted.may_send = flag->is_bool() && flag->get_bool();
    auto const* const items = object.if_contains("items");
    if (items != nullptr && items->is_array())
        for (auto const& each : items->get_array())
            if (each.is_string()) wanted.items.emplace_back(each.get_string());
    return wanted;
}

class CheckWorker::Impl {
public:
    Impl(Bench::Ground ground, asio::any_io_executor const& loop, std::string owner, Side side)
        : ground(std::move(ground)), owner(std::move(owner)), side(side), pause(loop)
    {
    }

    static net::awaitable<void> work(std::shared_ptr<Impl> self, store::Job job, std::string owner)
    {
        auto& store = *self->ground.ground.store;
        auto const id = parse_uuid(oauth::text_member(object_in(job.input), "run"));
        store::CheckRunId const run{id ? *id : Uuid{}};
        auto taken = taken_up(job);
        std::optional<store::CheckRun> found;
        bool waits = false;
        auto take_up = [&](store::Connection& c) {
            waits = c.now() - job.created <= run_waits && taken.times < most_times;
            found = store::check_run(c, run);
            note(c, job, owner, {taken.times + 1, taken.begun});
        };
        co_await store.write(std::move(take_up));
        ++taken.times;
        if (found && waits) co_await take_part(self, job, owner, *found, taken);
        bool const stopped = waits && self->ground.stop && self->ground.stop->is_now();
        auto finish = [&](store::Connection& c) {
            // Whoever has the job next begins it anew, and need not wait.
            if (stopped) {
                note(c, job, owner, {taken.times - 1, taken.begun});
                store::renew_job(c, job.id, owner, Duration(0));
                return;
            }
            store::finish_job(c, job.id, owner, found && waits, "{}");
            if (found) store::end_check_part(c, run);
        };
        co_await store.write(std::move(finish));
    }

    // Who takes it up again looks at all of it, as grounds have to be looked at, keeps what was not told yet, and sends
    // nothing: it may have been sent.
    static net::awaitable<void> take_part(std::shared_ptr<Impl> self, store::Job job, std::string owner,
                                          store::CheckRun run, TakenUp& taken)
    {
        auto& store = *self->ground.ground.store;
        auto const wanted = wanted_of(run.asked);
        auto const now = self->ground.ground.clock->now();
        auto const told = std::make_shared<std::set<std::pair<std::string, std::string>>>();
        auto look = [&](store::Connection& c) {
            if (taken.begun)
                for (auto const& each : store::findings_of_run(c, run.id))
                    if (each.server == self->owner) told->emplace(each.item, each.subject);
            return read_files(c, wanted.account, now);
        };
        auto files = co_await store.read(std::move(look));
        auto tasks = plan(files, wanted, self->side);
        bool const tells = std::ranges::any_of(tasks, [](Task const& each) { return each.item->sends; });
        bool const may_send = wanted.may_send && tells && !taken.begun;
        auto const bench = std::make_shared<Bench>(self->ground, std::move(files), may_send);
        if (!taken.begun) {
            auto begin = [&](store::Connection& c) {
                note(c, job, owner, {taken.times, true});
                store::begin_check_part(c, run.id, static_cast<std::int64_t>(tasks.size()));
            };
            co_await store.write(std::move(begin));
            taken.begun = true;
        }
        Tell tell = [self, id = run.id, told](Task task, Told its) {
            if (told->contains({std::string(task.item->id), task.target.subject})) return nothing();
            return keep(self, id, std::move(task), std::move(its));
        };
        co_await carry_out(bench, std::move(tasks), std::move(tell));
        Bench::StillLeft still_left = [self, id = run.id](std::int64_t left) { return note_clearing(self, id, left); };
        co_await bench->clear_away(clearing_limit, std::move(still_left));
    }

    static net::awaitable<void> nothing() { co_return; }

    static net::awaitable<void> note_clearing(std::shared_ptr<Impl> self, store::CheckRunId run, std::int64_t left)
    {
        auto write = [&](store::Connection& c) { store::note_clearing(c, run, left); };
        co_await self->ground.ground.store->write(std::move(write));
    }

    // What somebody wants to know of this server alone.
    static net::awaitable<void> work_here(std::shared_ptr<Impl> self, store::Job job, std::string owner)
    {
        auto const connecting = connecting_of(job);
        if (!connecting) {
            co_await work(std::move(self), std::move(job), std::move(owner));
            co_return;
        }
        auto ground = self->ground;
        co_await hold_connection(std::move(ground), std::move(job), std::move(owner), *connecting);
    }

    static net::awaitable<void> keep(std::shared_ptr<Impl> self, store::CheckRunId run, Task task, Told told)
    {
        // What was broken off tells nothing.
        if (self->ground.stop && self->ground.stop->is_now()) co_return;
        store::CheckFinding found;
        found.run = run;
        found.item = task.item->id;
        found.server = self->owner;
        found.subject = task.target.subject;
        if (task.target.account) found.account = task.target.account->account.id;
        if (task.target.mailbox) found.mailbox = task.target.mailbox->mailbox.id;
        found.finding = std::move(told.finding);
        found.finding.evidence = printable(found.finding.evidence, 4'000);
        found.because = std::move(told.because);
        found.took = told.took;
        found.found = self->ground.ground.clock->now();
        auto write = [&](store::Connection& c) { store::keep_finding(c, found); };
        co_await self->ground.ground.store->write(std::move(write));
    }

    // Once a period, whichever server is first; where all were down when it was due, once they are up. A store that is
    // new has until then.
    void ask_where_due(store::Connection& c)
    {
        auto const every = length_of(store::setting(c, "check-every"));
        auto const now = ground.ground.clock->now();
        if (now - begun >= look_every && now - swept >= sweep_every) {
            store::sweep_findings(c, now - kept, now - repeated_kept, owner);
            swept = now;
        }
        if (!every || now - store::last_scheduled_check(c).value_or(begun) < *every) return;
        if (!store::take_lease(c, "check-schedule", owner, look_every)) return;
        begin_run(c, {}, store::check_schedule, side == Side::both, now);
    }

    static net::awaitable<void> keep_schedule(std::shared_ptr<Impl> impl)
    {
        for (auto wait = first_look; !impl->stopped; wait = look_every) {
            impl->pause.expires_after(wait);
            boost::system::error_code error;
            co_await impl->pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
            if (impl->stopped) break;
            try {
                co_await impl->ground.ground.store->write([impl](store::Connection& c) { impl->ask_where_due(c); });
            } catch (store::Failure const& failure) {
                spdlog::debug("whether the check list is due could not be looked at: {}", failure.what());
            }
        }
    }

    Bench::Ground ground;
    std::string owner;
    Side side;
    Instant begun = ground.ground.clock->now();
    Instant swept{};
    asio::steady_timer pause;
    bool stopped = false;
};

CheckWorker::CheckWorker(Bench::Ground ground, asio::any_io_executor const& loop, std::string owner, Side side)
    : impl_(std::make_shared<Impl>(ground, loop, owner, side))
{
    auto work = [impl = impl_](store::Job job, std::string name) {
        return Impl::work(impl, std::move(job), std::move(name));
    };
    runner_ = std::make_unique<store::JobRunner>(*ground.ground.store, loop, kind_of(side), owner, "the check list",
                                                 std::move(work), store::JobRunner::Options{.at_once = 2});
    auto work_here = [impl = impl_](store::Job job, std::string name) {
        return Impl::work_here(impl, std::move(job), std::move(name));
    };
    auto const kind = kind_for(owner);
    here_ = std::make_unique<store::JobRunner>(*ground.ground.store, loop, kind, std::move(owner), "what is asked here",
                                               std::move(work_here), store::JobRunner::Options{.at_once = 8});
}
CheckWorker::~CheckWorker() = default;

net::awaitable<void> CheckWorker::run()
{
    auto const executor = co_await asio::this_coro::executor;
    if (impl_->side != Side::services) asio::co_spawn(executor, Impl::keep_schedule(impl_), asio::detached);
    std::vector<grants::Task> both{[this] { return runner_->run(); }, [this] { return here_->run(); }};
    co_await grants::together(std::move(both), 2);
}

void CheckWorker::nudge()
{
    runner_->nudge();
    here_->nudge();
}
void CheckWorker::stop()
{
    impl_->stopped = true;
    impl_->pause.cancel();
    runner_->stop();
    here_->stop();
}

}  // namespace postroom::checks
