#include "store/sqlite/checkpoints.hpp"

#include <system_error>
#include <utility>

namespace postroom::store::sqlite {

Checkpoints::Checkpoints(std::unique_ptr<Driver> driver, int enough) : enough_(enough), next_(enough)
{
    try {
        thread_ = std::jthread([this, own = std::move(driver)]() mutable { work(std::move(own)); });
    } catch (std::system_error const& e) {
        throw Failure(Trouble::store, e.what());
    }
}

Checkpoints::~Checkpoints()
{
    {
        std::lock_guard const lock(mutex_);
        ended_ = true;
    }
    changed_.notify_one();
}

void Checkpoints::committed(Driver& writer, int pages)
{
    if (pages < enough_) next_ = enough_;
    if (pages >= enough_ + enough_ / 2) {
        writer.checkpoint();
        return;
    }
    if (pages < next_) return;
    next_ = pages + enough_ / 4;
    {
        std::lock_guard const lock(mutex_);
        asked_ = true;
    }
    changed_.notify_one();
}

void Checkpoints::work(std::unique_ptr<Driver> driver)
{
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return asked_ || ended_; });
            if (ended_) return;
            asked_ = false;
        }
        driver->checkpoint();  // where it can't, it is asked again
    }
}

}  // namespace postroom::store::sqlite
