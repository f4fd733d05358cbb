#include "dispatcher/commitments.hpp"

#include "store/outbound.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace postroom::dispatcher {

struct Commitments::Joint {
    explicit Joint(boost::asio::any_io_executor const& loop)
        : changed(loop, boost::asio::steady_timer::time_point::max())
    {
    }
    boost::asio::steady_timer changed;  // never expires: the store answers, or throws
    bool under_way = true;
    std::unordered_set<model::OutboundId> ours{};
    std::exception_ptr failure{};
};

void Commitments::begin(Ground const& ground, Notes& notes, Settlement settlement, std::vector<model::Outbound> mails)
{
    auto joint = std::make_shared<Joint>(ground.loop);
    for (auto const& mail : mails) waiting_.emplace(mail.id, joint);
    notes.begin(commit(ground, std::move(joint), std::move(settlement), std::move(mails)));
}

net::awaitable<void> Commitments::commit(Ground ground, std::shared_ptr<Joint> joint, Settlement settlement,
                                         std::vector<model::Outbound> mails)
{
    auto both = [settlement, mails = std::move(mails)](store::Connection& c) {
        settlement.write(c);
        std::unordered_set<model::OutboundId> ours;
        for (auto const& mail : mails)
            if (store::begin_committing(c, mail.id, mail.attempt)) ours.insert(mail.id);
        return ours;
    };
    try {
        joint->ours = co_await ground.store->write(std::move(both));
    } catch (store::Failure const& failure) {
        spdlog::warn("dispatcher: {}; noted again in a moment", failure.what());
        joint->failure = std::current_exception();
    }
    joint->under_way = false;
    joint->changed.cancel();
    if (joint->failure)
        co_await settle(ground, std::move(settlement));
    else
        settlement.tell();
}

net::awaitable<bool> Commitments::of(model::OutboundId id)
{
    auto const joint = waiting_.at(id);
    while (joint->under_way) {
        boost::system::error_code woken;
        co_await joint->changed.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
    if (joint->failure) std::rethrow_exception(joint->failure);
    co_return joint->ours.contains(id);
}

}  // namespace postroom::dispatcher
