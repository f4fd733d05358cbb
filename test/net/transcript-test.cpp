#include "net/transcript.hpp"

#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

namespace postroom::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TranscriptTest : public testing::Test {
protected:
    std::string written()
    {
        transcript.reset();  // what was held back is written
        std::ifstream file(path);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }

    test::ScratchFolder folder;
    std::string path = folder / "transcript";
    ManualClock clock{from_rfc3339("2026-11-22T12:00:01.250Z").value()};
    std::shared_ptr<Transcript> transcript = transcript_to_file(path, clock).value();
};

TEST_F(TranscriptTest, OneLineALineWithTimeAndSide)
{
    transcript->note("connected to 127.0.0.1:993");
    transcript->received("* OK re");
    transcript->received("ady\r\n");
    transcript->sent(Wire(std::string("A1 NOOP\r\n")));
    transcript->received("A1 OK\r\n+ half");
    EXPECT_EQ(written(),
              "12:00:01.250 *: connected to 127.0.0.1:993\n"
              "12:00:01.250 S: * OK ready\n"
              "12:00:01.250 C: A1 NOOP\n"
              "12:00:01.250 S: A1 OK\n"
              "12:00:01.250 S: + half\n");
}

TEST_F(TranscriptTest, SecretsAreMasked)
{
    Wire login;
    login.text("A2 AUTHENTICATE XOAUTH2 ").secret("dXNlcj1hQGI=").text("\r\n");
    transcript->sent(login);
    EXPECT_EQ(written(), "12:00:01.250 C: A2 AUTHENTICATE XOAUTH2 [secret, 12 bytes]\n");
}

TEST_F(TranscriptTest, TheMiddleOfALongRunIsCounted)
{
    transcript->received("* 1 FETCH (BODY[] {1000000}\r\n");
    for (int i = 0; i < 1000; ++i) transcript->received(std::string(999, 'x') + "\n");
    transcript->received(")\r\nA5 OK FETCH completed\r\n");
    transcript->sent(Wire(std::string("A6 NOOP\r\n")));
    auto const text = written();
    EXPECT_LT(text.size(), 10'000U);
    EXPECT_THAT(text, AllOf(HasSubstr("{1000000}"), HasSubstr("S: … 99"), HasSubstr(" bytes\n"),
                            HasSubstr("S: A5 OK FETCH completed\n"), HasSubstr("C: A6 NOOP")));
}

TEST_F(TranscriptTest, ControlCharactersDoNotReachTheReader)
{
    transcript->received("a\x1b[2J\rb\n");
    EXPECT_THAT(written(), Not(HasSubstr("\x1b")));
}

TEST_F(TranscriptTest, TheFileIsPrivateEvenIfItWasNot)
{
    struct stat found{};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
    auto const open_to_all = folder / "open";
    std::ofstream(open_to_all) << "";
    ASSERT_EQ(::chmod(open_to_all.c_str(), 0644), 0);
    ASSERT_TRUE(transcript_to_file(open_to_all, clock));
    ASSERT_EQ(::stat(open_to_all.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
    auto const impossible = transcript_to_file(folder / "no/such/folder", clock);
    ASSERT_FALSE(impossible);
    EXPECT_THAT(impossible.error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace postroom::net
