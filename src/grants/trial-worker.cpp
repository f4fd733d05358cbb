#include "grants/trial-worker.hpp"

#include "base/text.hpp"
#include "grants/authorizations.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace postroom::grants {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// What a job asks for. Of `authorization` and `account` one is there.
struct Task {
    std::optional<model::AuthorizationId> authorization;
    std::optional<model::AccountId> account;
    bool test_mail = false;
};

template <class Named>
std::optional<Named> id_in(json::object const& input, std::string_view name)
{
    auto const* const text = input.if_contains(name);
    if (text == nullptr || !text->is_string()) return std::nullopt;
    auto const id = parse_uuid(std::string_view(text->get_string().data(), text->get_string().size()));
    if (!id) return std::nullopt;
    return Named{*id};
}

Result<Task> task_of(std::string_view input)
{
    boost::system::error_code error;
    auto const value = json::parse({input.data(), input.size()}, error);
    auto const* const object = error ? nullptr : value.if_object();
    if (object == nullptr) return failure(Trouble::invalid, "the job says nothing that can be read");
    Task task{.authorization = id_in<model::AuthorizationId>(*object, "authorization"),
              .account = id_in<model::AccountId>(*object, "account")};
    auto const* const test_mail = object->if_contains("test_mail");
    task.test_mail = test_mail != nullptr && test_mail->is_bool() && test_mail->get_bool();
    if (!task.authorization && !task.account)
        return failure(Trouble::invalid, "the job names neither an authorization nor an account");
    return task;
}

std::string output_of(Trial const& trial)
{
    json::array notes;
    for (auto const& note : trial.notes) notes.emplace_back(json::string(note));
    return json::serialize(
        json::object{{"refusal", trial.refusal ? json::value(json::string(*trial.refusal)) : json::value()},
                     {"notes", std::move(notes)}});
}

// What is tried, or why nothing is.
Result<Trying> trying_for(store::Connection& c, Ground const& ground, Task const& task)
{
    Trying trying;
    auto id = task.account;
    bool test_mail = task.test_mail;
    if (task.authorization) {
        auto const authorization = store::authorization(c, *task.authorization);
        if (!authorization || authorization->outcome != model::Authorization::State::trying)
            return failure(Trouble::not_found, "it is not to be tried any more");
        auto token = candidate_token(ground, *authorization);
        if (!token) return std::unexpected(token.error());
        trying.token = std::move(*token);
        id = authorization->account;
        test_mail = authorization->test_mail;
    }
    auto account = store::account(c, *id);
    if (!account) return failure(Trouble::not_found, "the account is not there any more");
    trying.account = std::move(*account);
    trying.mailboxes = store::mailboxes_of(c, *id);
    if (test_mail) trying.test_key = store::setting(c, "case-token-key");
    return trying;
}

}  // namespace

