// How much of the bodies of all mailboxes together may be in memory between their arrival and their commit: a thousand
// mailboxes that are read at once must not take a thousand times what one takes. Used on one loop.
#pragma once

#include "net/transport.hpp"

#include <cstddef>
#include <deque>
#include <memory>

namespace postroom::retriever {

class BodyBudget : public std::enable_shared_from_this<BodyBudget> {
public:
    /// In bytes, of what waits for its commit. What a fetch has not yet handed over (at most a chunk) is not in it, so
    /// that every fetch can go on to where it has something to hand over.
    [[nodiscard]] static std::shared_ptr<BodyBudget> make(std::size_t bytes = 16 * 1024 * 1024);

    /// What was taken; given back when it goes.
    class Share {
    public:
        Share() = default;
        Share(Share&& other) noexcept;
        Share& operator=(Share&& other) noexcept;
        ~Share();

    private:
        friend class BodyBudget;
        Share(std::shared_ptr<BodyBudget> budget, std::size_t bytes) : budget_(std::move(budget)), bytes_(bytes) {}
        std::shared_ptr<BodyBudget> budget_;
        std::size_t bytes_ = 0;
    };

    /// Returns once so much is free, to whoever asked first; what is more than there is at all, takes all. Nobody who
    /// has a share waits here for it to come back: commits need no more.
    [[nodiscard]] net::awaitable<Share> take(std::size_t bytes);
    [[nodiscard]] std::size_t free() const { return free_; }

private:
    struct Waiter;

    explicit BodyBudget(std::size_t bytes) : most_(bytes), free_(bytes) {}
    void give_back(std::size_t bytes);

    std::size_t const most_;
    std::size_t free_;
    std::deque<Waiter*> waiting_;
};

}  // namespace postroom::retriever
