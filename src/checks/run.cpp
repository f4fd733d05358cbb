#include "checks/run.hpp"

#include "base/text.hpp"
#include "grants/together.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postroom::checks {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t at_once = 16;

bool speaks(Item const& item, Place const& place)
{
    return item.speaks.empty() || std::ranges::find(item.speaks, place.purpose) != item.speaks.end();
}

bool on(Item const& item, Side side)
{
    return side == Side::both || item.side == Side::both || item.side == side;
}

// An application server retrieves nothing: what it can't reach of that is no failure.
std::vector<Place> places_of(Files const& files, Side side)
{
    std::vector<Place> all;
    auto const add = [&](Place const& place) {
        bool const retrieves = place.purpose == Purpose::imap || place.purpose == Purpose::pop3;
        if (side == Side::application && retrieves) return;
        if (std::ranges::find(all, place) == all.end()) all.push_back(place);
    };
    for (auto const& application : files.applications)
        if (application->place) add(*application->place);
    for (auto const& account : files.accounts)
        for (auto const& place : account->places) add(place);
    return all;
}

std::vector<Target> hosts(Item const& item, std::vector<Place> const& places)
{
    std::vector<Target> all;
    for (auto const& place : places) {
        if (!speaks(item, place)) continue;
        auto const known = std::ranges::find(all, place.server.host, &Target::subject);
        if (known == all.end())
            all.push_back({.about = About::host, .subject = place.server.host, .places = {place}});
        else
            known->places.push_back(place);
    }
    return all;
}

std::vector<Target> servers(Item const& item, std::vector<Place> const& places)
{
    std::vector<Target> all;
    for (auto const& place : places)
        if (speaks(item, place))
            all.push_back({.about = About::server, .subject = to_string(place.server), .places = {place}});
    return all;
}

std::vector<Target> targets_of(Item const& item, Files const& files, Wanted const& wanted, Side side)
{
    std::vector<Target> all;
    auto const places = places_of(files, side);
    if (item.about == About::partition) all.push_back({.about = About::partition, .subject = "", .places = places});
    if (item.about == About::host) all = hosts(item, places);
    if (item.about == About::server) all = servers(item, places);
    if (item.about == About::application)
        for (auto const& each : files.applications) {
            Target target{.about = About::application, .subject = each->application.name, .application = each};
            if (each->place) target.places.push_back(*each->place);
            all.push_back(std::move(target));
        }
    for (auto const& each : files.accounts) {
        Target target{.about = About::account, .subject = each->account.name, .account = each, .places = each->places};
        if (item.about == About::account) all.push_back(target);
        if (item.about != About::mailbox) continue;
        target.about = About::mailbox;
        for (auto const& mailbox : each->mailboxes) {
            target.subject = mailbox.mailbox.address;
            if (!wanted.mailbox.empty() && !equal_ignoring_case(wanted.mailbox, target.subject)) continue;
            target.mailbox = std::shared_ptr<MailboxFile const>(each, &mailbox);
            all.push_back(target);
        }
    }
    return all;
}

// What a task waits for, and whoever waits for it.
struct Running {
    Running(Task task, boost::asio::any_io_executor const& executor)
        : task(std::move(task)), told(executor, Steady::time_point::max())
    {
    }
    Task task;
    std::vector<std::shared_ptr<Running>> grounds{};
    boost::asio::steady_timer told;
    std::optional<model::Outcome> outcome{};
    std::string gone{};  // the ground without which it could not be told; its own name where it failed itself
};

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Task task)
{
    try {
        auto finding = co_await task.item->look(std::move(bench), std::move(task.target));
        co_return finding;
    } catch (std::exception const& e) {
        co_return model::Finding{.evidence = printable(e.what(), 1'000)};
    }
}

std::string name_of(Running const& ground)
{
    auto const& subject = ground.task.target.subject;
    return subject.empty() ? std::string(ground.task.item->id) : fmt::format("{} of {}", ground.task.item->id, subject);
}

net::awaitable<void> run(std::shared_ptr<Bench> bench, std::shared_ptr<Running> running, Tell tell)
{
    Told told;
    for (auto const& ground : running->grounds) {
        while (!ground->outcome) {
            boost::system::error_code woken;
            co_await ground->told.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        }
        bool const gone =
            *ground->outcome == model::Outcome::fails || *ground->outcome == model::Outcome::could_not_be_told;
        if (gone && told.because.empty()) {
            told.because = ground->gone.empty() ? std::string(ground->task.item->id) : ground->gone;
            told.finding.evidence = fmt::format(
                "{} {}", name_of(*ground), *ground->outcome == model::Outcome::fails ? "fails" : "could not be told");
        }
    }
    if (told.because.empty()) {
        auto const begun = Steady::now();
        auto task = running->task;
        told.finding = co_await look(bench, std::move(task));
        told.took = std::chrono::ceil<Duration>(Steady::now() - begun);
    }
    running->outcome = told.finding.outcome;
    running->gone = told.because;
    running->told.cancel();
    co_await tell(running->task, std::move(told));
}

}  // namespace

std::vector<Task> plan(Files const& files, Wanted const& wanted, Side side)
{
    std::vector<Task> tasks;
    for (auto const& item : items()) {
        bool const asked = wanted.items.empty() || std::ranges::find(wanted.items, item.id) != wanted.items.end();
        if (!asked || !on(item, side)) continue;
        // It tells of all accounts together, and of one alone would be taken for that.
        if (item.about == About::partition && !wanted.account.empty() && wanted.items.empty()) continue;
        if (item.only_sending && !wanted.may_send && wanted.items.empty()) continue;
        for (auto& target : targets_of(item, files, wanted, side))
            if (item.concerns == nullptr || item.concerns(target)) tasks.push_back({&item, std::move(target)});
    }
    return tasks;
}

bool rests_on(Task const& task, Task const& ground)
{
    if (std::ranges::find(task.item->grounds, ground.item->id) == task.item->grounds.end()) return false;
    auto const& its = ground.target;
    if (its.about == About::partition) return true;
    auto const& mine = task.target;
    if (its.about == About::application) {
        auto const application = mine.account ? mine.account->application : mine.application;
        return application == its.application;
    }
    if (its.about == About::account) return mine.account == its.account;
    if (its.about == About::mailbox) return mine.mailbox == its.mailbox;
    return std::ranges::any_of(mine.places, [&](Place const& place) {
        if (!speaks(*task.item, place)) return false;
        return its.about == About::host ? place.server.host == its.subject
                                        : std::ranges::find(its.places, place) != its.places.end();
    });
}

net::awaitable<void> carry_out(std::shared_ptr<Bench> bench, std::vector<Task> tasks, Tell tell)
{
    auto const executor = co_await boost::asio::this_coro::executor;
    std::vector<std::shared_ptr<Running>> all;
    std::map<std::string_view, std::vector<std::shared_ptr<Running>>> by_item;
    std::vector<grants::Task> work;
    for (auto& task : tasks) {
        auto running = std::make_shared<Running>(std::move(task), executor);
        for (auto const id : running->task.item->grounds)
            for (auto const& before : by_item[id])
                if (rests_on(running->task, before->task)) running->grounds.push_back(before);
        by_item[running->task.item->id].push_back(running);
        work.emplace_back([bench, running, tell] { return run(bench, running, tell); });
        all.push_back(std::move(running));
    }
    co_await grants::together(std::move(work), at_once);
}

}  // namespace postroom::checks
