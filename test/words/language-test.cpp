#include "words/language.hpp"

#include "words/catalogues.hpp"
#include "words/pseudo.hpp"

#include <gtest/gtest.h>

#include <map>

namespace postroom::words {
namespace {

// What msgfmt makes of one text with a plural, in the byte order of this machine; a catalogue made by hand, so that the
// test does not hang on what po/ holds.
std::string compiled(std::vector<std::pair<std::string, std::string>> const& entries)
{
    std::string out;
    auto const number = [&](std::size_t value) {
        auto const narrow = static_cast<std::uint32_t>(value);
        out.append(reinterpret_cast<char const*>(&narrow), 4);
    };
    auto const count = entries.size();
    std::size_t at = 28 + 16 * count;
    number(0x950412de);
    number(0);
    number(count);
    number(28);
    number(28 + 8 * count);
    number(0);
    number(at);
    std::string bytes;
    for (auto const side : {0, 1})
        for (auto const& [id, said] : entries) {
            auto const& text = side == 0 ? id : said;
            number(text.size());
            number(at + bytes.size());
            bytes += text + '\0';
        }
    return out + bytes;
}

std::string arabic()
{
    using namespace std::string_literals;
    return compiled(
        {{"",
          "Content-Type: text/plain; charset=UTF-8\n"
          "Plural-Forms: nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 "
          ": n%100>=11 ? 4 : 5;\n"},
         {"no {}", "لا {}"},
         {"state\x04open", "مفتوح"},
         {"{} mail for {}\0{} mails for {}"s, "0 {0} {1}\0001 {1}\0002 {1}\0003 {0} {1}\0004 {0} {1}\0005 {0} {1}"s},
         {"broken {}", "{0} {1} {2}"}});
}

TEST(Language, SaysWhatItsCatalogueHolds)
{
    auto const bytes = arabic();
    Language const tongue("ar", bytes);
    EXPECT_EQ(tongue.say(tr("no {}", "x")), "لا x");
    EXPECT_EQ(tongue.say(tr("not in it {}", 7)), "not in it 7");
    EXPECT_EQ(tongue.say(Words(std::string("no {}"))), "no {}") << "a server's words are nobody's to translate";
    EXPECT_EQ(tongue.say_marked("state", "open"), "مفتوح");
    EXPECT_EQ(tongue.say_marked("open"), "open");
    EXPECT_EQ(tongue.say_marked(""), "");
    EXPECT_EQ(tongue.say(tr("no {}", tr("no {}", "x"))), "لا لا x");
    EXPECT_EQ(tongue.say(tr("broken {}", "x")), "broken x");
}

TEST(Language, KnowsTheSixPluralsOfArabic)
{
    auto const bytes = arabic();
    Language const tongue("ar", bytes);
    std::map<std::int64_t, char> const forms{
        {0, '0'},   {1, '1'},   {2, '2'},   {3, '3'},   {10, '3'},  {11, '4'},        {99, '4'},
        {100, '5'}, {102, '5'}, {103, '3'}, {111, '4'}, {200, '5'}, {1'000'000, '5'}, {3'000'000'011, '4'}};
    for (auto const& [count, form] : forms) {
        auto const said = tongue.say(trn("{} mail for {}", "{} mails for {}", count, count, "a@b.c"));
        EXPECT_EQ(said.front(), form) << count << ": " << said;
        EXPECT_TRUE(said.ends_with("a@b.c")) << said;
    }
    EXPECT_EQ(english().say(trn("{} mail", "{} mails", 1, 1)), "1 mail");
    EXPECT_EQ(english().say(trn("{} mail", "{} mails", 0, 0)), "0 mails");
}

TEST(Language, HasACatalogueForEachOfItsLanguages)
{
    std::vector<std::string> codes;
    for (auto const* const each : languages()) codes.push_back(each->code());
    EXPECT_EQ(codes, (std::vector<std::string>{"en", "fr", "nl", "pt-BR", "ar"}));
    for (auto const& each : catalogues()) EXPECT_GT(each.bytes.size(), 28U) << each.code;
}

TEST(Language, IsFoundByWhatPeopleBrowsersAndTheEnvironmentCallIt)
{
    for (auto const& [asked, code] : std::map<std::string, std::string>{{"fr", "fr"},
                                                                        {"FR", "fr"},
                                                                        {"fr-CA", "fr"},
                                                                        {"fr_FR.UTF-8", "fr"},
                                                                        {"pt", "pt-BR"},
                                                                        {"pt_BR", "pt-BR"},
                                                                        {"pt-PT", "pt-BR"},
                                                                        {"ar_EG@x", "ar"},
                                                                        {"C.UTF-8", "en"},
                                                                        {"en-GB", "en"},
                                                                        {"qps", "qps"},
                                                                        {"tlh", ""},
                                                                        {"", ""},
                                                                        {"frx", ""}}) {
        auto const* const found = language_named(asked);
        EXPECT_EQ(found ? found->code() : "", code) << asked;
    }
}

TEST(Language, IsTheOneThatABrowserPrefers)
{
    for (auto const& [asked, code] : std::map<std::string, std::string>{{"fr", "fr"},
                                                                        {"", "en"},
                                                                        {"*", "en"},
                                                                        {"de, nl;q=0.7, en;q=0.3", "nl"},
                                                                        {"de,en;q=0.5,ar;q=0.9", "ar"},
                                                                        {"fr;q=0, nl;q=0.1", "nl"},
                                                                        {"fr;q=0", "en"},
                                                                        {"fr;q=nonsense,nl;q=0.2", "nl"},
                                                                        {"fr;q=7", "en"},
                                                                        {"pt-BR,pt;q=0.9,en-US;q=0.8", "pt-BR"},
                                                                        {";;;,,,;q=", "en"},
                                                                        {"nl, fr", "nl"}})
        EXPECT_EQ(language_accepted(asked).code(), code) << asked;
    std::string endless;
    for (int i = 0; i < 10'000; ++i) endless += "de,";
    EXPECT_EQ(language_accepted(endless + "fr").code(), "en") << "only the first are looked at";
}

std::map<std::string, std::string> variables;

char const* variable(char const* name)
{
    auto const found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
}

TEST(Language, IsWhatTheEnvironmentSaysAsGettextReadsIt)
{
    using Environment = std::map<std::string, std::string>;
    for (auto const& [set, code] : std::vector<std::pair<Environment, std::string>>{
             {{}, "en"},
             {{{"LANG", "fr_FR.UTF-8"}}, "fr"},
             {{{"LANG", "fr_FR.UTF-8"}, {"LC_MESSAGES", "nl_NL"}}, "nl"},
             {{{"LANG", "fr_FR.UTF-8"}, {"LC_MESSAGES", "nl_NL"}, {"LC_ALL", "ar"}}, "ar"},
             {{{"LANG", "fr_FR.UTF-8"}, {"LC_ALL", ""}}, "fr"},
             {{{"LANG", "en_US.UTF-8"}, {"LANGUAGE", "de:nl:fr"}}, "nl"},
             {{{"LANG", "fr_FR.UTF-8"}, {"LANGUAGE", "de"}}, "fr"},
             {{{"LANG", "C.UTF-8"}, {"LANGUAGE", "nl"}}, "en"},
             {{{"LANGUAGE", "nl"}}, "en"},
             {{{"LANG", "de_DE.UTF-8"}}, "en"}}) {
        variables = set;
        EXPECT_EQ(language_of_environment(variable).code(), code) << testing::PrintToString(set);
    }
}

TEST(Pseudo, DisguisesLettersAndLeavesPlaces)
{
    EXPECT_EQ(disguised("Add {} to {0}!"), "[Áđđ {} ţó {0}!]");
    EXPECT_EQ(language_named("qps")->say(tr("no {}", "x")), "[ñó x]");
    EXPECT_EQ(language_named("qps")->say(trn("{} mail", "{} mails", 2, 2)), "[2 ɱáíłš]");
    EXPECT_EQ(language_named("qps")->say_marked("state", "open"), "[óþéñ]");
}

}  // namespace
}  // namespace postroom::words
