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
    for (std::string_view const form : {"{}",
                                        "Order {}",
                                        "{} Order",
                                        "Re: Order {}",
                                        "AW: WG: Order {}",
                                        "RE[2]: Order {}",
                                        "TR : Commande {}",
                                        "رد: طلب {}",
                                        "回复：订单{}",
                                        "Antw: {} is done [EXTERNAL]",
                                        "[EXTERNAL] Re: {}",
                                        "Re: [list] [x {}",
                                        "Re: (was: {})",
                                        "Fwd: FW: Doorst: {}",
                                        "SV: VS: VB: {}",
                                        "Odp: PD: {}",
                                        "ATB: YNT: ILT: {}",
                                        "转发: 轉寄: {}",
                                        "RIF: R: I: {}",
                                        "Ответ: Пересылка: {}",
                                        "Απ: ΠΡΘ: {}",
                                        "תגובה: הועבר: {}",
                                        "답장: 전달: {}",
                                        "ENC: RES: {}"}) {
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
    // Typographic hyphens, brackets that were taken away or turned, marks of writing direction, words translated.
    for (std::string_view const form : {"[Case 77\xE2\x80\x91{}]", "[Case 77 \xE2\x80\x93 {}]",
                                        "[Case 77\xEF\xBC\x8D{}]", "Case 77-{}", "(Case 77-{})",
                                        "\xE3\x80\x90"
                                        "Case 77-{}\xE3\x80\x91",
                                        "\xE2\x80\x8F[Case \xE2\x80\xAA"
                                        "77-{}\xE2\x80\xAC]\xE2\x80\x8F",
                                        "[Fall 77-{}]", "#77-{}", "[Case 77-{}"})
        EXPECT_EQ(find_case_token(fmt::format(fmt::runtime(form), check), key), 77) << form;
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
    EXPECT_FALSE(find_case_token("[Case 1234" + check + "X]", "another key"));
    EXPECT_FALSE(find_case_token("[Case 1234" + check.substr(0, 7) + "X]", key));  // part of a longer word
    EXPECT_FALSE(find_case_token("[Case 11234" + check, key));                     // part of a longer number
    EXPECT_FALSE(find_case_token("[Case 1 1234 5" + check, key));
    EXPECT_FALSE(find_case_token(token, "another key"));
    for (std::size_t i = token.find('-') + 1; i + 1 < token.size(); ++i) {  // any one character altered
        auto altered = token;
        altered[i] = altered[i] == 'Z' ? 'Y' : 'Z';
        EXPECT_FALSE(find_case_token(altered, key)) << altered;
    }
    for (std::size_t length = 0; length + 1 < token.size(); ++length)  // cut anywhere but behind the check value
        EXPECT_FALSE(find_case_token(token.substr(0, length), key));
}

TEST(CaseToken, TheGenuineOneAmongOthersIsFound)
{
    EXPECT_EQ(find_case_token("[Case 9-AAAAAA] [Case 1234-BBBBBB] " + case_token(5, key), key), 5);
    EXPECT_EQ(find_case_token(case_token(5, key) + case_token(6, key), key), 5);
    EXPECT_FALSE(find_case_token(std::string(100'000, '['), key));
    EXPECT_FALSE(find_case_token(std::string(100'000, '1'), key));
    // Nobody hashes a subject that is all guesses.
    std::string guesses;
    for (int i = 0; i < 100; ++i) guesses += "1234-AAAAAA ";
    EXPECT_FALSE(find_case_token(guesses + case_token(1234, key), key));
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

TEST(CaseToken, HasTheFormThatWasChosenAndEarlierOnesAreFound)
{
    CaseTokens const tokens(key, "#{}");
    auto const token = case_token(5, tokens);
    EXPECT_TRUE(token.starts_with("#5-")) << token;
    EXPECT_EQ(add_case_token("Order", 5, tokens), "Order " + token);
    EXPECT_EQ(find_case_token("AW: Order " + token, tokens), 5);
    EXPECT_EQ(find_case_token("AW: Order " + case_token(5, key), tokens), 5);
    auto const earlier = "Order " + case_token(5, key);
    EXPECT_EQ(add_case_token(earlier, 5, tokens), earlier);
}

TEST(CaseToken, WithoutAKeyThereIsNone)
{
    EXPECT_EQ(add_case_token("Order", 5, ""), "Order");
    EXPECT_FALSE(find_case_token(case_token(5, ""), ""));
}

}  // namespace
}  // namespace postroom::desk
