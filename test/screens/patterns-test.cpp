#include "screens/patterns.hpp"

#include "screens/fold.hpp"
#include "screens/glob.hpp"
#include "screens/phrases.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace postroom::screens {
namespace {

using enum model::ScreenRuleKind;

std::string normal(model::ScreenRuleKind kind, std::string_view text)
{
    auto const found = normal_pattern(kind, text);
    return found ? *found : "refused: " + found.error().message;
}
bool refused(model::ScreenRuleKind kind, std::string_view text)
{
    auto const found = normal_pattern(kind, text);
    return !found && found.error().kind == Trouble::invalid;
}

TEST(Glob, StarsAndQuestionMarks)
{
    EXPECT_TRUE(matches("*.exe", "a.exe"));
    EXPECT_TRUE(matches("*.exe", ".exe"));
    EXPECT_FALSE(matches("*.exe", "a.exe.txt"));
    EXPECT_TRUE(matches("a?c", "abc"));
    EXPECT_FALSE(matches("a?c", "ac"));
    EXPECT_TRUE(matches("a?c", "aéc"));  // a character, and no octet
    EXPECT_TRUE(matches("*a*b*", "xxaxxbxx"));
    EXPECT_FALSE(matches("*a*b*", "xxbxxaxx"));
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("", ""));
    EXPECT_FALSE(matches("", "a"));
    EXPECT_FALSE(matches("?", ""));
    EXPECT_TRUE(matches("abc", "abc"));
    EXPECT_TRUE(matches("*?", "\x80\x80"));
}

// What makes a backtracking matcher run for ages.
TEST(Glob, HostilePatternsEndSoon)
{
    std::string const text(5000, 'a');
    std::string pattern;
    for (int i = 0; i < 100; ++i) pattern += "*a";
    auto const began = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(matches(pattern + "b", text));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
    EXPECT_TRUE(matches("*z", std::string(100'000, 'a') + "z"));  // the end counts
}

TEST(Fold, WhatLooksAlikeIsAlike)
{
    EXPECT_EQ(folded("ÄRGER"), folded("ärger"));
    EXPECT_EQ(folded("ｓｅｔｕｐ．ＥＸＥ"), "setup.exe");
    EXPECT_EQ(folded("in\u200Bvoice"), "invoice");  // a blank of no width
    EXPECT_EQ(folded("e\u0301"), folded("é"));
    EXPECT_EQ(folded("Straße"), folded("STRASSE"));
    EXPECT_EQ(folded("\xFF\xFE"), "\uFFFD\uFFFD");
    EXPECT_EQ(folded_words("  Mail\r\n  delivery\u00A0FAILED \t"), "mail delivery failed");
    EXPECT_EQ(folded_name("Setup.exe. . "), "setup.exe");
    EXPECT_EQ(folded_name("a\x01.b"), "a.b");
}

TEST(Fold, DomainsAreAsOnTheWire)
{
    EXPECT_EQ(folded_domain("Bücher.Example."), "xn--bcher-kva.example");
    EXPECT_EQ(folded_domain("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
    EXPECT_EQ(folded_domain("مثال.إختبار"), "xn--mgbh0fb.xn--kgbechtv");
    EXPECT_EQ(folded_domain("ｅｘａｍｐｌｅ。com"), "example.com");
    EXPECT_FALSE(folded_domain(std::string(100'000, '\xC3')).empty());
}

TEST(Patterns, Senders)
{
    EXPECT_EQ(normal(sender, " Ann@Example.COM "), "ann@example.com");
    EXPECT_EQ(normal(sender, "<ann@example.com>"), "ann@example.com");
    EXPECT_EQ(normal(sender, "Example.com."), "example.com");
    EXPECT_EQ(normal(sender, "@Example.com"), "@example.com");
    EXPECT_EQ(normal(sender, "*.Example.com"), "*.example.com");
    EXPECT_EQ(normal(sender, "News*@*.example.com"), "news*@*.example.com");
    EXPECT_EQ(normal(sender, "jörg@bücher.example"), "jörg@xn--bcher-kva.example");
    EXPECT_EQ(normal(sender, "*@bücher.example"), "*@xn--bcher-kva.example");
    EXPECT_EQ(normal(sender, "*.bücher.example"), "*.xn--bcher-kva.example");
    for (auto const* wrong :
         {"", " ", "*", "*@*", "@", "*.*", "ann@", "a b@example.com", "ann@exa mple.com", "ann@.com", "a..b", "a...",
          "ann@ex(ample).com", "Ann <ann@example.com>", "a@b\n.com", "büch*.example", "********a*.com"})
        EXPECT_TRUE(refused(sender, wrong)) << wrong;
    EXPECT_EQ(normal(sender, "ann＠example.com"), "ann@example.com");
    EXPECT_EQ(normal(sender, "ann@straße.example"), "ann@" + folded_domain("straße.example"));
    EXPECT_TRUE(refused(sender, "a\u02DDb@example.com"));  // comes to a blank and a mark
    EXPECT_TRUE(refused(sender, "＊"));
    EXPECT_TRUE(refused(sender, std::string(400, 'a') + "@example.com"));
    EXPECT_TRUE(refused(sender, "ann@" + std::string(300, 'a') + ".com"));
}

TEST(Patterns, FileNamesContentsAndPhrases)
{
    EXPECT_EQ(normal(file_name, ".EXE"), "*.exe");
    EXPECT_EQ(normal(file_name, "Invoice*.PDF"), "invoice*.pdf");
    EXPECT_EQ(normal(file_name, "*.tar.*"), "*.tar.*");
    EXPECT_EQ(normal(file_name, normal(file_name, "\u02DDa.exe")), normal(file_name, "\u02DDa.exe"));
    EXPECT_EQ(normal(file_name, "e\x01\u0301.txt"), "é.txt");
    for (auto const* wrong : {"", "*", "*.*", "???", "a/b", "a\\b"}) EXPECT_TRUE(refused(file_name, wrong)) << wrong;
    EXPECT_EQ(normal(content, "program"), "program");
    EXPECT_TRUE(refused(content, "exe"));
    EXPECT_EQ(normal(permanent_phrase, "User\n  Unknown"), "user unknown");
    EXPECT_TRUE(refused(permanent_phrase, "a"));
    EXPECT_TRUE(refused(temporary_phrase, std::string(1000, 'a')));
}

TEST(Patterns, ANormalFormStaysAsItIs)
{
    for (auto const* each :
         {"ann@example.com", "@example.com", "*.example.com", "*@*.example.com", "jörg@xn--bcher-kva.example"})
        EXPECT_EQ(normal(sender, each), each);
    for (auto const each : default_permanent_phrases()) EXPECT_EQ(normal(permanent_phrase, each), each);
    for (auto const each : default_temporary_phrases()) EXPECT_EQ(normal(temporary_phrase, each), each);
}

}  // namespace
}  // namespace postroom::screens
