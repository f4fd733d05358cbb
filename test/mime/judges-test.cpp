// What is composed is read back by GMime, by Python's email package (judge.py) and by npm's mailparser (judge.mjs), and
// all of them must find what was written, and in the same structure.
#include "mime/compose.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

namespace postroom::mime {
namespace {

namespace json = boost::json;

std::string digest(std::string_view bytes)
{
    std::array<unsigned char, crypto_hash_sha256_BYTES> sum{};
    crypto_hash_sha256(sum.data(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
    return fmt::format("{:02x}", fmt::join(sum, ""));
}

Draft draft()
{
    return {.from = {"Contoso Sales", "sales@contoso.test"},
            .to = {{"Jane", "jane@example.com"}},
            .subject = "Re: Order",
            .date = *from_rfc3339("2026-11-22T09:30:00Z"),
            .message_id = "abc@contoso.test",
            .text = "Hello\nJane"};
}

struct Language {
    std::string_view name, person, subject, sentence, file;
};
constexpr Language languages[] = {
    {"english", "Jane Doe", "Your order", "It left today.", "offer.pdf"},
    {"french", "Éloïse L'Été", "Où est ma commande ? Déjà reçue…", "Voilà : « c'est parti » à 10 €.", "reçu n° 1.pdf"},
    {"greek", "Γιώργος Παπαδόπουλος", "Η παραγγελία σας", "Έφυγε σήμερα.", "προσφορά.pdf"},
    {"russian", "Иван Иванович", "Ваш заказ № 12 отправлен и скоро будет у вас", "Он отправлен сегодня.", "счёт.pdf"},
    {"arabic", "محمد علي", "طلبك رقم ١٢ في الطريق إليك", "غادر اليوم، شكرا لك.", "عرض السعر.pdf"},
    {"hebrew", "דוד כהן", "ההזמנה שלך", "יצא היום.", "הצעה.pdf"},
    {"hindi", "अमित कुमार", "आपका ऑर्डर", "यह आज निकल गया।", "प्रस्ताव.pdf"},
    {"japanese", "山田太郎", "ご注文の件について、本日発送いたしましたのでお知らせいたします", "本日発送しました。",
     "見積書.pdf"},
    {"emoji", "🚚 Truck", "👩‍👩‍👧‍👦 on 🛳️ 🇳🇱 — 🏴‍☠️",
     "🙂🙃🤖👾 family 👩🏽‍🚀", "🎁🎁.pdf"},
    // What would be something else in a header, a boundary, a dot line or an encoded word, were it not written with
    // care.
    {"hostile", "\"Eve\", <eve@evil.example>; (x) \\", "=?utf-8?Q?no?= =?x?B?y?= ; a=b, <c@d> \"e\"",
     ".\n..\n--\n--=_b\nFrom x\n=3D=\n\nBcc: eve@evil.example\n\n  two  blanks \n.", "..%2e\"; x=y (c).pdf"},
};

std::string long_line(std::string_view sentence)
{
    std::string line;
    while (line.size() < 4'000) line.append(sentence.substr(0, sentence.find('\n'))).append(" ");
    return line + "end";
}

// Each language in each form, with no file, with one, and with some, the images among them.
void add_each_form(std::map<std::string, Draft>& all)
{
    for (auto const& language : languages) {
        std::string const sentence(language.sentence);
        for (std::string const form : {"text", "html", "long", "answer"}) {
            for (int const files : {0, 1, 3}) {
                auto& mail = all[fmt::format("{}-{}-{}", language.name, form, files)] = draft();
                mail.from.name = language.person;
                mail.to = {{std::string(language.person), "to@example.com"}, {"", "bare@example.com"}};
                mail.cc = {{"Second " + std::string(language.person), "cc@example.com"}};
                mail.subject = language.subject;
                mail.text = form == "long" ? long_line(sentence) + "\n" + sentence : sentence;
                if (form == "html" || files == 3)
                    mail.html =
                        "<p dir=\"auto\">" + std::string(language.name) + "</p>\n<pre>" + long_line("y") + "</pre>";
                if (form == "answer") {
                    mail.in_reply_to = "q@example.com";
                    mail.references = {"first@example.com", "q@example.com"};
                    mail.reply_to = {{std::string(language.person), "answers@contoso.test"}};
                    mail.text += "\n\n-- \n" + std::string(language.person) + "\n\nOn Monday wrote:\n> " +
                                 std::string(language.subject) + "\n>\n> > " + sentence.substr(0, sentence.find('\n'));
                }
                if (files > 0) mail.attachments.push_back({std::string(language.file), "application/pdf", "%PDF-1"});
                if (files == 3) {
                    mail.html += "<img src=\"cid:i@contoso.test\">";
                    mail.attachments.push_back(
                        {"i.png", "image/png", std::string("\x89PNG\0\r\n", 7), "i@contoso.test"});
                    mail.attachments.push_back({"empty " + std::string(language.file), "text/plain", ""});
                }
            }
        }
    }
}

std::map<std::string, Draft> cases()
{
    std::map<std::string, Draft> all;
    add_each_form(all);
    all["plain"] = draft();

    auto& alternatives = all["alternatives"] = draft();
    alternatives.html = "<p>Hello <b>Jane</b> — é</p>";

    auto& names = all["names"] = draft();
    names.from.name = "Söhne, \"Müller\" & Co.";
    names.to = {{"محمد علي", "m@example.com"}, {"山田太郎", "yamada@example.org"}, {"", "b@example.com"}};
    names.cc = {{"O'Brien (Sales)", "o@example.com"}};
    names.reply_to = {{"Réponses", "answers@contoso.test"}};
    names.subject = "Commande n° 12 — été 日本語 طلب " + std::string(120, 'x') + " 🚚 [Case 12-ABCDEF]";

    auto& thread = all["thread"] = draft();
    thread.in_reply_to = "q@example.com";
    for (int i = 0; i < 20; ++i) thread.references.push_back(fmt::format("{}{}@example.com", std::string(70, 'r'), i));

    auto& lines = all["lines"] = draft();
    lines.text = ".\n..\nFrom here\n" + std::string(5'000, 'y') + "\n\ttab =3D = ~ \n-- \nGrüße 日本語\n>quoted";
    lines.html = "<p>" + std::string(3'000, 'z') + "</p>\n.\n<p>日本語</p>";

    auto& files = all["files"] = draft();
    files.attachments = {{"résumé été.pdf", "application/pdf", std::string("\0\x01\xFF\r\n\n", 6)},
                         {"注文書 " + std::string(60, 'n') + ".txt", "text/plain", "one\ntwo\r\n.\n"},
                         {"a \"quoted\"; name.bin", "", std::string(70'000, '\xEE')},
                         {"mail", "message/rfc822", "From: x\n\ny"}};

    auto& images = all["images"] = draft();
    images.html = "<p>See <img src=\"cid:logo@contoso.test\"></p>";
    images.attachments = {{"offer.pdf", "application/pdf", "%PDF"},
                          {"logo.png", "image/png", "\x89PNG", "logo@contoso.test"}};

    auto& all_of_it = all["everything"] = names;
    all_of_it.html = "<p>各位 <img src=\"cid:i1@x\"><img src=\"cid:i2@x\"></p>";
    all_of_it.attachments = {{"i1.png", "image/png", "1", "i1@x"},
                             {"ملف.zip", "application/zip", "zip"},
                             {"i2.gif", "image/gif", "2", "i2@x"}};
    all_of_it.in_reply_to = "q@example.com";
    all_of_it.references = {"q@example.com"};

    auto& domain = all["domain"] = draft();
    domain.to = {{"", "info@bücher.example"}};
    return all;
}

json::array list_of(std::vector<Address> const& addresses)
{
    json::array list;
    for (auto const& [name, address] : addresses) {
        auto const at = address.find("bücher.example");  // on the wire it is ASCII (RFC 5891)
        list.emplace_back(
            json::array{name, at == std::string::npos ? address : address.substr(0, at) + "xn--bcher-kva.example"});
    }
    return list;
}

std::string trimmed(std::string text)
{
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

// What is expected of each reader.
json::object written(std::string const& name, Draft const& mail, Composed const& composed)
{
    json::array files;
    for (auto const& each : composed.files) {
        auto const file = std::ranges::find(mail.attachments, each.name, &AttachedFile::name);
        files.emplace_back(json::object{
            {"name", each.name}, {"type", each.type}, {"id", each.content_id}, {"digest", digest(file->bytes)}});
    }
    json::array references;
    for (auto const& each : mail.references) references.emplace_back(each);
    return {{"name", name + ".eml"},
            {"subject", mail.subject},
            {"from", list_of({mail.from})},
            {"to", list_of(mail.to)},
            {"cc", list_of(mail.cc)},
            {"reply_to", list_of(mail.reply_to)},
            {"in_reply_to", mail.in_reply_to},
            {"references", references},
            {"text", trimmed(mail.text)},
            {"html", trimmed(mail.html)},
            {"files", files}};
}

json::object read_by_gmime(std::string const& name, std::string const& bytes)
{
    auto const mail = *read(bytes);
    json::array files;
    for (auto const& each : mail.parts) {
        if (each.shown) continue;
        files.emplace_back(json::object{{"name", each.name},
                                        {"type", each.type},
                                        {"id", each.content_id},
                                        {"digest", digest(part(bytes, each.number)->bytes)}});
    }
    json::array references;
    for (auto const& each : mail.references) references.emplace_back(each);
    auto const wire = [](std::vector<Address> const& addresses) { return list_of(addresses); };
    return {{"name", name + ".eml"},
            {"subject", mail.subject},
            {"from", wire(mail.from)},
            {"to", wire(mail.to)},
            {"cc", wire(mail.cc)},
            {"reply_to", wire(mail.reply_to)},
            {"in_reply_to", mail.in_reply_to.empty() ? "" : mail.in_reply_to.front()},
            {"references", references},
            {"text", trimmed(mail.text)},
            {"html", trimmed(mail.html)},
            {"files", files}};
}

std::vector<json::value> judged(std::string const& command)
{
    auto* const judge = popen((command + " 2>&1").c_str(), "r");
    std::string said;
    std::array<char, 4096> buffer{};
    while (auto const got = fread(buffer.data(), 1, buffer.size(), judge)) said.append(buffer.data(), got);
    EXPECT_EQ(pclose(judge), 0) << said;
    std::vector<json::value> mails;
    for (std::size_t at = 0; at < said.size();) {
        auto const end = std::min(said.find('\n', at), said.size());
        boost::system::error_code error;
        auto mail = json::parse(std::string_view(said).substr(at, end - at), error);
        EXPECT_FALSE(error) << said.substr(at, 300);
        mails.push_back(std::move(mail));
        at = end + 1;
    }
    return mails;
}

TEST(Judges, FindWhatWasWritten)
{
    auto const folder = std::filesystem::temp_directory_path() / fmt::format("postroom-judges-{}", getpid());
    std::filesystem::create_directory(folder);
    std::map<std::string, json::object> expected;
    for (auto const& [name, mail] : cases()) {
        auto const composed = compose(mail);
        ASSERT_TRUE(composed) << name << ": " << composed.error().message;
        std::ofstream(folder / (name + ".eml"), std::ios::binary) << composed->bytes;
        expected[name + ".eml"] = written(name, mail, *composed);
        auto const ours = read_by_gmime(name, composed->bytes);
        for (auto const& [field, value] : expected[name + ".eml"])
            EXPECT_EQ(json::serialize(ours.at(field)), json::serialize(value)) << name << ", " << field;
    }
    for (std::string const judge : {"python3 {}/test/mime/judge.py {}", "node {}/test/mime/judge.mjs {}"}) {
        auto const mails = judged(fmt::format(fmt::runtime(judge), POSTROOM_SOURCE_DIR, folder.string()));
        EXPECT_EQ(mails.size(), expected.size()) << judge;
        for (auto const& mail : mails) {
            auto const name = std::string(mail.at("name").as_string());
            for (auto const& [field, value] : expected[name])
                EXPECT_EQ(json::serialize(mail.at(field)), json::serialize(value))
                    << judge << ": " << name << ", " << field;
        }
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace postroom::mime
