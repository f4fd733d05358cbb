#include "screens/contents.hpp"

#include "archives.hpp"
#include "base/text.hpp"
#include "screens/zip.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace postroom::screens {
namespace {

using namespace std::string_view_literals;
using enum Content;
using Contents = std::vector<Content>;

TEST(Zip, ListsItsNames)
{
    auto const zip = make_zip({{"a.txt"}, {"folder/b.exe"}, {"c.pdf"}});
    auto const listed = list_zip(zip.bytes());
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->names, (std::vector<std::string>{"a.txt", "folder/b.exe", "c.pdf"}));
    EXPECT_FALSE(listed->locked);
    EXPECT_FALSE(listed->cut);
    EXPECT_EQ(list_zip(make_zip({{"a"}}, "a comment").bytes())->names, std::vector<std::string>{"a"});
    EXPECT_TRUE(list_zip(make_zip({{"a", "x", 1}}).bytes())->locked);
    EXPECT_FALSE(list_zip("no archive"));
    EXPECT_FALSE(list_zip(""));
    EXPECT_TRUE(list_zip("PK\x05\x06" + std::string(18, '\0'))->names.empty());
}

TEST(Zip, GoesOnWithoutItsDirectory)
{
    auto const zip = make_zip({{"a.txt"}, {"b.exe"}});
    auto const listed = list_zip(zip.entries);  // the end is beyond what was kept
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->names, (std::vector<std::string>{"a.txt", "b.exe"}));
    EXPECT_TRUE(listed->cut);
    // Sizes that stand behind the data.
    auto streamed = make_zip({{"a.txt", "data", 8}, {"b.exe", "data", 8}}).entries;
    EXPECT_EQ(list_zip(streamed)->names, (std::vector<std::string>{"a.txt", "b.exe"}));
    // An end that says that there is nothing, behind entries.
    auto const lying = zip.entries + "PK\x05\x06" + std::string(18, '\0');
    EXPECT_EQ(list_zip(lying)->names, (std::vector<std::string>{"a.txt", "b.exe"}));
}

