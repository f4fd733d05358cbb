#include "grants/trial-worker.hpp"

#include "base/text.hpp"
#include "grants/authorizations.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/job-runner.hpp"
#include "store/mailboxes.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>
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

class TrialWorker::Impl {
public:
    Impl(Ground ground, Roads roads, std::function<void()> accepted)
        : ground_(std::move(ground)), roads_(std::move(roads)), accepted_(std::move(accepted))
    {
    }

    static net::awaitable<void> work(std::shared_ptr<Impl> self, store::Job job, std::string owner)
    {
        co_await self->carry_out(std::move(job), std::move(owner));
    }

private:
    net::awaitable<void> carry_out(store::Job job, std::string owner)
    {
        auto const task = task_of(job.input);
        if (!task) {
            co_await give_up(job.id, owner, task.error().message);
            co_return;
        }
        auto read = [this, &task](store::Connection& c) { return trying_for(c, ground_, *task); };
        auto trying = co_await ground_.store->read(std::move(read));
        Trial trial;
        if (trying) {
            trial = co_await try_grant(roads_, std::move(*trying));
            // What was broken off here tells nothing: whoever has the job next tries it, and need not wait.
            if (roads_.stop && roads_.stop->is_now()) {
                auto let_go = [id = job.id, owner](store::Connection& c) {
                    store::renew_job(c, id, owner, Duration(0));
                };
                co_await ground_.store->write(std::move(let_go));
                co_return;
            }
        } else if (task->authorization && trying.error().kind != Trouble::not_found) {
            trial.refusal = trying.error().message;  // or somebody would wait for its end
        } else {
            co_await give_up(job.id, owner, trying.error().message);
            co_return;
        }
        co_await settle_all(job.id, owner, *task, std::move(trial));
    }

    net::awaitable<void> settle_all(model::JobId job, std::string owner, Task task, Trial trial)
    {
        auto finish = [&](store::Connection& c) -> std::optional<Settled> {
            store::finish_job(c, job, owner, true, output_of(trial));
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

    net::awaitable<void> give_up(model::JobId job, std::string owner, std::string why)
    {
        auto finish = [&](store::Connection& c) {
            store::finish_job(c, job, owner, false, json::serialize(json::object{{"words", json::string(why)}}));
        };
        co_await ground_.store->write(finish);
    }

    Ground ground_;
    Roads roads_;
    std::function<void()> accepted_;
};

TrialWorker::TrialWorker(Ground ground, Roads roads, asio::any_io_executor const& loop, std::string owner,
                         std::function<void()> accepted, Options options)
{
    auto* const store = ground.store;
    auto const impl = std::make_shared<Impl>(std::move(ground), std::move(roads), std::move(accepted));
    auto work = [impl](store::Job job, std::string name) { return Impl::work(impl, std::move(job), std::move(name)); };
    runner_ = std::make_unique<store::JobRunner>(
        *store, loop, std::string(trial_job), std::move(owner), "trying grants", std::move(work),
        store::JobRunner::Options{options.at_once, options.lease, options.poll});
}
TrialWorker::~TrialWorker() = default;

net::awaitable<void> TrialWorker::run()
{
    return runner_->run();
}
void TrialWorker::nudge()
{
    runner_->nudge();
}
void TrialWorker::stop()
{
    runner_->stop();
}

}  // namespace postroom::grants
