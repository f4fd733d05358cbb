#include "base/id.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <unordered_set>
#include <vector>

namespace postroom {
namespace {

Instant const noon{Duration(1'795'000'000'000)};

TEST(Uuid, says_version_7_variant_and_when_it_was_made)
{
    ManualClock const clock(noon + Duration(1'000'000'000'000));  // later than any that this process made before
    Uuid const id = make_uuid(clock);
    EXPECT_EQ(id.bytes[6] >> 4, 7);
    EXPECT_EQ(id.bytes[8] >> 6, 2);
    std::int64_t millis = 0;
    for (std::size_t i = 0; i < 6; ++i) millis = millis << 8 | id.bytes[i];
    EXPECT_GE(millis, clock.now().time_since_epoch().count());
}

TEST(Uuid, those_of_one_process_are_in_order_even_while_the_clock_stands_still_or_goes_back)
{
    ManualClock clock(noon);
    Uuid last = make_uuid(clock);
    for (int i = 0; i < 20'000; ++i) {
        if (i == 10'000) clock.advance(Duration(-3'600'000));
        Uuid const next = make_uuid(clock);
        ASSERT_LT(last, next) << i;
        ASSERT_LT(to_string(last), to_string(next)) << i;
        last = next;
    }
}

TEST(Uuid, those_of_several_threads_differ)
{
    std::array<std::vector<Uuid>, 4> made;
    std::vector<std::thread> threads;
    threads.reserve(made.size());
    for (auto& mine : made)
        threads.emplace_back([&mine] {
            for (int i = 0; i < 2'000; ++i) mine.push_back(make_uuid());
        });
    for (auto& thread : threads) thread.join();
    std::unordered_set<Uuid> all;
    for (auto const& mine : made) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), 8'000U);
}

TEST(Uuid, is_read_back_from_what_was_written)
{
    Uuid const id = make_uuid();
    auto const read = parse_uuid(to_string(id));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, id);
    auto const upper = parse_uuid("018F4E9E-7C1A-7ABC-8DEF-0123456789AB");
    ASSERT_TRUE(upper);
    EXPECT_EQ(to_string(*upper), "018f4e9e-7c1a-7abc-8def-0123456789ab");
}

TEST(Uuid, refuses_what_is_none)
{
    std::string const good = "018f4e9e-7c1a-7abc-8def-0123456789ab";
    for (std::size_t i = 0; i < good.size(); ++i) {
        EXPECT_FALSE(parse_uuid(good.substr(0, i))) << i;
        std::string bad = good;
        bad[i] = good[i] == '-' ? '0' : 'g';
        EXPECT_FALSE(parse_uuid(bad)) << i;
    }
    for (std::string const& bad : {good + "0", "{" + good + "}", std::string(36, '-')}) EXPECT_FALSE(parse_uuid(bad));
    auto const refused = parse_uuid("\x1b[2J" + std::string(9'000, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::invalid);
    EXPECT_EQ(refused.error().message.find('\x1b'), std::string::npos);
    EXPECT_LT(refused.error().message.size(), 300U);
}

TEST(Id, is_of_one_kind_of_thing)
{
    using AccountId = Id<struct AccountTag>;
    using MailboxId = Id<struct MailboxTag>;
    static_assert(!std::is_convertible_v<AccountId, MailboxId>);
    AccountId const id = AccountId::make();
    EXPECT_FALSE(id.is_nil());
    EXPECT_TRUE(AccountId{}.is_nil());
    EXPECT_EQ(to_string(id), to_string(id.value));
    EXPECT_EQ(std::hash<AccountId>{}(id), std::hash<Uuid>{}(id.value));
    EXPECT_EQ((std::set{id, AccountId{}, id}).size(), 2U);
}

}  // namespace
}  // namespace postroom
