#include "retriever/refusals.hpp"

#include <utility>

namespace postroom::retriever {

std::vector<std::string> Refusals::look(std::vector<std::string> const& refused, Instant now)
{
    auto const before = std::exchange(refused_, {});
    std::vector<std::string> unreadable;
    for (auto const& unique_id : refused) {
        auto const found = before.find(unique_id);
        Refused so_far = found == before.end() ? Refused{.since = now} : found->second;
        ++so_far.looks;
        if (so_far.looks >= looks && now - so_far.since >= time)
            unreadable.push_back(unique_id);
        else
            refused_[unique_id] = so_far;
    }
    return unreadable;
}

}  // namespace postroom::retriever
