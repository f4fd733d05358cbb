// Every mail of the corpus is read as it says. With POSTROOM_MAILS_TO=FOLDER each is written there too.
#include "corpus.hpp"

#include "base/text.hpp"
#include "mime/read.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

namespace postroom::mime {
namespace {

// What a mail must say in full: where the corpus expects none of it, there must be none.
constexpr std::string_view complete[] = {"attachment", "picture",    "automatic", "protection", "report",
                                         "recipient",  "invitation", "begins",    "ends",       "where",
                                         "organizer",  "attendee",   "repeats",   "cut",        "refused"};

std::string said(EventTime const& time)
{
    std::string text = time.local;
    if (!time.zone.empty()) text += " | " + time.zone;
    if (time.at) text += " | " + to_rfc3339(*time.at);
    return text;
}

std::string said(Attendee const& one)
{
    auto text = to_string(Address{one.name, one.address});
    return one.answer.empty() ? text : text + " | " + one.answer;
}

void add_invitation(Facts& facts, Invitation const& invitation)
{
    facts.emplace_back("invitation", fmt::format("{} | {}{}", invitation.method, invitation.summary,
                                                 invitation.cancelled ? " | cancelled" : ""));
    facts.emplace_back("uid", invitation.uid);
    if (invitation.begins) facts.emplace_back("begins", said(*invitation.begins));
    if (invitation.ends) facts.emplace_back("ends", said(*invitation.ends));
    if (!invitation.place.empty()) facts.emplace_back("where", invitation.place);
    if (invitation.organizer) facts.emplace_back("organizer", said(*invitation.organizer));
    for (auto const& one : invitation.attendees) facts.emplace_back("attendee", said(one));
    if (!invitation.repeats.empty()) facts.emplace_back("repeats", invitation.repeats);
}

Facts facts_of(Mail const& mail)
{
    Facts facts;
    auto const each = [&](std::string_view key, std::vector<Address> const& list) {
        for (auto const& one : list) facts.emplace_back(key, to_string(one));
    };
    each("from", mail.from);
    each("to", mail.to);
    each("cc", mail.cc);
    each("reply-to", mail.reply_to);
    facts.emplace_back("subject", mail.subject);
    facts.emplace_back("id", mail.message_id);
    if (mail.date) facts.emplace_back("date", to_rfc3339(*mail.date));
    facts.emplace_back("text", mail.text);
    facts.emplace_back("html", mail.html);
    for (auto const& part : mail.parts) {
        if (part.shown) continue;
        auto const& name = part.in_html ? part.content_id : part.name;
        facts.emplace_back(part.in_html ? "picture" : "attachment",
                           fmt::format("{} | {} | {}", name.empty() ? "-" : name, part.type, part.size));
    }
    if (mail.automatic != Automatic::no) facts.emplace_back("automatic", to_string(mail.automatic));
    if (mail.protection != Protection::none) facts.emplace_back("protection", to_string(mail.protection));
    if (mail.report) {
        facts.emplace_back("report", fmt::format("{} | {} | {}", to_string(mail.report->kind), mail.report->reporter,
                                                 mail.report->original_message_id));
        for (auto const& one : mail.report->recipients)
            facts.emplace_back("recipient", fmt::format("{} | {} | {} | {} | {}", one.address, one.action, one.status,
                                                        one.diagnostic, one.remote));
    }
    if (mail.invitation) add_invitation(facts, *mail.invitation);
    for (auto const cut : mail.cut) facts.emplace_back("cut", to_string(cut));
    return facts;
}

std::vector<std::string> values_of(Facts const& facts, std::string_view key)
{
    std::vector<std::string> values;
    for (auto const& [k, value] : facts)
        if (k == key) values.emplace_back(trim(value));
    return values;
}

TEST(Corpus, IsReadAsItSays)
{
    auto const mails = corpus();
    EXPECT_GE(mails.size(), 450U);
    std::set<std::string> names;
    for (auto const& mail : mails) {
        SCOPED_TRACE(mail.group + ": " + mail.name);
        EXPECT_TRUE(names.insert(mail.group + mail.name).second) << "two mails of one name";
        auto const read_mail = read(mail.bytes);
        auto const facts = read_mail ? facts_of(*read_mail) : Facts{{"refused", read_mail.error().message}};
        std::set<std::string> keys(std::begin(complete), std::end(complete));
        for (auto const& [key, value] : mail.expected) keys.insert(key);
        EXPECT_FALSE(mail.expected.empty()) << "nothing is expected";
        for (auto const& key : keys) EXPECT_EQ(values_of(facts, key), values_of(mail.expected, key)) << key;
        if (!read_mail) continue;
        for (auto const& text : {read_mail->text, read_mail->html, read_mail->subject})
            EXPECT_EQ(to_valid_utf8(text), text);
        for (auto const& one : read_mail->parts) {
            if (one.number > 20 && one.number < part_limit) continue;  // each look parses anew
            auto const bytes = part(mail.bytes, one.number);
            ASSERT_TRUE(bytes.has_value()) << one.number;
            EXPECT_EQ(static_cast<std::int64_t>(bytes->bytes.size()), one.size);
            EXPECT_EQ(bytes->name, one.name);
            EXPECT_EQ(bytes->type, one.type);
        }
    }
}

// Seeds for fuzz/mime-read.cpp. Long ones would only slow it.
TEST(Corpus, IsWrittenWhereItIsWanted)
{
    char const* const folder = std::getenv("POSTROOM_MAILS_TO");
    if (folder == nullptr) GTEST_SKIP() << "POSTROOM_MAILS_TO is not set";
    int number = 0;
    for (auto const& mail : corpus()) {
        ++number;
        if (mail.bytes.size() > 16384) continue;
        std::ofstream(fmt::format("{}/{}-{:03}.eml", folder, mail.group, number), std::ios::binary) << mail.bytes;
    }
    EXPECT_GT(number, 0);
}

}  // namespace
}  // namespace postroom::mime
