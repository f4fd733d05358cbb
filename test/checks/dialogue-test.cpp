#include "checks/dialogue.hpp"

#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::checks {

using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::vector<std::string> shown(Dialogue const& dialogue)
{
    std::vector<std::string> all;
    for (auto const& each : dialogue.lines()) all.push_back(each.who + ": " + each.text);
    return all;
}

Secret const token("eyJ0eXAi-a-token");

TEST(DialogueOfATest, MasksWhatTheServerSaysBackWhereverItIsSplit)
{
    auto const as_sent = to_base64(
        "user=ann@contoso.com\x01"
        "auth=Bearer eyJ0eXAi-a-token\x01\x01");
    auto const said = "* OK ready\r\nA1 NO what is eyJ0eXAi-a-token?\r\nA2 NO " + as_sent + " is wrong\r\n";
    for (std::size_t at = 0; at <= said.size(); ++at) {
        Dialogue dialogue(Mask("ann@contoso.com", token));
        Wire sent("A1 AUTHENTICATE XOAUTH2 ");
        sent.secret(as_sent).text("\r\n");
        dialogue.sent(sent);
        dialogue.received(std::string_view(said).substr(0, at));
        dialogue.received(std::string_view(said).substr(at));
        EXPECT_THAT(shown(dialogue),
                    ElementsAre(HasSubstr("client: A1 AUTHENTICATE XOAUTH2 [secret"), "server: * OK ready",
                                "server: A1 NO what is [secret]?", "server: A2 NO [secret] is wrong"));
    }
}

TEST(DialogueOfATest, MasksWhatTheServerCutsShort)
{
    Secret const longer("eyJ0eXAiOiJKV1QiLCJub25jZSI6IjEyMzQ1Njc4OTAi");
    std::string const plain(longer.expose());
    for (auto const& form : {plain, to_base64(plain),
                             to_base64("user=ann@contoso.com\x01"
                                       "auth=Bearer " +
                                       plain + "\x01\x01")})
        for (std::size_t size = 16; size <= form.size(); ++size) {
            auto const cut = form.substr(0, size);
            EXPECT_EQ(Mask("ann@contoso.com", longer).over("BAD near \"" + cut + "\", and \"" + cut + "\""),
                      "BAD near \"[secret]\", and \"[secret]\"");
        }
}

TEST(DialogueOfATest, LeavesTheHeadersOfMailOut)
{
    Dialogue dialogue{Mask()};
    dialogue.sent(Wire("TOP 3 0\r\n"));
    dialogue.received("+OK\r\nSubject: the salary of Ann\r\n\r\n.\r\n");
    dialogue.sent(Wire("QUIT\r\n"));
    dialogue.received("+OK bye\r\n");
    EXPECT_THAT(shown(dialogue), ElementsAre("client: TOP 3 0", "server: +OK", "client: QUIT", "server: +OK bye"));
}

TEST(DialogueOfATest, HoldsSoMuchAndNoMore)
{
    Dialogue dialogue{Mask()};
    for (int line = 0; line < 10'000; ++line) dialogue.received(std::string(5'000, 'x') + "\r\n");
    dialogue.received(std::string(1'000'000, 'y'));
    EXPECT_LT(dialogue.lines().size(), 100U);
    EXPECT_EQ(dialogue.lines().back().text, "…");
}

}  // namespace

}  // namespace postroom::checks
