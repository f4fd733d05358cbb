// Replies as RFC 5321, RFC 2034 and Exchange Online send them, at every split.
#include "smtp/codec/reply.hpp"

#include "support/splits.hpp"

#include <gmock/gmock.h>

namespace postroom::smtp {
namespace {

using testing::ElementsAre;

struct Seen {
    std::vector<Reply> replies;
    std::optional<Error> error;
    bool empty = false;
};

Seen run(test::Pieces const& pieces, ReplyLimits limits = {})
{
    ReplyReader reader(limits);
    Seen seen;
    for (auto const piece : pieces) {
        reader.feed(piece);
        for (;;) {
            auto next = reader.next();
            if (!next) {
                seen.error = next.error();
                return seen;
            }
            if (!*next) break;
            seen.replies.push_back(**next);
        }
    }
    seen.empty = reader.empty();
    return seen;
}

Reply one(std::string const& input)
{
    auto const seen = run({input});
    EXPECT_FALSE(seen.error);
    EXPECT_EQ(seen.replies.size(), 1U);
    return seen.replies.empty() ? Reply{} : seen.replies.front();
}

TEST(Reply, AtEverySplit)
{
    std::string const input =
        "220 foo.com Simple Mail Transfer Service Ready\r\n"
        "250-foo.com greets bar.com\r\n"
        "250-8BITMIME\n"
        "250\r\n"
        "354 Start mail input; end with <CRLF>.<CRLF>\r\n";
    test::at_every_split(input, [](test::Pieces const& pieces) {
        auto const seen = run(pieces);
        ASSERT_FALSE(seen.error);
        ASSERT_EQ(seen.replies.size(), 3U);
        EXPECT_TRUE(seen.replies[0].positive());
        EXPECT_THAT(seen.replies[1].lines, ElementsAre("foo.com greets bar.com", "8BITMIME", ""));
        EXPECT_TRUE(seen.replies[2].intermediate());
        EXPECT_TRUE(seen.empty);
    });
}

TEST(Reply, EnhancedCodes)
{
    EXPECT_EQ(one("250 2.1.0 Sender OK\r\n").enhanced, (EnhancedCode{2, 1, 0}));
    auto const refused =
        one("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
            "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.\r\n");
    EXPECT_EQ(refused.enhanced, (EnhancedCode{5, 7, 139}));
    EXPECT_EQ(to_string(*refused.enhanced), "5.7.139");
    EXPECT_TRUE(refused.permanent());
    EXPECT_TRUE(refused.words().starts_with("535 5.7.139 Authentication unsuccessful"));
    // RFC 2034 section 5
    EXPECT_EQ(one("550-5.7.1 Mailbox \"susan\" does not exist\r\n550 5.7.1 really\r\n").enhanced,
              (EnhancedCode{5, 7, 1}));
    EXPECT_EQ(one("432 4.3.2 Concurrent connections limit exceeded.\r\n").enhanced, (EnhancedCode{4, 3, 2}));
    for (std::string const text :
         {"250 5.1.1 x", "250 2.1 x", "250 2.1.0x", "250 2.1234.0", "250 OK", "334 3.0.0", "250"})
        EXPECT_FALSE(one(text + "\r\n").enhanced) << text;
}

TEST(Reply, EndsNonsense)
{
    for (std::string const text : {"", "25", "2x0 a", "650 a", "150 a", "250_a", "* OK IMAP", "+OK", "\x16\x03\x01"}) {
        auto const seen = run({text + "\r\n"});
        ASSERT_TRUE(seen.error) << text;
        EXPECT_EQ(seen.error->kind, Trouble::protocol);
    }
    EXPECT_EQ(run({"250-a\r\n550 b\r\n"}).error->kind, Trouble::protocol);
}

TEST(Reply, EndsWhatHasNoEnd)
{
    auto const line = "250 " + std::string(100, 'x');
    test::at_every_split(line, [](test::Pieces const& pieces) {
        auto const seen = run(pieces, {.line = 64, .lines = 4});
        ASSERT_TRUE(seen.error);
        EXPECT_EQ(seen.error->kind, Trouble::limit);
    });
    EXPECT_TRUE(run({line + "\r\n"}, {.line = 64}).error);
    std::string many;
    for (int i = 0; i < 5; ++i) many += "250-a\r\n";
    EXPECT_EQ(run({many}, {.line = 64, .lines = 4}).error->kind, Trouble::limit);
}

TEST(Reply, IsNotEmptyWhileSomethingIsLeft)
{
    EXPECT_FALSE(run({"220 go\r\n250"}).empty);
    EXPECT_FALSE(run({"220-go\r\n"}).empty);
}

TEST(EchoedMessageId, AsExchangeGivesIt)
{
    EXPECT_EQ(echoed_message_id(one("250 2.0.0 OK <aKj2OhY87X3qWDJs@maxwell> "
                                    "[Hostname=DBBPR03MB5414.eurprd03.prod.outlook.com]\r\n")),
              "<aKj2OhY87X3qWDJs@maxwell>");
    for (std::string const text : {"250 2.0.0 OK", "250 <> x", "250 <a@>", "250 <@b>", "250 <a b@c>", "250 <ab>",
                                   "250 >a@b<", "554 5.2.0 <a@b>"})
        EXPECT_FALSE(echoed_message_id(one(text + "\r\n"))) << text;
}

}  // namespace
}  // namespace postroom::smtp
