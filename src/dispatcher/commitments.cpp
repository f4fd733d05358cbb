#include "dispatcher/commitments.hpp"

#include "store/outbound.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace postroom::dispatcher {

namespace {

using Steady = std::chrono::steady_clock;

// An answer waits no longer for others.
constexpr std::chrono::milliseconds longest_wait{40};

}  // namespace

// One transaction, and whoever waits for it.
struct Daybook::Joint {
    explicit Joint(boost::asio::any_io_executor const& loop) : changed(loop, Steady::time_point::max()) {}

    net::awaitable<void> end()
    {
        while (under_way) {
            boost::system::error_code woken;
            co_await changed.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        }
    }

    boost::asio::steady_timer changed;  // never expires: the store answers, or throws
    bool under_way = true;
    std::unordered_set<model::OutboundId> ours{};
    std::exception_ptr failure{};
};

void Daybook::wait()
{
    if (!std::exchange(waits_, true)) since_ = Steady::now();
    if (!armed_) arm();
}

// Once for many: what was written meanwhile needs no waking.
void Daybook::arm()
{
    armed_ = true;
    timer_.expires_at(since_ + longest_wait);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code) {
        self->armed_ = false;
        if (!self->waits_) return;
        if (Steady::now() < self->since_ + longest_wait)
            self->arm();
        else
            self->write();
    });
}

void Daybook::write()
{
    waits_ = false;
    auto joint = std::make_shared<Joint>(ground_.loop);
    Entry entry;
    for (auto* const session : sessions_) session->enter(entry, joint);
    if (entry.settlements.empty() && entry.mails.empty()) return;
    boost::asio::co_spawn(ground_.loop, write(ground_, std::move(joint), std::move(entry)), boost::asio::detached);
}

net::awaitable<void> Daybook::write(Ground ground, std::shared_ptr<Joint> joint, Entry entry)
{
    auto work = [entry = std::move(entry)](store::Connection& c) {
        for (auto const& settlements : entry.settlements)
            for (auto const& settlement : *settlements) settlement.write(c);
        std::unordered_set<model::OutboundId> ours;
        for (auto const& mail : entry.mails)
            if (store::begin_committing(c, mail.id, mail.attempt)) ours.insert(mail.id);
        return ours;
    };
    try {
        joint->ours = co_await ground.store->write(std::move(work));
    } catch (std::exception const& failure) {  // whatever it is: others wait for the end of this
        spdlog::warn("dispatcher: {}; noted again in a moment", failure.what());
        joint->failure = std::current_exception();
    }
    joint->under_way = false;
    joint->changed.cancel();
}

Commitments::Commitments(std::shared_ptr<Daybook> book, Notes notes, More more)
    : book_(std::move(book)), notes_(std::move(notes)), more_(std::move(more))
{
    book_->sessions_.push_back(this);
}

Commitments::~Commitments()
{
    more_ = {};
    flush();
    std::erase(book_->sessions_, this);
}

void Commitments::settle(Settlement settlement)
{
    settled_.push_back(std::move(settlement));
    book_->wait();
}

void Commitments::flush()
{
    if (!settled_.empty()) book_->write();
}

void Commitments::enter(Daybook::Entry& entry, std::shared_ptr<Daybook::Joint> const& joint)
{
    if (more_)
        for (auto& mail : more_()) {
            waiting_.emplace(mail.id, joint);
            entry.mails.push_back(std::move(mail));
        }
    if (settled_.empty()) return;
    auto settlements = std::make_shared<std::vector<Settlement> const>(std::exchange(settled_, {}));
    entry.settlements.push_back(settlements);
    notes_.begin(follow(book_->ground_, notes_, joint, std::move(settlements)));
}

net::awaitable<void> Commitments::follow(Ground ground, Notes notes, std::shared_ptr<Daybook::Joint> joint,
                                         Daybook::Settlements settlements)
{
    co_await joint->end();
    for (auto const& settlement : *settlements) {
        if (joint->failure)
            notes.begin(dispatcher::settle(ground, settlement));
        else
            settlement.tell();
    }
}

net::awaitable<bool> Commitments::of(model::OutboundId id)
{
    auto const joint = waiting_.at(id);
    co_await joint->end();
    if (joint->failure) std::rethrow_exception(joint->failure);
    co_return joint->ours.contains(id);
}

}  // namespace postroom::dispatcher
