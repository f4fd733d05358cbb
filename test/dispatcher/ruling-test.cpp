#include "dispatcher/ruling.hpp"

#include "dispatcher/account-run.hpp"
#include "model/causes.hpp"

#include <gtest/gtest.h>

#include <map>

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

smtp::Offered offered(std::string_view from, std::vector<std::string> const& to, std::string_view data)
{
    smtp::Offered result;
    result.mail = reply(from);
    for (auto const& line : to) result.recipients.push_back(reply(line));
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
    auto const ruling = rule_on_offer(offered("250 ok", {"250 ok", "450 4.2.0 later", "550 5.1.1 no"}, "354 go"),
                                      mail_to({"a@b", "c@d", "e@f"}));
    EXPECT_EQ(ruling.fate, Fate::go_on);
    ASSERT_EQ(ruling.excepted.size(), 2U);
    EXPECT_EQ(ruling.excepted[0].address, "c@d");
    EXPECT_TRUE(ruling.excepted[0].later);
    EXPECT_FALSE(ruling.excepted[1].later);
    EXPECT_EQ(
        rule_on_offer(offered("250 ok", {"450 4.2.0 later", "550 5.1.1 no"}, "503 no"), mail_to({"a@b", "c@d"})).fate,
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

struct Expected {
    Fate fate;
    Slow slow = Slow::no;
};

// Of every refusal by a submission server that the catalogue has, by its likeliest cause.
std::map<std::string, Expected> const& expected()
{
    static Expected const account{Fate::account};
    static Expected const failed{Fate::failed};
    static Expected const later{Fate::later};
    static std::map<std::string, Expected> const all{
        {"account-locked", account},
        {"bare-line-feed", failed},
        {"basic-authentication-ended", account},
        {"basic-authentication-off", account},
        {"external-recipients-limit", {Fate::account, Slow::rest}},
        {"federation-no-https", account},
        {"federation-unreachable", account},
        {"header-too-large", failed},
        {"mailbox-full", account},
        {"message-over-size", failed},
        {"message-too-large", failed},
        {"password-wrong", account},
        {"policy-criteria", account},
        {"receive-limit", later},
        {"recipient-quota", {Fate::account, Slow::rest}},
        {"security-defaults", account},
        {"send-as-missing", failed},
        {"sender-not-authenticated", failed},
        {"sender-restricted", account},
        {"sending-blocked", account},
        {"server-busy", {Fate::account, Slow::pause}},
        {"server-closing", account},
        {"server-proxy-trouble", later},
        {"session-too-long", account},
        {"smtp-auth-off-mailbox", account},
        {"smtp-auth-off-tenant", account},
        {"smtp-mechanism-unknown", account},
        {"smtp-not-signed-in", account},
        {"smtp-out-of-step", failed},
        {"smtp-token-refused", account},
        {"smtp-too-many-connections", {Fate::account, Slow::fewer}},
        {"submission-rate", {Fate::account, Slow::pause}},
        {"token-ends-soon", account},
        {"too-many-recipients", later},
        {"xoauth2-malformed", account},
    };
    return all;
}

TEST(Ruling, KnowsEveryRefusalOfTheCatalogue)
{
    std::size_t judged = 0;
    for (auto const& refusal : model::refusals()) {
        if (refusal.speaker != model::Speaker::smtp) continue;
        SCOPED_TRACE(refusal.example);
        // Some are known by their words alone, as a report gives them.
        bool const coded = refusal.example.size() > 3 && refusal.example[3] == ' ' && refusal.example[0] >= '4' &&
                           refusal.example[0] <= '5';
        auto const line = coded ? refusal.example : "554 " + refusal.example;
        auto const& id = refusal.causes.front()->id;
        ASSERT_TRUE(expected().contains(id)) << id;
        auto [fate, slow] = expected().at(id);
        // What the server itself calls temporary is never given up at once.
        if (fate == Fate::failed && line.starts_with('4')) fate = Fate::later;
        auto const at_mail = rule_on_offer(offered(line, {}, ""), mail_to({"a@b"}));
        EXPECT_EQ(at_mail.fate, fate);
        EXPECT_EQ(at_mail.slow, slow);
        auto const at_end = rule_on_end(reply(line));
        EXPECT_EQ(at_end.fate, fate);
        EXPECT_EQ(at_end.slow, slow);
        EXPECT_NE(at_end.words.find(line.substr(4)), std::string::npos) << at_end.words;
        // A sign-in that is refused by these words pauses as the mail would.
        EXPECT_EQ(slow_of("the sign-in was refused: " + line), slow);
        ++judged;
    }
    EXPECT_GT(judged, 50U);
}

TEST(Ruling, TellsTheRecipientsMailboxFromOurs)
{
    auto const full = offered("250 ok", {"552 5.2.2 mailbox full", "250 ok"}, "354 go");
    auto const ruling = rule_on_offer(full, mail_to({"a@b", "c@d"}));
    EXPECT_EQ(ruling.fate, Fate::go_on);
    ASSERT_EQ(ruling.excepted.size(), 1U);
    EXPECT_FALSE(ruling.excepted[0].later);
    EXPECT_EQ(rule_on_end(reply("554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException")).fate,
              Fate::account);
    EXPECT_EQ(
        rule_on_offer(offered("250 ok", {"550 5.7.705 Access denied", "250 ok"}, "354"), mail_to({"a@b", "c@d"})).fate,
        Fate::account);
}

TEST(Ruling, TakesNoAddressForTheServersWords)
{
    for (std::string const name : {"5.7.705", "5.7.232", "4.7.500", "\"x 5.7.705 y\"", "\"<>5.7.705\""}) {
        auto const address = name + "@evil.example";
        for (auto const& said : {"<" + address + ">: Relay access denied", address + " is not known",
                                 "we know no " + address + ", sorry", "user " + name + " unknown", "<" + name + ">"}) {
            SCOPED_TRACE(said);
            auto const ruling =
                rule_on_offer(offered("250 ok", {"250 ok", "554 5.7.1 " + said}, "354"), mail_to({"a@b", address}));
            EXPECT_EQ(ruling.fate, Fate::go_on);
            EXPECT_EQ(ruling.slow, Slow::no);
            ASSERT_EQ(ruling.excepted.size(), 1U);
            EXPECT_FALSE(ruling.excepted[0].later);
            EXPECT_NE(ruling.words.find(said.substr(0, 5)), std::string::npos);
        }
    }
    // As the server writes it, and within a domain.
    EXPECT_EQ(rule_on_offer(offered("250 ok", {"554 5.7.1 <A@5.7.705.Evil.Example>: no"}, "503"),
                            mail_to({"a@5.7.705.evil.example"}))
                  .fate,
              Fate::failed);
    EXPECT_EQ(rule_on_offer(offered("250 ok", {"452 4.3.1 <4.5.3@evil.example>: no space", "250 ok"}, "354"),
                            mail_to({"4.5.3@evil.example", "a@b"}))
                  .excepted.at(0)
                  .words,
              "452 4.3.1 <4.5.3@evil.example>: no space");
    EXPECT_EQ(rule_on_end(reply("554 5.7.1 <5.7.232@evil.example>: Relay access denied")).fate, Fate::failed);
    EXPECT_EQ(rule_on_end(reply("554 5.7.1 5.7.232@evil.example is not liked")).fate, Fate::failed);
    // The server's own code counts, whatever it is about.
    auto const blocked = rule_on_offer(offered("250 ok", {"550 5.7.705 <5@evil.example>: Access denied"}, "503"),
                                       mail_to({"5@evil.example"}));
    EXPECT_EQ(blocked.fate, Fate::account);
}

TEST(Ruling, SlowsDownByWhatIsSaidAtARecipient)
{
    auto const busy = rule_on_offer(offered("250 ok", {"450 4.2.3", "250 ok"}, "354"), mail_to({"a@b", "c@d"}));
    EXPECT_EQ(busy.fate, Fate::account);
    EXPECT_EQ(busy.slow, Slow::pause);
    // A mailbox that is full for now is its owner's.
    auto const full = rule_on_offer(offered("250 ok", {"452 4.2.2 STOREDRV; MapiExceptionShutoffQuotaExceeded"}, "503"),
                                    mail_to({"a@b"}));
    EXPECT_EQ(full.fate, Fate::later);
}

TEST(Ruling, KeepsAMailWhoseOfferTheServerDidNotAnswerWhole)
{
    auto cut = offered("250 ok", {"250 ok", "421 4.2.1 closing"}, "");
    cut.chunks = true;
    auto const mail = mail_to({"a@b", "c@d", "e@f"});
    EXPECT_EQ(rule_on_offer(cut, mail).fate, Fate::account);
    EXPECT_EQ(rule_on_offer(cut, mail).words, "c@d was refused: 421 4.2.1 closing");
    auto const busy = offered("250 ok", {"250 ok", "421 4.4.2 Message submission rate exceeded"}, "");
    EXPECT_EQ(rule_on_offer(busy, mail).slow, Slow::pause);
    auto silent = offered("250 ok", {"250 ok", "250 ok"}, "");
    silent.chunks = true;
    EXPECT_EQ(rule_on_offer(silent, mail).fate, Fate::account);
    silent.recipients.push_back(reply("250 ok"));
    EXPECT_EQ(rule_on_offer(silent, mail).fate, Fate::go_on);
}

TEST(Ruling, GoesByTheCodeOfWhatNobodyKnows)
{
    EXPECT_EQ(rule_on_end(reply("554 5.7.1 I do not like you")).fate, Fate::failed);
    EXPECT_EQ(rule_on_end(reply("450 4.2.0 Greylisted")).fate, Fate::later);
    EXPECT_EQ(rule_on_end(reply("535 what?")).fate, Fate::account);
    EXPECT_EQ(rule_on_end(reply("421 bye")).fate, Fate::account);
    // Words of ours within the server's explain nothing of it.
    EXPECT_EQ(rule_on_end(reply("554 5.4.1 connect: Connection refused")).fate, Fate::failed);
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
