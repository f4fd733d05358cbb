// Where the mails of one POP3 session go: each to its place in the ledger, but for what the server gave in place of
// one.
#pragma once

#include "model/message.hpp"
#include "pop3/session.hpp"
#include "retriever/filing.hpp"
#include "retriever/placeholder.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroom::retriever {

class Pop3Sink final : public pop3::MailSink {
public:
    using Rows = std::map<std::uint32_t, model::LedgerRow>;
    using Ids = std::vector<std::string>;
    /// `rows`: by the numbers of this session.
    Pop3Sink(Filing& filing, Rows rows) : filing_(filing), rows_(std::move(rows)) {}

    net::awaitable<void> begin(std::uint32_t number) override
    {
        under_way_ = number;
        head_.clear();
        size_ = 0;
        filing_.begin();
        co_return;
    }
    net::awaitable<void> chunk(std::string_view bytes) override
    {
        size_ += bytes.size();
        head_ += bytes.substr(0, placeholder_head - head_.size());
        return filing_.chunk(bytes);
    }
    net::awaitable<void> end() override
    {
        auto const& row = rows_.at(under_way_);
        bool const replaced = size_ <= placeholder_limit && is_placeholder(head_);
        if (size_ == 0 || replaced) {
            (replaced ? replaced_ : empty_).push_back(row.unique_id);
            return discard();
        }
        came_.push_back(row.unique_id);
        places_.emplace_back(under_way_, row.place.uid);
        return filing_.end({.uid = row.place.uid, .unique_id = row.unique_id});
    }

    [[nodiscard]] Ids const& came() const { return came_; }
    /// Of the same: the server's numbers, and the ledger's.
    [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint32_t>> const& places() const { return places_; }
    /// The server said +OK, and gave nothing; or text of its own.
    [[nodiscard]] Ids const& empty() const { return empty_; }
    [[nodiscard]] Ids const& replaced() const { return replaced_; }
    [[nodiscard]] Ids ids_of(std::vector<std::uint32_t> const& numbers) const
    {
        Ids ids;
        for (auto const number : numbers) ids.push_back(rows_.at(number).unique_id);
        return ids;
    }

private:
    net::awaitable<void> discard()
    {
        filing_.discard();
        co_return;
    }

    Filing& filing_;
    Rows rows_;
    Ids came_, empty_, replaced_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> places_;
    std::uint32_t under_way_ = 0;
    std::string head_;
    std::size_t size_ = 0;
};

}  // namespace postroom::retriever
