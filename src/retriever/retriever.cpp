#include "retriever/retriever.hpp"

#include "base/open-files.hpp"
#include "base/text.hpp"
#include "retriever/mailbox-run.hpp"
#include "store/bodies.hpp"
#include "store/mailboxes.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace postroom::retriever {

namespace {

constexpr Duration watched_every{5'000};
constexpr Duration longest_rest{2'000};
constexpr Duration look_limit{5 * 60'000};
// Chunks that no filing published within a day belong to connections that died.
constexpr Duration orphan_age{24 * 3'600'000};

// What is left of the files that may be open, once the store, the console's connections, the senders' and the listeners
// have theirs.
std::size_t connections_for_mailboxes()
{
    auto const files = most_open_files();
    auto const others = 128 + files / 16;
    return files > 2 * others ? files - others : files / 2;
}

}  // namespace

class Retriever::Impl : public std::enable_shared_from_this<Impl> {
public:
    explicit Impl(Ground ground)
        : ground_(std::make_shared<Ground const>(std::move(ground))),
          timer_(ground_->loop),
          watch_(ground_->loop),
          turns_(std::make_shared<Turns>(ground_->loop, Turns::Bounds{.connections = connections_for_mailboxes()}))
    {
    }

    net::awaitable<void> run()
    {
        auto watching = watch(shared_from_this());
        boost::asio::co_spawn(ground_->loop, std::move(watching), boost::asio::detached);
        while (!stopped_) {
            auto const begun = Turns::Steady::now();
            try {
                co_await follow_mailboxes();
                co_await sweep();
            } catch (store::Failure const& failure) {
                spdlog::error("retriever: {}", failure.what());
            }
            // To read ten thousand takes a while, and whoever adds mailboxes one after another nudges for each.
            co_await rest(std::min<Turns::Steady::duration>(4 * (Turns::Steady::now() - begun), longest_rest));
            co_await sleep(Duration(10'000));
        }
        for (auto const& [id, run] : runs_) run->stop();  // one may have begun meanwhile
        while (!runs_.empty()) co_await sleep(Duration(50), true);
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
        watch_.cancel();
        for (auto const& [id, run] : runs_) run->stop();
    }

    net::awaitable<Result<std::vector<Look>>> retrieve_once(std::optional<std::vector<std::string>> addresses)
    {
        co_await follow_mailboxes();
        auto read = [](store::Connection& c) { return store::mailboxes(c); };
        auto const mailboxes = co_await ground_->store->read(std::move(read));
        std::vector<std::pair<std::string, std::shared_ptr<MailboxRun>>> wanted;
        for (auto const& mailbox : mailboxes) {
            auto const is_it = [&](std::string const& address) {
                return equal_ignoring_case(address, mailbox.address);
            };
            if (addresses && std::ranges::none_of(*addresses, is_it)) continue;
            if (auto const found = runs_.find(mailbox.id); found != runs_.end())
                wanted.emplace_back(mailbox.address, found->second);
        }
        if (wanted.empty() && addresses && !addresses->empty())
            co_return failure(Trouble::not_found,
                              fmt::format("there is no mailbox {}; `postroom mailbox list` shows those there are",
                                          printable(addresses->front(), 128)));
        // All are asked before the first is waited for.
        auto looks = std::make_shared<std::vector<std::optional<Look>>>(wanted.size());
        auto done = std::make_shared<boost::asio::steady_timer>(ground_->loop);
        done->expires_after(look_limit + Duration(5'000));
        auto left = std::make_shared<std::size_t>(wanted.size());
        auto look = [](std::shared_ptr<MailboxRun> run, std::string name, decltype(looks) results, std::size_t at,
                       decltype(left) count, decltype(done) ready) -> net::awaitable<void> {
            auto result = co_await run->next_look(std::move(name), look_limit);
            (*results)[at] = std::move(result);
            if (--*count == 0) ready->cancel();
        };
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            auto looking = look(wanted[i].second, wanted[i].first, looks, i, left, done);
            boost::asio::co_spawn(ground_->loop, std::move(looking), boost::asio::detached);
        }
        boost::system::error_code ended;
        if (*left > 0) co_await done->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ended));
        std::vector<Look> all;
        for (std::size_t i = 0; i < wanted.size(); ++i)
            all.push_back((*looks)[i].value_or(Look{wanted[i].first, false, 0, "it took too long"}));
        co_return all;
    }

private:
    // Begins a run for each mailbox that has none, ends those of mailboxes that are gone, and tells the others what
    // they rest on.
    net::awaitable<void> follow_mailboxes()
    {
        std::string most;
        auto read = [&most](store::Connection& c) {
            most = store::setting(c, "connections-per-server");
            return store::footings(c);
        };
        auto const wanted = co_await ground_->store->read(std::move(read));
        if (stopped_) co_return;
        bound_connections(most, wanted.size());
        for (auto const& [id, footing] : wanted) {
            if (auto const found = runs_.find(id); found != runs_.end()) {
                found->second->follow(footing);
                continue;
            }
            auto run = std::make_shared<MailboxRun>(ground_, turns_, id);
            runs_[id] = run;
            auto work = [](std::shared_ptr<Impl> self, std::shared_ptr<MailboxRun> which,
                           model::MailboxId whose) -> net::awaitable<void> {
                co_await which->run();
                self->runs_.erase(whose);
            };
            auto working = work(shared_from_this(), std::move(run), id);
            boost::asio::co_spawn(ground_->loop, std::move(working), boost::asio::detached);
        }
        for (auto const& [id, run] : runs_)
            if (!wanted.contains(id)) run->stop();
    }

    void bound_connections(std::string_view setting, std::size_t mailboxes)
    {
        auto bounds = turns_->bounds();
        std::size_t most = 0;
        std::from_chars(setting.data(), setting.data() + setting.size(), most);
        bounds.connections_per_server = most > 0 ? most : SIZE_MAX;
        turns_->set_bounds(bounds);
        if (mailboxes <= bounds.connections || std::exchange(told_of_files_, true)) return;
        spdlog::warn(
            "retriever: there are {} mailboxes, and the limit of open files, {}, leaves room for {} connections: they "
            "take turns, and mail is noticed later. Raise the limit (LimitNOFILE= of the service, or ulimit -Hn)",
            mailboxes, most_open_files(), bounds.connections);
    }

    // By itself, whatever the store keeps the others waiting for.
    static net::awaitable<void> watch(std::shared_ptr<Impl> self)
    {
        while (!self->stopped_) {
            self->watch_.expires_after(std::min(watched_every, self->ground_->stall));
            boost::system::error_code woken;
            co_await self->watch_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
            for (auto const& [id, run] : self->runs_) run->watch();
        }
    }

    net::awaitable<void> sweep()
    {
        auto const now = ground_->clock->now();
        if (now < next_sweep_) co_return;
        next_sweep_ = now + Duration(3'600'000);
        auto work = [before = now - orphan_age](store::Connection& c) { return store::sweep_bodies(c, before); };
        auto const swept = co_await ground_->store->write(std::move(work));
        if (swept > 0) spdlog::info("retriever: swept {} chunks of mail that was never filed", swept);
    }

    // Whatever nudges.
    net::awaitable<void> rest(Turns::Steady::duration how_long)
    {
        auto const until = Turns::Steady::now() + how_long;
        while (!stopped_ && Turns::Steady::now() < until) {
            timer_.expires_at(until);
            boost::system::error_code woken;
            co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        }
    }

    net::awaitable<void> sleep(Duration how_long, bool even_stopped = false)
    {
        if ((stopped_ && !even_stopped) || std::exchange(nudged_, false)) co_return;
        timer_.expires_after(how_long);
        boost::system::error_code woken;
        co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        nudged_ = false;
    }

    std::shared_ptr<Ground const> ground_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer watch_;
    std::shared_ptr<Turns> turns_;
    std::unordered_map<model::MailboxId, std::shared_ptr<MailboxRun>> runs_;
    Instant next_sweep_{};
    bool told_of_files_ = false;
    bool nudged_ = false;
    bool stopped_ = false;
};

Retriever::Retriever(Ground ground) : impl_(std::make_shared<Impl>(std::move(ground))) {}
Retriever::~Retriever() = default;

net::awaitable<void> Retriever::run()
{
    return impl_->run();
}
void Retriever::nudge()
{
    impl_->nudge();
}
void Retriever::stop()
{
    impl_->stop();
}
net::awaitable<Result<std::vector<Look>>> Retriever::retrieve_once(std::optional<std::vector<std::string>> addresses)
{
    return impl_->retrieve_once(std::move(addresses));
}

}  // namespace postroom::retriever
