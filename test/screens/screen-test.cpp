#include "screens/screen.hpp"

#include "archives.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

namespace postroom::screens {
namespace {

using namespace std::string_literals;

std::string mail(std::string const& from, std::string const& more = {}, std::string const& text = "Hello\r\n")
{
    return "From: " + from + "\r\nTo: sales@contoso.test\r\nSubject: Order\r\n" + more + "\r\n" + text;
}
std::string with_file(std::string_view name, std::string const& bytes)
{
    return fmt::format(
        "From: ann@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
        "boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n"
        "Content-Type: application/octet-stream; name=\"{}\"\r\nContent-Transfer-Encoding: "
        "base64\r\n\r\n{}\r\n--b--\r\n",
        name, to_base64(bytes));
}

Verdict judge(model::Screens const& screens, std::string const& bytes)
{
    auto const read = mime::read(bytes);
    if (!read) throw std::runtime_error(read.error().message);
    return screen(Rules(screens), *read, bytes);
}
model::Screens blocking(std::vector<std::string> senders)
{
    model::Screens screens;
    screens.senders = std::move(senders);
    return screens;
}
bool held(std::string const& sender, std::string const& bytes)
{
    auto const verdict = judge(blocking({sender}), bytes);
    if (verdict.fate == Fate::hold) {
        EXPECT_EQ(verdict.screen, model::Screen::sender);
        EXPECT_EQ(verdict.rule, sender);
        EXPECT_NE(verdict.because.english().find(sender), std::string::npos);
    }
    return verdict.fate == Fate::hold;
}

TEST(Screen, LetsThroughWhatMeetsNothing)
{
    auto const verdict = judge({}, mail("ann@example.com"));
    EXPECT_EQ(verdict.fate, Fate::accept);
    EXPECT_EQ(verdict.screen, model::Screen::none);
    EXPECT_EQ(judge({}, with_file("setup.exe", make_program())).fate, Fate::accept);  // nothing is blocked by default
}

TEST(Screen, Senders)
{
    EXPECT_TRUE(held("ann@example.com", mail("Ann <ANN@Example.com>")));
    EXPECT_FALSE(held("ann@example.com", mail("joann@example.com")));
    EXPECT_FALSE(held("ann@example.com", mail("\"ann@example.com\" <bob@example.org>")));  // a name is no address
    EXPECT_TRUE(held("ann@example.com", mail("bob@example.org", "Reply-To: ann@example.com\r\n")));
    EXPECT_TRUE(held("ann@example.com", mail("bob@example.org", "Sender: ann@example.com\r\n")));
    EXPECT_TRUE(held("ann@example.com", mail("bob@example.org", "Return-Path: <ann@example.com>\r\n")));
    EXPECT_TRUE(held("ann@example.com", mail("bob@example.org, ann@example.com")));
}

TEST(Screen, Domains)
{
    EXPECT_TRUE(held("example.com", mail("ann@example.com")));
    EXPECT_TRUE(held("example.com", mail("ann@mail.example.com")));
    EXPECT_TRUE(held("example.com", mail("ann@a.b.c.EXAMPLE.com.")));
    EXPECT_FALSE(held("example.com", mail("ann@badexample.com")));
    EXPECT_FALSE(held("example.com", mail("ann@example.com.evil.org")));
    EXPECT_TRUE(held("@example.com", mail("ann@example.com")));
    EXPECT_FALSE(held("@example.com", mail("ann@mail.example.com")));
    EXPECT_TRUE(held("*.example.com", mail("ann@mail.example.com")));
    EXPECT_FALSE(held("*.example.com", mail("ann@example.com")));
    EXPECT_TRUE(held("news*@*.example.com", mail("newsletter@a.example.com")));
    EXPECT_FALSE(held("news*@*.example.com", mail("ann@a.example.com")));
    // No length of names before it hides a domain.
    EXPECT_TRUE(held("evil.example", mail("a@" + "b."s + std::string(60, 'c') + "." + std::string(60, 'd') + "." +
                                          std::string(60, 'e') + "." + std::string(60, 'f') + ".evil.example")));
}

TEST(Screen, InternationalisedSenders)
{
    EXPECT_TRUE(held("xn--bcher-kva.example", mail("ann@bücher.example")));
    EXPECT_TRUE(held("xn--bcher-kva.example", mail("ann@BÜCHER.example")));
    EXPECT_TRUE(held("xn--bcher-kva.example", mail("ann@xn--bcher-kva.example")));
    EXPECT_TRUE(held("jörg@xn--bcher-kva.example", mail("JÖRG@bücher.example")));
}

TEST(Screen, FileNames)
{
    model::Screens screens;
    screens.file_names = {"*.exe"};
    auto const verdict = judge(screens, with_file("Setup.EXE", "x"));
    EXPECT_EQ(verdict.fate, Fate::hold);
    EXPECT_EQ(verdict.screen, model::Screen::file_name);
    EXPECT_EQ(verdict.rule, "*.exe");
    EXPECT_NE(verdict.because.english().find("Setup.EXE"), std::string::npos);
    EXPECT_EQ(judge(screens, with_file("setup.exe.pdf", "x")).fate, Fate::accept);
    auto const packed = judge(screens, with_file("a.zip", make_zip({{"deep/er/setup.exe"}}).bytes()));
    EXPECT_EQ(packed.fate, Fate::hold);
    EXPECT_NE(packed.because.english().find("setup.exe in a.zip"), std::string::npos) << packed.because.english();
    EXPECT_EQ(judge(screens, with_file("a.zip", make_zip({{"a.txt"}}).bytes())).fate, Fate::accept);
}

TEST(Screen, Contents)
{
    model::Screens screens;
    screens.contents = {"program", "locked-archive"};
    auto const verdict = judge(screens, with_file("holiday.png", make_program()));
    EXPECT_EQ(verdict.fate, Fate::hold);
    EXPECT_EQ(verdict.screen, model::Screen::content);
    EXPECT_EQ(verdict.rule, "program");
    EXPECT_EQ(judge(screens, with_file("a.zip", make_zip({{"a", "x", 1}}).bytes())).rule, "locked-archive");
    EXPECT_EQ(judge(screens, with_file("a.zip", make_zip({{"a"}}).bytes())).fate, Fate::accept);
}

TEST(Screen, Size)
{
    auto const bytes = mail("ann@example.com", {}, std::string(5000, 'x'));
    model::Screens screens;
    screens.largest = static_cast<std::int64_t>(bytes.size());
    EXPECT_EQ(judge(screens, bytes).fate, Fate::accept);
    --*screens.largest;
    auto const verdict = judge(screens, bytes);
    EXPECT_EQ(verdict.fate, Fate::hold);
    EXPECT_EQ(verdict.screen, model::Screen::size);
    EXPECT_EQ(verdict.rule, std::to_string(*screens.largest));
    screens.above = model::Above::cut;
    EXPECT_EQ(judge(screens, bytes).fate, Fate::cut);
    screens.above = model::Above::accept;
    EXPECT_EQ(judge(screens, bytes).fate, Fate::accept);
}

std::string report(std::string_view action, std::string_view status)
{
    return fmt::format(
        "From: postmaster@example.com\r\nSubject: Nothing telling\r\nMIME-Version: 1.0\r\nContent-Type: "
        "multipart/report; "
        "report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\nContent-Type: "
        "message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; ann@example.com\r\nAction: {}\r\nStatus: "
        "{}\r\n\r\n--b--\r\n",
        action, status);
}

TEST(Screen, ReportsByTheirStructureComeFirst)
{
    auto const failed = judge({}, report("failed", "5.1.1"));
    EXPECT_EQ(failed.fate, Fate::permanent);
    EXPECT_EQ(failed.screen, model::Screen::delivery);
    EXPECT_EQ(failed.rule, "failed 5.1.1");
    EXPECT_NE(failed.because.english().find("ann@example.com"), std::string::npos);
    EXPECT_EQ(judge({}, report("delayed", "4.4.1")).fate, Fate::temporary);
    EXPECT_EQ(judge({}, report("delivered", "2.0.0")).fate, Fate::accept);
    // What the structure says, no phrase says otherwise.
    model::Screens screens;
    screens.permanent_phrases = {"nothing telling"};
    EXPECT_EQ(judge(screens, report("delayed", "4.4.1")).fate, Fate::temporary);
    EXPECT_EQ(judge(screens, report("relayed", "2.0.0")).fate, Fate::accept);
    // And no size: it may bring our own mail back.
    screens.largest = 1;
    EXPECT_EQ(judge(screens, report("failed", "5.1.1")).fate, Fate::permanent);
}

std::string from_a_server(std::string const& subject, std::string const& text)
{
    return "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.com\r\nSubject: " + subject + "\r\n\r\n" + text + "\r\n";
}

TEST(Screen, PhrasesOfServersWithoutStructure)
{
    auto const qmail = judge({}, from_a_server("failure notice",
                                               "Hi. This is the qmail-send program at mx.example.com.\r\nI'm afraid I "
                                               "wasn't able to deliver your message to the following addresses."));
    EXPECT_EQ(qmail.fate, Fate::permanent);
    EXPECT_EQ(qmail.rule, "failure notice");
    EXPECT_EQ(judge({}, from_a_server("Mail", "Sorry, user\r\n  unknown here")).fate, Fate::permanent);
    EXPECT_EQ(
        judge({}, from_a_server("Mail", "It could not be delivered for 4 hours.\r\nTHIS IS A WARNING MESSAGE ONLY."))
            .fate,
        Fate::temporary);
    EXPECT_EQ(judge({}, from_a_server("Unzustellbar: Angebot", "x")).fate, Fate::permanent);
    EXPECT_EQ(judge({}, from_a_server("Greetings", "All is well.")).fate, Fate::accept);
    model::Screens silent;
    silent.default_phrases = false;
    EXPECT_EQ(judge(silent, from_a_server("failure notice", "user unknown")).fate, Fate::accept);
    silent.temporary_phrases = {"all is well"};
    auto const own = judge(silent, from_a_server("Greetings", "All  is\r\nwell."));
    EXPECT_EQ(own.fate, Fate::temporary);
    EXPECT_EQ(own.rule, "all is well");
}

TEST(Screen, ACustomerWhoQuotesAServerIsNone)
{
    EXPECT_EQ(judge({}, mail("ann@example.com", {}, "I got: user unknown, mail delivery failed\r\n")).fate,
              Fate::accept);
    EXPECT_EQ(judge({}, mail("ann@example.com", "List-Id: <news.example.com>\r\n", "user unknown\r\n")).fate,
              Fate::accept);
    // Nor is a machine that speaks of parcels.
    EXPECT_EQ(judge({}, mail("noreply@parcels.example", "Auto-Submitted: auto-generated\r\n",
                             "Your parcel could not be delivered.\r\n"))
                  .fate,
              Fate::accept);
    EXPECT_EQ(judge({}, mail("noreply@parcels.example", "Precedence: bulk\r\n", "It could not be delivered.\r\n")).fate,
              Fate::accept);
    EXPECT_EQ(
        judge({}, mail("mx@example.com", "Auto-Submitted: auto-replied\r\n", "It could not be delivered.\r\n")).fate,
        Fate::permanent);
    EXPECT_EQ(judge({}, mail("postmaster@example.com", {}, "user unknown\r\n")).fate, Fate::permanent);
}

TEST(Screen, TheOrderIsSenderFileReportSize)
{
    model::Screens screens = blocking({"example.com"});
    screens.contents = {"program"};
    screens.largest = 1;
    auto const bytes = with_file("a.exe", make_program());
    EXPECT_EQ(judge(screens, bytes).screen, model::Screen::sender);
    screens.senders.clear();
    EXPECT_EQ(judge(screens, bytes).screen, model::Screen::content);
    screens.contents.clear();
    EXPECT_EQ(judge(screens, bytes).screen, model::Screen::size);
}

TEST(Screen, NobodyLooksIntoAMailWithoutNeed)
{
    auto const read = mime::read(mail("ann@example.com"));
    int looks = 0;
    auto const files = [&] {
        ++looks;
        return std::vector<SeenFile>{};
    };
    (void)screen(Rules(blocking({"bob@example.com"})), *read, 100, files);
    EXPECT_EQ(looks, 0);
    model::Screens screens;
    screens.contents = {"program"};
    (void)screen(Rules(screens), *read, 100, files);
    EXPECT_EQ(looks, 1);
}

// Ratios, and no times: 10,000 rules cost a mail little more than ten do.
TEST(Screen, TenThousandBlockedSenders)
{
    auto const many = [](int count) {
        model::Screens screens;
        for (int i = 0; i < count; ++i) screens.senders.push_back(fmt::format("{}@spam{}.example", i, i % 7));
        for (int i = 0; i < count; ++i) screens.senders.push_back(fmt::format("spam{}.example.org", i));
        return Rules(screens);
    };
    auto const few = many(10), lots = many(10'000);
    auto const read = mime::read(mail("ann@a.b.c.example.com"));
    auto const time = [&](Rules const& rules) {
        auto const began = std::chrono::steady_clock::now();
        for (int i = 0; i < 3000; ++i) EXPECT_FALSE(rules.sender(*read));
        return std::chrono::steady_clock::now() - began;
    };
    (void)time(few);
    auto const base = time(few);
    EXPECT_LT(time(lots), base * 50 + std::chrono::milliseconds(100));
    EXPECT_TRUE(lots.sender(*mime::read(mail("x@a.spam9999.example.org"))));
    EXPECT_TRUE(lots.sender(*mime::read(mail("9999@spam3.example"))));
}

TEST(Screen, HostileAddresses)
{
    auto const rules = Rules(blocking({"example.com", "*a*a*a*a*a@b", "@x.example"}));
    std::string labels;
    for (int i = 0; i < 30'000; ++i) labels += "a.";
    for (auto const& address : {labels + "example.com", "x@" + labels + "example.com", std::string(60'000, 'a') + "@c",
                                "@"s, "a@@b"s, ""s, "x@" + std::string(60'000, '.'), "x@" + std::string(5000, '\xC3')})
        (void)rules.rule_about(address);
    EXPECT_EQ(rules.rule_about("x@" + labels + "example.com"), "example.com");
}

}  // namespace
}  // namespace postroom::screens
