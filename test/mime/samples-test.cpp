#include "mime/html.hpp"
#include "mime/read.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace postroom::mime {
namespace {

std::string sample(std::string const& name)
{
    std::ifstream file(POSTROOM_SOURCE_DIR "/samples/mails/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Mail mail_of(std::string const& name)
{
    auto mail = read(sample(name));
    EXPECT_TRUE(mail.has_value()) << name;
    return mail ? *std::move(mail) : Mail{};
}

TEST(Samples, AllAreReadWithoutLoss)
{
    int count = 0;
    for (auto const& entry : std::filesystem::directory_iterator(POSTROOM_SOURCE_DIR "/samples/mails")) {
        auto const name = entry.path().filename().string();
        auto const bytes = sample(name);
        auto const mail = mail_of(name);
        ++count;
        EXPECT_FALSE(mail.from.empty()) << name;
        EXPECT_FALSE(mail.subject.empty()) << name;
        EXPECT_FALSE(mail.text.empty()) << name;
        EXPECT_TRUE(mail.date.has_value()) << name;
        EXPECT_FALSE(mail.message_id.empty()) << name;
        for (auto const* text : {&mail.text, &mail.html, &mail.subject})
            EXPECT_EQ(text->find("\uFFFD"), std::string::npos) << name;
        for (auto at = bytes.find('\n'); at != std::string::npos; at = bytes.find('\n', at + 1))
            ASSERT_EQ(bytes[at - 1], '\r') << name;
    }
    EXPECT_GE(count, 12);
}

TEST(Samples, SayWhatTheyAreFor)
{
    EXPECT_EQ(mail_of("08-japanese-iso-2022-jp.eml").subject, "見積りのお願い");
    EXPECT_EQ(mail_of("09-cyrillic-koi8-r.eml").from.at(0).name, "Ольга Петрова");
    EXPECT_EQ(mail_of("07-arabic.eml").subject, "استفسار عن ضمان الثلاجة");
    auto const outlook = mail_of("05-outlook-invoice.eml");
    EXPECT_EQ(outlook.from.at(0).name, "van den Berg, Sanne");
    EXPECT_EQ(part(sample("05-outlook-invoice.eml"), outlook.parts.back().number)->bytes.substr(0, 5), "%PDF-");
    auto const pictures = parts_by_id(sample("06-apple-mail-photo.eml"), 1024 * 1024,
                                      [](std::string_view type) { return type.starts_with("image/"); });
    EXPECT_EQ(pictures->at("A1D2C3B4-5E6F-4A7B-8C9D-0E1F2A3B4C5D").bytes.substr(1, 3), "PNG");
    EXPECT_EQ(answer_to(sample("10-html-only-table.eml")).at(0).address, "purchasing@example.net");
    EXPECT_EQ(mail_of("04-thread-3-found.eml").references.size(), 2U);
    EXPECT_EQ(mail_of("11-auto-reply.eml").automatic, Automatic::auto_submitted);
    auto const newsletter = mail_of("12-newsletter.eml");
    EXPECT_NE(newsletter.automatic, Automatic::no);
    auto const shown = shown_html(newsletter.html, {});
    EXPECT_TRUE(shown->remote_blocked);
    EXPECT_EQ(shown->html.find("script"), std::string::npos);
    EXPECT_EQ(shown->html.find("news.example.org/img"), std::string::npos);
    auto const files = mail_of("13-two-attachments-rfc2231.eml");
    ASSERT_EQ(files.parts.size(), 3U);
    EXPECT_EQ(files.parts[1].name, "kvitto på köp 2026.pdf");
    EXPECT_EQ(files.parts[2].name, "repa på bordet.png");
}

}  // namespace
}  // namespace postroom::mime