TEST(Zip, HostileOnesEnd)
{
    std::vector<Entry> many;
    for (int i = 0; i < 5000; ++i) many.push_back({fmt::format("{}.txt", i)});
    auto const listed = list_zip(make_zip(many).bytes());
    EXPECT_EQ(listed->names.size(), zip_names_limit);
    EXPECT_TRUE(listed->cut);
    EXPECT_EQ(list_zip(make_zip({{std::string(60'000, 'x')}}).bytes())->names.at(0).size(), zip_name_limit);

    auto const whole = make_zip({{"a.txt"}, {"b.exe", "x", 1}, {"c"}}, "comment").bytes();
    for (std::size_t i = 0; i <= whole.size(); ++i) (void)list_zip(std::string_view(whole).substr(0, i));
    std::mt19937 generator(1);
    for (int i = 0; i < 20'000; ++i) {
        auto broken = whole;
        for (int k = 0; k < 3; ++k) broken[generator() % broken.size()] = static_cast<char>(generator());
        auto const found = list_zip(broken);
        if (found) EXPECT_LE(found->names.size(), zip_names_limit);
    }
    std::string nothing_but_heads;
    for (int i = 0; i < 100'000; ++i) nothing_but_heads += "PK\x03\x04";
    (void)list_zip(nothing_but_heads);
}

Contents contents(std::string_view name, std::string_view bytes)
{
    return look_at(name, bytes).contents;
}

TEST(Contents, ProgramsByTheirBytes)
{
    EXPECT_EQ(contents("picture.png", make_program()), Contents{program});
    EXPECT_EQ(contents("",
                       "\x7F"
                       "ELF\x02\x01"),
              Contents{program});
    EXPECT_EQ(contents("notes", "#!/bin/sh\nrm -rf /\n"), Contents{program});
    EXPECT_EQ(contents("x.dat", "\xCF\xFA\xED\xFE...."), Contents{program});
    EXPECT_EQ(contents("x.dat", "L\0\0\0\x01\x14\x02\0..."sv), Contents{program});
    // Words that only begin alike.
    EXPECT_TRUE(contents("cars.csv", "MZ;Skoda;" + std::string(100, 'x')).empty());
    EXPECT_TRUE(contents("a.txt", "MZ").empty());
    EXPECT_TRUE(contents("a.txt", "#!hashtags").empty());
    EXPECT_TRUE(contents("a.txt", "").empty());
    EXPECT_TRUE(contents("a.pdf", "%PDF-1.7").empty());
    EXPECT_TRUE(contents("a.jpg", "\xFF\xD8\xFF\xE0").empty());
}

TEST(Contents, ProgramsByTheirNames)
{
    for (auto const* name : {"setup.exe", "SETUP.EXE", "x.js", "x.vbs", "x.lnk", "x.hta", "x.exe.", "x.scr  ",
                             "ｓｅｔｕｐ．ＥＸＥ", "x.settingcontent-ms"})
        EXPECT_EQ(contents(name, "text"), Contents{program}) << name;
    for (auto const* name : {"exe", "a.exe.txt", "a.pdf", "", ".", "a."})
        EXPECT_TRUE(contents(name, "text").empty()) << name;
}

TEST(Contents, NamesThatPretend)
{
    EXPECT_EQ(contents("invoice.pdf.exe", "x"), (Contents{program, double_name}));
    EXPECT_EQ(contents("invoice.pdf                                    .exe", "x"), (Contents{program, double_name}));
    EXPECT_EQ(contents("invoice.PDF.Js", "x"), (Contents{program, double_name}));
    EXPECT_EQ(contents("setup.1.2.exe", "x"), Contents{program});
    EXPECT_TRUE(contents("report.2026.pdf", "x").empty());
}

TEST(Contents, Archives)
{
    EXPECT_EQ(contents("a.zip", make_zip({{"a.txt"}}).bytes()), Contents{archive});
    EXPECT_EQ(contents("picture.png", make_zip({{"a.txt"}}).bytes()), Contents{archive});
    EXPECT_EQ(contents("a.zip", make_zip({{"folder/setup.exe"}}).bytes()), (Contents{program, archive}));
    EXPECT_EQ(contents("a.zip", make_zip({{"a.pdf.exe"}}).bytes()), (Contents{program, double_name, archive}));
    EXPECT_EQ(contents("a.zip", make_zip({{"a.txt", "x", 1}}).bytes()), (Contents{archive, locked_archive}));
    for (auto const bytes : {"7z\xBC\xAF\x27\x1C...."sv, "\x1F\x8B\x08...."sv, "BZh91AY&SY"sv, "Rar!\x1A\x07\0...."sv})
        EXPECT_EQ(contents("x", bytes), Contents{archive}) << to_hex(bytes);
    EXPECT_EQ(contents("x", std::string(257, 'x') + "ustar"), Contents{archive});
    EXPECT_EQ(contents("x.7z", "7z\xBC\xAF\x27\x1C...\x06\xF1\x07\x01..."), (Contents{archive, locked_archive}));
    // RAR 5 whose headers are encrypted, and RAR 4 likewise.
    EXPECT_EQ(contents("x.rar", "Rar!\x1A\x07\x01\0CRC.\x05\x04\0\0\0\0"sv), (Contents{archive, locked_archive}));
    EXPECT_EQ(contents("x.rar", "Rar!\x1A\x07\0CC\x73\x80\0\x0D\0......"sv), (Contents{archive, locked_archive}));
    EXPECT_EQ(contents("x.rar", "Rar!\x1A\x07\0CC\x73\0\0\x0D\0......CC\x74\x04\0"sv),
              (Contents{archive, locked_archive}));
    EXPECT_EQ(contents("x.rar", "Rar!\x1A\x07\0CC\x73\0\0\x0D\0......CC\x74\0\0"sv), Contents{archive});
}

TEST(Contents, DocumentsAreNoArchivesAndMayHaveMacros)
{
    auto const docx = make_zip({{"[Content_Types].xml"}, {"word/document.xml"}}).bytes();
    EXPECT_TRUE(contents("a.docx", docx).empty());
    EXPECT_EQ(contents("a.zip", docx), Contents{archive});
    EXPECT_TRUE(contents("a.odt", make_zip({{"mimetype"}, {"content.xml"}}).bytes()).empty());
    EXPECT_EQ(contents("a.docm", make_zip({{"[Content_Types].xml"}, {"word/vbaProject.bin"}}).bytes()),
              Contents{macros});
    auto const ole = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv;
    EXPECT_TRUE(contents("a.doc", ole).empty());
    EXPECT_EQ(contents("a.doc", std::string(ole) + std::string(1000, 'x') +
                                    std::string("_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0"sv)),
              Contents{macros});
}

TEST(Contents, DiskImages)
{
    EXPECT_EQ(contents("a.iso", std::string(32'769, '\0') + "CD001"), Contents{disk_image});
    EXPECT_EQ(contents("a", "conectix" + std::string(600, '\0')), Contents{disk_image});
    EXPECT_EQ(contents("a", std::string(600, '\0') + "conectix" + std::string(504, '\0')), Contents{disk_image});
}

TEST(Contents, WhateverTheBytes)
{
    std::mt19937 generator(7);
    std::vector<std::string> const seeds{
        make_program(), make_zip({{"a.exe"}, {"b", "x", 1}}).bytes(),
        std::string("Rar!\x1A\x07\x01\0CRC.\x05\x02\x03\x01\0\0"sv) + std::string(50, '\x01'),
        std::string("Rar!\x1A\x07\0CC\x73\0\0\x0D\0......CC\x74\x04\0"sv)};
    for (auto const& seed : seeds)
        for (int i = 0; i < 5'000; ++i) {
            auto broken = seed.substr(0, generator() % (seed.size() + 1));
            for (int k = 0; k < 4 && !broken.empty(); ++k)
                broken[generator() % broken.size()] = static_cast<char>(generator());
            EXPECT_LE(look_at("x", broken).contents.size(), all_contents().size());
        }
}

TEST(Contents, WordsGoThereAndBack)
{
    for (auto const each : all_contents()) EXPECT_EQ(parse_content(to_string(each)).value(), each);
    EXPECT_FALSE(parse_content("nonsense"));
}

std::string attached(std::string_view name, std::string const& bytes,
                     std::string_view type = "application/octet-stream")
{
    return fmt::format(
        "From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
        "Hello\r\n--b\r\nContent-Type: {}\r\nContent-Disposition: attachment; filename=\"{}\"\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        type, name, to_base64(bytes));
}

TEST(Contents, OfAMailWithMailsInIt)
{
    EXPECT_TRUE(look_into("From: a@example.com\r\n\r\nHello\r\n").empty());
    EXPECT_TRUE(look_into("").empty());
    auto const one = attached("a.png", make_program());
    auto seen = look_into(one);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].name, "a.png");
    EXPECT_TRUE(seen[0].is(program));
    // A mail in a mail, and so on: to a bound.
    auto nested = one;
    for (int depth = 1; depth < 6; ++depth) {
        nested = attached("mail.eml", nested, "message/rfc822");
        seen = look_into(nested);
        EXPECT_EQ(seen.size(), static_cast<std::size_t>(std::min(depth, 3) + 1));
        EXPECT_EQ(seen.back().is(program), depth <= 3) << depth;
    }
}

TEST(Contents, OfTooManyFiles)
{
    std::string mail = "From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 3000; ++i)
        mail += "--b\r\nContent-Type: application/x\r\nContent-Disposition: attachment; filename=x\r\n\r\nx\r\n";
    EXPECT_LE(look_into(mail + "--b--\r\n").size(), 1000U);
}

}  // namespace
}  // namespace postroom::screens
