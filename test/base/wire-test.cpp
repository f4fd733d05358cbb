#include "base/wire.hpp"

#include <gtest/gtest.h>

namespace postroom {
namespace {

TEST(Wire, sends_everything_and_shows_all_but_the_secrets)
{
    Wire wire("A1 AUTHENTICATE XOAUTH2 ");
    wire.secret("dXNlcj1h").text("\r\n");
    EXPECT_EQ(wire.bytes(), "A1 AUTHENTICATE XOAUTH2 dXNlcj1h\r\n");
    EXPECT_EQ(wire.masked(), "A1 AUTHENTICATE XOAUTH2 [secret, 8 bytes]\r\n");
    ASSERT_EQ(wire.secrets().size(), 1U);
    EXPECT_EQ(wire.bytes().substr(wire.secrets()[0].begin, wire.secrets()[0].size), "dXNlcj1h");
}

TEST(Wire, shows_what_has_no_secret_as_it_is)
{
    EXPECT_TRUE(Wire().empty());
    EXPECT_EQ(Wire().masked(), "");
    EXPECT_EQ(Wire("NOOP\r\n").masked(), "NOOP\r\n");
}

TEST(Wire, masks_secrets_at_the_ends_and_side_by_side)
{
    Wire wire;
    wire.secret("ab").secret("cde").text("-").secret("");
    EXPECT_EQ(wire.bytes(), "abcde-");
    EXPECT_EQ(wire.masked(), "[secret, 2 bytes][secret, 3 bytes]-[secret, 0 bytes]");
}

TEST(Wire, keeps_secrets_secret_when_pipelined_commands_are_joined)
{
    Wire first("LOGIN ");
    first.secret("hunter2").text("\r\n");
    Wire all("NOOP\r\n");
    all.append(first).append(first);
    EXPECT_EQ(all.bytes(), "NOOP\r\nLOGIN hunter2\r\nLOGIN hunter2\r\n");
    EXPECT_EQ(all.masked().find("hunter2"), std::string::npos);
    EXPECT_EQ(all.secrets().size(), 2U);
}

TEST(Wire, appended_to_itself_is_twice_the_same)
{
    Wire wire("x");
    wire.secret("yz");
    wire.append(wire);
    EXPECT_EQ(wire.bytes(), "xyzxyz");
    EXPECT_EQ(wire.masked(), "x[secret, 2 bytes]x[secret, 2 bytes]");
}

TEST(Wire, survives_being_moved)
{
    Wire wire("a");
    wire.secret("b");
    Wire moved = std::move(wire);
    EXPECT_EQ(moved.masked(), "a[secret, 1 bytes]");
    Wire target("other");
    target.secret("long enough to lie on the heap, and to be wiped when it is replaced");
    target = std::move(moved);
    EXPECT_EQ(target.bytes(), "ab");
    EXPECT_EQ(target.masked(), "a[secret, 1 bytes]");
}

}  // namespace
}  // namespace postroom
