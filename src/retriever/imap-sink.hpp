// Where the bodies of one fetch go: to filing, but for what the server put in place of a mail.
#pragma once

#include "imap/session.hpp"
#include "retriever/filing.hpp"
#include "retriever/placeholder.hpp"

#include <string>
#include <utility>
#include <vector>

namespace postroom::retriever {

class ImapSink final : public imap::BodySink {
public:
    explicit ImapSink(Filing& filing) : filing_(filing) {}

    net::awaitable<void> begin(std::uint64_t size) override
    {
        filing_.begin(size);
        head_.clear();
        room_ = size <= placeholder_limit ? placeholder_head : 0;
        co_return;
    }
    net::awaitable<void> chunk(std::string_view bytes) override
    {
        auto const some = bytes.substr(0, room_);
        head_ += some;
        room_ -= some.size();
        return filing_.chunk(bytes);
    }
    net::awaitable<void> end(imap::MailInfo info) override
    {
        if (!head_.empty() && is_placeholder(head_)) {
            placeholders_.push_back(info.uid);
            return discard();
        }
        came_.push_back(info.uid);
        return filing_.end({.uid = info.uid, .received = info.internal_date});
    }
    net::awaitable<void> discard() override
    {
        filing_.discard();
        co_return;
    }

    [[nodiscard]] std::vector<imap::Uid> const& came() const { return came_; }
    /// The mails that were not given.
    [[nodiscard]] std::vector<imap::Uid> placeholders() { return std::exchange(placeholders_, {}); }

private:
    Filing& filing_;
    std::string head_;
    std::size_t room_ = 0;
    std::vector<imap::Uid> placeholders_;
    std::vector<imap::Uid> came_;
};

}  // namespace postroom::retriever
