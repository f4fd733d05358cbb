#include "dispatcher/ruling.hpp"

#include "dispatcher/account-run.hpp"

#include <gtest/gtest.h>

namespace postroom::dispatcher {
namespace {

smtp::Reply reply(std::string_view line)
{
    smtp::ReplyReader reader;
    reader.feed(line);
    reader.feed("\r\n");
    return **reader.next();
}

model::Outbound mail_to(std::vector<std::string> recipients)
{
    model::Outbound mail;
    mail.sender = "sales@contoso.com";
    mail.recipients = std::move(recipients);
    return mail;
}

smtp::Offered offered(std::string_view from, std::vector<std::string_view> to, std::string_view data)
{
    smtp::Offered result;
    result.mail = reply(from);
    for (auto const line : to) result.recipients.push_back(reply(line));
    if (!data.empty()) result.data = reply(data);
    return result;
}

TEST(RuleOnOffer, GoesOnWhereAllIsAccepted)
{
    auto const ruling =
        rule_on_offer(offered("250 2.1.0 Sender OK", {"250 2.1.5 Recipient OK"}, "354 go"), mail_to({"a@b"}));
    EXPECT_EQ(ruling.fate, Fate::go_on);
    EXPECT_EQ(ruling.words, "");
}

TEST(RuleOnOffer, TellsOfARecipientThatIsRefusedForGoodAndGoesOn)
{
    auto const ruling =
        rule_on_offer(offered("250 ok", {"250 ok", "550 5.1.1 no such user"}, "354 go"), mail_to({"a@b", "c@d"}));
    EXPECT_EQ(ruling.fate, Fate::go_on);
    EXPECT_NE(ruling.words.find("c@d was refused: 550 5.1.1"), std::string::npos) << ruling.words;
}

TEST(RuleOnOffer, TellsThoseWhoAreRefusedForNowFromThoseWhoAreAccepted)
{
    auto const ruling = rule_on_offer(offered("250 ok", {"250 ok", "450 4.2.3 later", "550 5.1.1 no"}, "354 go"),
                                      mail_to({"a@b", "c@d", "e@f"}));
    EXPECT_EQ(ruling.fate, Fate::go_on);
    ASSERT_EQ(ruling.excepted.size(), 2U);
    EXPECT_EQ(ruling.excepted[0].address, "c@d");
    EXPECT_TRUE(ruling.excepted[0].later);
    EXPECT_FALSE(ruling.excepted[1].later);
    EXPECT_EQ(
        rule_on_offer(offered("250 ok", {"450 4.2.3 later", "550 5.1.1 no"}, "503 no"), mail_to({"a@b", "c@d"})).fate,
        Fate::later);
}

TEST(RuleOnOffer, SlowsDownWhereTheServerWantsIt)
{
    auto const fewer =
        rule_on_offer(offered("432 4.3.2 Concurrent connections limit exceeded", {}, ""), mail_to({"a@b"}));
    EXPECT_EQ(fewer.slow, Slow::fewer);
    auto const busy = rule_on_offer(offered("451 4.7.500 Server busy", {}, ""), mail_to({"a@b"}));
    EXPECT_EQ(busy.fate, Fate::account);
    EXPECT_EQ(busy.slow, Slow::pause);
    // A back end that is not there is no limit: the mail is tried again.
    EXPECT_EQ(rule_on_offer(offered("451 4.7.0 Temporary server error. PRX4", {}, ""), mail_to({"a@b"})).slow,
              Slow::no);
}

TEST(RuleOnOffer, FailsWhereNobodyIsAccepted)
{
    EXPECT_EQ(rule_on_offer(offered("250 ok", {"550 no"}, "554 no valid recipients"), mail_to({"a@b"})).fate,
              Fate::failed);
    EXPECT_EQ(rule_on_offer(offered("550 5.7.60 no right", {}, ""), mail_to({"a@b"})).fate, Fate::failed);
}

TEST(RuleOnOffer, TellsTheAccountsTroubleFromTheMails)
{
    // 432: the fourth connection of a mailbox (fastapi-mail #75); 530: the client went on without AUTH.
    EXPECT_EQ(rule_on_offer(offered("432 4.3.2 Concurrent connections limit exceeded", {}, ""), mail_to({"a@b"})).fate,
              Fate::account);
    EXPECT_EQ(rule_on_offer(offered("530 5.7.57 Client not authenticated to send mail", {}, ""), mail_to({"a@b"})).fate,
              Fate::account);
    EXPECT_EQ(rule_on_offer(offered("250 ok", {"421 4.3.2 Service not available"}, ""), mail_to({"a@b"})).fate,
              Fate::account);
}

TEST(RuleOnEnd, OnlyADefiniteAnswerSettles)
{
    EXPECT_EQ(rule_on_end(reply("250 2.0.0 OK <a@b> [Hostname=X]")).fate, Fate::sent);
    EXPECT_EQ(rule_on_end(reply("451 4.7.0 Temporary server error. Please try again later. PRX4")).fate, Fate::later);
    EXPECT_EQ(rule_on_end(reply("554 5.2.252 SendAsDenied; a not allowed to send as b")).fate, Fate::failed);
}

TEST(NextLook, FollowsTheSetting)
{
    EXPECT_EQ(next_look_after("30s,2m,10m", 0), Duration(30'000));
    EXPECT_EQ(next_look_after("30s, 2m, 10m", 1), Duration(120'000));
    EXPECT_EQ(next_look_after("30s,2m,10m", 2), Duration(600'000));
    EXPECT_EQ(next_look_after("30s,2m,10m", 3), std::nullopt);
    EXPECT_EQ(next_look_after("100ms", 0), Duration(100));
    EXPECT_EQ(next_look_after("", 0), std::nullopt);
    EXPECT_EQ(next_look_after("-1s", 0), std::nullopt);
    EXPECT_EQ(next_look_after("soon", 0), std::nullopt);
}

TEST(Waiting, GrowsAndStaysBounded)
{
    EXPECT_LT(wait_before_retry(0, 0.5), wait_before_retry(3, 0.5));
    for (int tries = 0; tries < 1'000; ++tries) EXPECT_LE(wait_before_retry(tries, 0.999), Duration(30 * 60'000));
}

}  // namespace
}  // namespace postroom::dispatcher
