#include "base/endpoint.hpp"

#include <gtest/gtest.h>

namespace postroom {
namespace {

struct Reading {
    char const* text;
    char const* host;
    std::uint16_t port;
};
class ReadableEndpoint : public testing::TestWithParam<Reading> {};

TEST_P(ReadableEndpoint, gives_host_and_port_and_is_written_back)
{
    auto const read = parse_endpoint(GetParam().text, 993);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, (Endpoint{GetParam().host, GetParam().port}));
    EXPECT_EQ(parse_endpoint(to_string(*read), 1), *read);
}

INSTANTIATE_TEST_SUITE_P(Endpoint, ReadableEndpoint,
                         testing::Values(Reading{"outlook.office365.com", "outlook.office365.com", 993},
                                         Reading{"localhost:1993", "localhost", 1993}, Reading{"a:1", "a", 1},
                                         Reading{"10.0.0.1:65535", "10.0.0.1", 65535}, Reading{"[::1]", "::1", 993},
                                         Reading{"[fe80::1]:143", "fe80::1", 143}));

struct Wrong {
    char const* text;
    char const* why;
};
class UnreadableEndpoint : public testing::TestWithParam<Wrong> {};

TEST_P(UnreadableEndpoint, is_refused_with_the_reason_and_an_example)
{
    auto const read = parse_endpoint(GetParam().text, 993);
    ASSERT_FALSE(read) << to_string(*read);
    EXPECT_EQ(read.error().kind, Trouble::invalid);
    EXPECT_NE(read.error().message.find(GetParam().why), std::string::npos) << read.error().message;
    EXPECT_NE(read.error().message.find("localhost:1993"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Endpoint, UnreadableEndpoint,
    testing::Values(Wrong{"", "host is missing"}, Wrong{":993", "host is missing"}, Wrong{"[]:993", "host is missing"},
                    Wrong{"a:", "1 to 65535"}, Wrong{"a:0", "1 to 65535"}, Wrong{"a:65536", "1 to 65535"},
                    Wrong{"a:-1", "1 to 65535"}, Wrong{"a:+1", "1 to 65535"}, Wrong{"a:99999999999", "1 to 65535"},
                    Wrong{"a:imap", "1 to 65535"}, Wrong{"a: 993", "1 to 65535"}, Wrong{"::1:993", "brackets"},
                    Wrong{"[::1", "] is missing"}, Wrong{"[::1]993", "follow the ]"}, Wrong{"[::1]:", "1 to 65535"},
                    Wrong{"[a.example]:993", "IPv6"}, Wrong{"[::1]x:993", "follow the ]"},
                    Wrong{"imaps://a", "1 to 65535"}, Wrong{"a/b", "no host has"}, Wrong{"zürich.example", "xn--"},
                    Wrong{"a b:993", "no host has"}, Wrong{"me@a:993", "no host has"},
                    Wrong{"a\r\nb:993", "no host has"}, Wrong{"a\x01:993", "no host has"},
                    Wrong{"a]:993", "no host has"}, Wrong{"a[b", "no host has"}));

TEST(Endpoint, a_host_with_a_nul_is_refused)
{
    EXPECT_FALSE(parse_endpoint(std::string_view("good.example\0.evil", 18), 993));
}

TEST(Endpoint, a_refusal_shows_a_hostile_text_harmlessly)
{
    auto const read = parse_endpoint("\x1b[2J/" + std::string(9'000, 'x'), 993);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message.find('\x1b'), std::string::npos);
    EXPECT_LT(read.error().message.size(), 400U);
}

}  // namespace
}  // namespace postroom
