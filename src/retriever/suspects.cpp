#include "retriever/suspects.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace postroom::retriever {

Suspects::Plan Suspects::plan(Names names) const
{
    Plan plan;
    for (auto& name : names) (breaks_.contains(name) ? plan.alone : plan.together).push_back(std::move(name));
    std::ranges::sort(plan.alone, {}, [this](std::string const& name) { return std::pair(breaks(name), name); });
    return plan;
}

void Suspects::broke(Names const& together, Names const& came)
{
    std::set<std::string> const there(came.begin(), came.end());
    std::size_t blamed = 0;
    for (auto const& name : together) {
        if (there.contains(name)) continue;
        if (++blamed > under_way) break;
        breaks_.try_emplace(name, 0);
    }
}

int Suspects::breaks(std::string const& name) const
{
    auto const found = breaks_.find(name);
    return found == breaks_.end() ? 0 : found->second;
}

}  // namespace postroom::retriever
