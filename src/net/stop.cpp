#include "net/stop.hpp"

#include "net/broken.hpp"

#include <utility>

namespace postroom::net {

void Stop::now()
{
    if (std::exchange(now_, true)) return;
    for (auto const& break_off : waiting_) break_off();
}

Stop::Waiting::Waiting(std::shared_ptr<Stop> stop, std::function<void()> break_off) : stop_(std::move(stop))
{
    check();
    if (stop_) place_ = stop_->waiting_.insert(stop_->waiting_.end(), std::move(break_off));
}

Stop::Waiting::~Waiting()
{
    if (stop_) stop_->waiting_.erase(place_);
}

void Stop::Waiting::check() const
{
    if (stop_ && stop_->now_) throw Broken(Trouble::closed, "Postroom is stopping");
}

}  // namespace postroom::net
