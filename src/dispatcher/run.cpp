#include "dispatcher/run.hpp"

#include "dispatcher/settling.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace postroom::dispatcher {

namespace {

// Mails are committed to before their turn: as many as the server takes within a few milliseconds, so that a crash
// leaves no more in doubt than it must.
constexpr std::chrono::milliseconds ahead_for{32};

}  // namespace

std::size_t Run::depth() const
{
    auto const each = std::max<std::chrono::steady_clock::duration>(pace, std::chrono::microseconds(1));
    return std::clamp<std::size_t>(static_cast<std::size_t>(ahead_for / each), 2, most_ahead);
}

// Each is whole at hand, so that its end follows at once.
std::vector<model::Outbound> Run::to_commit() const
{
    std::vector<model::Outbound> mails;
    auto const most = std::min(depth(), in_line);
    for (std::size_t at = 1; at <= most; ++at) {
        auto const* const each = claims.upcoming(at);
        if (each == nullptr || !each->is_whole()) break;
        if (!commitments.has(each->mail.id)) mails.push_back(each->mail);
    }
    return mails;
}

void Run::answered(Settlement settlement, bool at_once, std::size_t behind)
{
    in_line = at_once ? behind : 0;
    if (in_line == 0) {
        commitments.flush();
        notes.begin(settle(ground, std::move(settlement)));
        return;
    }
    commitments.settle(std::move(settlement));
    auto const most = std::min(depth(), in_line);
    auto const missing = to_commit().size();
    if (missing > 0 && most - missing <= most / 2) commitments.begin();
}

void Run::pop()
{
    claims.queued().pop_front();
    if (in_line > 0) --in_line;
}

net::awaitable<void> Run::drop_commitment(model::OutboundId id)
{
    if (!commitments.has(id)) co_return;
    try {
        (void)co_await commitments.of(id);
    } catch (store::Failure const& failure) {
        // Claimed, or committing: what is written now is the same for both.
        spdlog::debug("dispatcher: nobody knows whether it was committed to: {}", failure.what());
    }
    commitments.drop(id);
}

net::awaitable<void> Run::withdraw_committing(std::string why)
{
    in_line = 0;
    std::vector<model::Outbound> back;
    for (auto const& each : claims.queued())
        if (commitments.has(each.mail.id)) back.push_back(each.mail);
    if (back.empty()) co_return;
    for (auto const& mail : back) co_await drop_commitment(mail.id);
    std::erase_if(claims.queued(), [&](Outgoing const& each) {
        return std::ranges::find(back, each.mail.id, &model::Outbound::id) != back.end();
    });
    co_await hold_back(ground, std::move(back), std::move(why));
}

}  // namespace postroom::dispatcher