class TrialWorker::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Ground ground, Roads roads, asio::any_io_executor const& loop, std::string owner,
         std::function<void()> accepted, Options options)
        : ground_(std::move(ground)),
          roads_(std::move(roads)),
          timer_(loop),
          // A job that an earlier run of this server held is not this run's.
          owner_(std::move(owner) + '#' + to_hex(random_bytes(8))),
          accepted_(std::move(accepted)),
          options_(options)
    {
    }

    net::awaitable<void> run()
    {
        while (!stopped_) {
            try {
                while (!stopped_ && running_ < options_.at_once) {
                    auto job = co_await claim();
                    if (!job) break;
                    begin(std::move(*job));
                }
            } catch (store::Failure const& failure) {
                spdlog::error("trying grants: {}", failure.what());
            }
            if (!stopped_ && !std::exchange(nudged_, false)) co_await sleep(options_.poll);
        }
        while (running_ > 0) co_await sleep(Duration(50));
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
    net::awaitable<std::optional<store::Job>> claim()
    {
        auto due = [](store::Connection& c) { return store::job_due(c, trial_job); };
        bool const any = co_await ground_.store->read(std::move(due));
        if (!any) co_return std::nullopt;
        auto work = [owner = owner_, lease = options_.lease](store::Connection& c) {
            return store::claim_job(c, trial_job, owner, lease);
        };
        auto job = co_await ground_.store->write(std::move(work));
        co_return job;
    }

    void begin(store::Job job)
    {
        ++running_;
        auto working = work(shared_from_this(), std::move(job));
        asio::co_spawn(timer_.get_executor(), std::move(working),
                       [self = shared_from_this()](std::exception_ptr const&) {
                           --self->running_;
                           self->nudge();
                       });
    }

    // What the store did not take is taken up again, by this server or another, when the lease has run out.
    static net::awaitable<void> work(std::shared_ptr<Impl> self, store::Job job)
    {
        auto const renewal = std::make_shared<Renewal>(self->timer_.get_executor());
        auto keeping = keep(self, job.id, renewal);
        asio::co_spawn(self->timer_.get_executor(), std::move(keeping), asio::detached);
        std::string trouble;
        try {
            co_await self->carry_out(std::move(job));
        } catch (std::exception const& failure) {
            trouble = failure.what();
        }
        renewal->ended = true;
        renewal->timer.cancel();
        if (!trouble.empty()) spdlog::error("trying grants: {}", printable(trouble, 500));
    }

    struct Renewal {
        explicit Renewal(asio::any_io_executor const& executor) : timer(executor) {}
        asio::steady_timer timer;
        bool ended = false;
    };

    static net::awaitable<void> keep(std::shared_ptr<Impl> self, model::JobId id, std::shared_ptr<Renewal> renewal)
    {
        while (!renewal->ended) {
            renewal->timer.expires_after(self->options_.lease / 3);
            boost::system::error_code woken;
            co_await renewal->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            if (renewal->ended) co_return;
            auto renew = [id, owner = self->owner_, lease = self->options_.lease](store::Connection& c) {
                store::renew_job(c, id, owner, lease);
            };
            try {
                co_await self->ground_.store->write(std::move(renew));
            } catch (store::Failure const& failure) {
                spdlog::warn("trying grants: {}", failure.what());
            }
        }
    }

    net::awaitable<void> carry_out(store::Job job)
    {
        auto const task = task_of(job.input);
        if (!task) {
            co_await give_up(job.id, task.error().message);
            co_return;
        }
        auto read = [this, &task](store::Connection& c) { return trying_for(c, ground_, *task); };
        auto trying = co_await ground_.store->read(std::move(read));
        Trial trial;
        if (trying) {
            trial = co_await try_grant(roads_, std::move(*trying));
            // What was broken off here tells nothing: whoever has the job next tries it, and need not wait.
            if (roads_.stop && roads_.stop->is_now()) {
                auto let_go = [id = job.id, owner = owner_](store::Connection& c) {
                    store::renew_job(c, id, owner, Duration(0));
                };
                co_await ground_.store->write(std::move(let_go));
                co_return;
            }
        } else if (task->authorization && trying.error().kind != Trouble::not_found) {
            trial.refusal = trying.error().message;  // or somebody would wait for its end
        } else {
            co_await give_up(job.id, trying.error().message);
            co_return;
        }
        co_await settle_all(job.id, *task, std::move(trial));
    }

    net::awaitable<void> settle_all(model::JobId job, Task task, Trial trial)
    {
        auto finish = [&](store::Connection& c) -> std::optional<Settled> {
            store::finish_job(c, job, owner_, true, output_of(trial));
            if (task.authorization) return settle(c, ground_, *task.authorization, trial);
            for (auto const& right : trial.rights)
                if (store::mailbox(c, right.mailbox)) store::set_right(c, right);
            return std::nullopt;
        };
        auto const settled = co_await ground_.store->write(finish);
        if (!settled) co_return;
        spdlog::info("the grant for {} was tried and {}: {}", settled->account,
                     settled->accepted ? "accepted" : "refused", printable(settled->words, 500));
        if (settled->accepted) accepted_();
    }

    net::awaitable<void> give_up(model::JobId job, std::string why)
    {
        auto finish = [&](store::Connection& c) {
            store::finish_job(c, job, owner_, false, json::serialize(json::object{{"words", json::string(why)}}));
        };
        co_await ground_.store->write(finish);
    }

    net::awaitable<void> sleep(Duration how_long)
    {
        timer_.expires_after(how_long);
        boost::system::error_code woken;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        nudged_ = false;
    }

    Ground ground_;
    Roads roads_;
    asio::steady_timer timer_;
    std::string owner_;
    std::function<void()> accepted_;
    Options options_;
    std::size_t running_ = 0;
    bool nudged_ = false;
    bool stopped_ = false;
};

TrialWorker::TrialWorker(Ground ground, Roads roads, asio::any_io_executor const& loop, std::string owner,
                         std::function<void()> accepted, Options options)
    : impl_(std::make_shared<Impl>(std::move(ground), std::move(roads), loop, std::move(owner), std::move(accepted),
                                   options))
{
}
TrialWorker::~TrialWorker() = default;

net::awaitable<void> TrialWorker::run()
{
    return impl_->run();
}
void TrialWorker::nudge()
{
    impl_->nudge();
}
void TrialWorker::stop()
{
    impl_->stop();
}

}  // namespace postroom::grants
