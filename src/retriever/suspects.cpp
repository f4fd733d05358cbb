#include "retriever/suspects.hpp"

#include <algorithm>
#include <utility>

namespace postroom::retriever {

namespace {

// As many as imap::FetchWindow has under way: those behind them were not asked for yet.
constexpr std::size_t under_way = 100;

}  // namespace

Suspects::Plan Suspects::plan(Uids uids) const
{
    Plan plan;
    for (auto const uid : uids) (breaks_.contains(uid) ? plan.alone : plan.together).push_back(uid);
    std::ranges::sort(plan.alone, {}, [this](imap::Uid uid) { return std::pair(breaks(uid), uid); });
    return plan;
}

void Suspects::broke(Uids const& together, Uids const& came)
{
    std::size_t blamed = 0;
    for (auto const uid : together) {
        if (std::ranges::find(came, uid) != came.end()) continue;
        if (++blamed > under_way) break;
        breaks_.try_emplace(uid, 0);
    }
}

bool Suspects::broke_at(imap::Uid uid)
{
    return ++breaks_[uid] >= most_breaks;
}

int Suspects::breaks(imap::Uid uid) const
{
    auto const found = breaks_.find(uid);
    return found == breaks_.end() ? 0 : found->second;
}

}  // namespace postroom::retriever
