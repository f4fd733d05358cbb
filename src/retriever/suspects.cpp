#include "retriever/suspects.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

namespace postroom::retriever {

template <class Name>
Suspects<Name>::Plan Suspects<Name>::plan(Names names) const
{
    Plan plan;
    for (auto& name : names) (breaks_.contains(name) ? plan.alone : plan.together).push_back(std::move(name));
    std::ranges::sort(plan.alone, {}, [this](Name const& name) { return std::pair(breaks(name), name); });
    return plan;
}

template <class Name>
void Suspects<Name>::broke(Names const& together, Names const& came)
{
    std::set<Name> const there(came.begin(), came.end());
    std::size_t blamed = 0;
    for (auto const& name : together) {
        if (there.contains(name)) continue;
        if (++blamed > under_way) break;
        breaks_.try_emplace(name, 0);
    }
}

template <class Name>
int Suspects<Name>::breaks(Name const& name) const
{
    auto const found = breaks_.find(name);
    return found == breaks_.end() ? 0 : found->second;
}

template class Suspects<std::uint32_t>;
template class Suspects<std::string>;

}  // namespace postroom::retriever
