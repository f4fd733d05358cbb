// What the tests of the session share: a sink that remembers, and tokens of the sizes that matter.
#pragma once

#include "base/text.hpp"
#include "imap/session.hpp"
#include "support/script.hpp"

#include <string>
#include <vector>

namespace postroom::imap {

class Remember final : public BodySink {
public:
    struct Mail {
        MailInfo info;
        std::string bytes;
    };
    std::vector<Mail> mails;
    std::size_t discarded = 0;

    awaitable<void> begin(std::uint64_t size) override
    {
        EXPECT_FALSE(open_);
        open_ = true;
        announced_ = size;
        bytes_.clear();
        co_return;
    }
    awaitable<void> chunk(std::string_view bytes) override
    {
        EXPECT_TRUE(open_);
        EXPECT_FALSE(bytes.empty());
        bytes_ += bytes;
        co_return;
    }
    awaitable<void> end(MailInfo info) override
    {
        EXPECT_TRUE(open_);
        EXPECT_EQ(bytes_.size(), announced_);
        EXPECT_EQ(info.body_size, announced_);
        open_ = false;
        mails.push_back({std::move(info), bytes_});
        co_return;
    }
    awaitable<void> discard() override
    {
        EXPECT_TRUE(open_);
        open_ = false;
        ++discarded;
        co_return;
    }

private:
    bool open_ = false;
    std::uint64_t announced_ = 0;
    std::string bytes_;
};

inline std::unique_ptr<sasl::Mechanism> sales_with(std::string const& token)
{
    return std::move(*sasl::xoauth2("sales@contoso.com", Secret(token)));
}

/// The XOAUTH2 message for it, in base64.
inline std::string initial_of(std::string const& token)
{
    return to_base64(sales_with(token)->initial()->expose());
}

}  // namespace postroom::imap
