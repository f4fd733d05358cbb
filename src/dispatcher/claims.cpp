#include "dispatcher/claims.hpp"

#include "dispatcher/account-run.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace postroom::dispatcher {

namespace {

constexpr int claimed_at_once = 20;
constexpr std::size_t few = 12;  // with which the next are claimed
// Read together with a claim; what is beyond is read when its turn comes.
constexpr std::size_t most_at_hand = 512 * 1024;

std::tuple<model::MailboxId, Instant, model::OutboundId> by_mailbox(Outgoing const& each)
{
    return {each.mail.mailbox, each.mail.created, each.mail.id};
}

}  // namespace

Claims::Claims(Ground ground, model::AccountId account, store::Pacing pacing)
    : ground_(std::move(ground)), account_(account), pacing_(pacing), renewed_(ground_.clock->now())
{
}

net::awaitable<Claims::Batch> Claims::claim(Ground ground, model::AccountId account, store::Pacing pacing)
{
    auto work = [account, owner = ground.owner, pacing](store::Connection& c) {
        return store::claim(c, account, owner, claimed_at_once, claim_length, pacing);
    };
    auto mails = co_await ground.store->write(std::move(work));
    Batch batch;
    for (auto& mail : mails) batch.push_back({std::move(mail)});
    if (pacing.by_mailbox) std::ranges::sort(batch, {}, by_mailbox);
    if (batch.empty()) co_return batch;
    auto read = [&batch](store::Connection& c) {
        std::size_t total = 0;
        for (auto& each : batch) {
            if (total >= most_at_hand) break;
            each.first = read_chunk(c, each.mail, 0);
            total += each.first.size();
        }
    };
    try {
        co_await ground.store->read(std::move(read));
    } catch (store::Failure const& failure) {
        // They are claimed. What can't be read says so when its turn comes, and at nobody else's cost.
        spdlog::debug("dispatcher: not read ahead: {}", failure.what());
    }
    co_return batch;
}

void Claims::begin()
{
    claiming_ = std::make_unique<Beside<Batch>>(ground_.loop);
    claiming_->begin(claim(ground_, account_, pacing_));
}

net::awaitable<bool> Claims::wait()
{
    if (!claiming_ && !exhausted_ && queued_.size() <= few) begin();
    if (claiming_ && (queued_.empty() || claiming_->has_ended())) {
        auto const claiming = std::exchange(claiming_, {});
        auto batch = co_await claiming->end();
        exhausted_ = batch.empty();
        std::ranges::move(batch, std::back_inserter(queued_));
    }
    co_return !queued_.empty();
}

net::awaitable<void> Claims::keep()
{
    auto const now = ground_.clock->now();
    if (now - renewed_ < claim_length / 3) co_return;
    auto renew = [account = account_, owner = ground_.owner](store::Connection& c) {
        store::renew_claims(c, account, owner, claim_length);
    };
    co_await ground_.store->write(std::move(renew));
    renewed_ = now;
}

net::awaitable<std::vector<model::Outbound>> Claims::take_rest()
{
    if (claiming_) {
        auto const claiming = std::exchange(claiming_, {});
        try {
            auto batch = co_await claiming->end();
            std::ranges::move(batch, std::back_inserter(queued_));
        } catch (store::Failure const& failure) {
            // Whatever it claimed all the same is found by whoever recovers this server's claims.
            spdlog::debug("dispatcher: nothing more was claimed: {}", failure.what());
        }
    }
    std::vector<model::Outbound> rest;
    for (auto& each : queued_) rest.push_back(std::move(each.mail));
    queued_.clear();
    co_return rest;
}

}  // namespace postroom::dispatcher
