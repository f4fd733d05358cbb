#include "desk/case-token.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace postroom::desk {
namespace {

constexpr std::string_view key = "the partition's own key";

TEST(CaseToken, SurvivesWhatMailProgramsDo)
{
    auto const token = case_token(1234, key);
    EXPECT_TRUE(token.starts_with("[Case 1234-")) << token;
    EXPECT_EQ(token.size(), std::string_view("[Case 1234-K7QX2M]").size());
    for (std::string_view const form :
         {"{}", "Order {}", "{} Order", "Re: Order {}", "AW: WG: Order {}", "RE[2]: Order {}", "TR : Commande {}",
          "رد: طلب {}", "回复：订单{}", "Antw: {} is done [EXTERNAL]", "[EXTERNAL] Re: {}", "Re: [list] [x {}",
          "Re: (was: {})"}) {
        auto const subject = fmt::format(fmt::runtime(form), token);
        EXPECT_EQ(find_case_token(subject, key), 1234) << subject;
    }
}

TEST(CaseToken, SurvivesFoldingOtherCaseAndMistakenLetters)
{
    auto token = case_token(77, key);
    auto const check = token.substr(token.find('-') + 1, 6);
    EXPECT_EQ(find_case_token(fmt::format("[case 77-{}]", check), key), 77);
    EXPECT_EQ(find_case_token(fmt::format("[CASE  77 - {}]", check), key), 77);
    EXPECT_EQ(find_case_token(fmt::format("[ Case\r\n 77-{} ]", check), key), 77);
    EXPECT_EQ(find_case_token(fmt::format("[Case\xC2\xA0"
                                          "77-{}]",
                                          check),
                              key),
              77);
    EXPECT_EQ(find_case_token(fmt::format("[Case 77-{} {}]", check.substr(0, 3), check.substr(3)), key), 77);
    for (int number = 1; number < 200; ++number) {  // O for 0, l for 1, small letters
        auto spoken = case_token(number, key);
        auto const hyphen = spoken.find('-');
        for (auto i = hyphen; i < spoken.size(); ++i) {
            if (spoken[i] == '0') spoken[i] = 'o';
            if (spoken[i] == '1') spoken[i] = 'l';
            if (spoken[i] >= 'A' && spoken[i] <= 'Z') spoken[i] = static_cast<char>(spoken[i] + 32);
        }
        EXPECT_EQ(find_case_token(spoken, key), number) << spoken;
    }
}

TEST(CaseToken, CanNotBeForged)
{
    auto const token = case_token(1234, key);
    auto const check = token.substr(token.find('-'));
    EXPECT_FALSE(find_case_token("[Case 1235" + check, key));  // another's number with one's own check value
    EXPECT_FALSE(find_case_token("[Case 1234]", key));
    EXPECT_FALSE(find_case_token("[Case 1234-]", key));
    EXPECT_FALSE(find_case_token("[Case 01234567890123456789" + check, key));
    EXPECT_FALSE(find_case_token("[Case -1234" + check, key));
    EXPECT_FALSE(find_case_token("[Case 1234" + check + "X]", "another key"));
    EXPECT_FALSE(find_case_token(token, "another key"));
    for (std::size_t i = token.find('-') + 1; i + 1 < token.size(); ++i) {  // any one character altered
        auto altered = token;
        altered[i] = altered[i] == 'Z' ? 'Y' : 'Z';
        EXPECT_FALSE(find_case_token(altered, key)) << altered;
    }
    for (std::size_t length = 0; length < token.size(); ++length)  // cut anywhere
        EXPECT_FALSE(find_case_token(token.substr(0, length), key));
}

TEST(CaseToken, TheGenuineOneAmongOthersIsFound)
{
    EXPECT_EQ(find_case_token("[Case 9-AAAAAA] [Case 1234-BBBBBB] " + case_token(5, key), key), 5);
    EXPECT_EQ(find_case_token(case_token(5, key) + case_token(6, key), key), 5);
    EXPECT_FALSE(find_case_token(std::string(100'000, '['), key));
    EXPECT_FALSE(find_case_token("", key));
}

TEST(CaseToken, IsAddedOnce)
{
    auto const token = case_token(5, key);
    EXPECT_EQ(add_case_token("Order", 5, key), "Order " + token);
    EXPECT_EQ(add_case_token("Re: Order " + token, 5, key), "Re: Order " + token);
    EXPECT_EQ(add_case_token("", 5, key), token);
    EXPECT_EQ(find_case_token(add_case_token("Order [Case 5-AAAAAA]", 5, key), key), 5);
}

TEST(CaseToken, WithoutAKeyThereIsNone)
{
    EXPECT_EQ(add_case_token("Order", 5, ""), "Order");
    EXPECT_FALSE(find_case_token(case_token(5, ""), ""));
}

}  // namespace
}  // namespace postroom::desk
