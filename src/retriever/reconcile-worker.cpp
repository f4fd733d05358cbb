#include "retriever/reconcile-worker.hpp"

#include "store/accounts.hpp"
#include "store/mailboxes.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <utility>

namespace postroom::retriever {

namespace {

namespace json = boost::json;

// Every mail of a mailbox may have to come once more.
constexpr auto limit = std::chrono::minutes(10);
constexpr auto limit_with_bytes = std::chrono::hours(2);

struct Task {
    model::MailboxId mailbox;
    bool bytes = false;
};

std::optional<Task> task_of(std::string_view input)
{
    boost::system::error_code error;
    auto const value = json::parse({input.data(), input.size()}, error);
    auto const* const object = error ? nullptr : value.if_object();
    auto const* const id = object ? object->if_contains("mailbox") : nullptr;
    if (id == nullptr || !id->is_string()) return std::nullopt;
    auto const parsed = parse_uuid(std::string_view(id->get_string().data(), id->get_string().size()));
    if (!parsed) return std::nullopt;
    auto const* const bytes = object->if_contains("bytes");
    return Task{{*parsed}, bytes != nullptr && bytes->is_bool() && bytes->get_bool()};
}

struct Wanted {
    model::Account account;
    model::Mailbox mailbox;
};

std::optional<Wanted> wanted(store::Connection& c, std::optional<Task> const& task)
{
    auto const mailbox = task ? store::mailbox(c, task->mailbox) : std::nullopt;
    auto const account = mailbox ? store::account(c, mailbox->account) : std::nullopt;
    if (!account) return std::nullopt;
    return Wanted{*account, *mailbox};
}

}  // namespace

class ReconcileWorker::Impl {
public:
    Impl(store::Store& store, grants::Roads roads) : store_(store), roads_(std::move(roads)) {}

    static net::awaitable<void> work(std::shared_ptr<Impl> self, store::Job job, std::string owner)
    {
        auto const task = task_of(job.input);
        auto read = [&](store::Connection& c) { return wanted(c, task); };
        auto found = co_await self->store_.read(std::move(read));
        Result<model::Reconciliation> compared = failure(Trouble::not_found, "the mailbox is not there any more");
        if (found) {
            auto const ground = std::make_shared<Reconciling>(Reconciling{&self->store_, self->roads_});
            auto const most = task->bytes ? std::chrono::steady_clock::duration(limit_with_bytes) : limit;
            ground->roads.until = std::chrono::steady_clock::now() + most;
            self->under_way_.insert(ground);
            struct Forget {
                Impl& impl;
                std::shared_ptr<Reconciling> const& what;
                ~Forget() { impl.under_way_.erase(what); }
            } const forget{*self, ground};
            compared = co_await reconcile(ground, std::move(found->account), std::move(found->mailbox), task->bytes);
            if (ground->stopped) {
                // Whoever has the job next begins it anew, and need not wait.
                auto let_go = [&](store::Connection& c) { store::renew_job(c, job.id, owner, Duration(0)); };
                co_await self->store_.write(std::move(let_go));
                co_return;
            }
        }
        auto finish = [&](store::Connection& c) {
            auto const output =
                compared ? to_text(*compared) : json::serialize(json::object{{"words", compared.error().message}});
            store::finish_job(c, job.id, owner, compared.has_value(), output);
        };
        co_await self->store_.write(std::move(finish));
    }

    void stop()
    {
        for (auto const& each : under_way_) each->stop();
    }

private:
    store::Store& store_;
    grants::Roads roads_;
    std::set<std::shared_ptr<Reconciling>> under_way_;
};

ReconcileWorker::ReconcileWorker(store::Store& store, grants::Roads roads, boost::asio::any_io_executor const& loop,
                                 std::string owner)
    : impl_(std::make_shared<Impl>(store, std::move(roads)))
{
    auto work = [impl = impl_](store::Job job, std::string name) {
        return Impl::work(impl, std::move(job), std::move(name));
    };
    runner_ = std::make_unique<store::JobRunner>(store, loop, std::string(model::reconcile_job), std::move(owner),
                                                 "comparing mailboxes", std::move(work),
                                                 store::JobRunner::Options{.at_once = 2});
}
ReconcileWorker::~ReconcileWorker() = default;

net::awaitable<void> ReconcileWorker::run()
{
    return runner_->run();
}
void ReconcileWorker::nudge()
{
    runner_->nudge();
}
void ReconcileWorker::stop()
{
    runner_->stop();
    impl_->stop();
}

}  // namespace postroom::retriever
