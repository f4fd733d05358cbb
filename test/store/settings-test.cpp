// Settings: their defaults, and values that are none.
#include "store/settings.hpp"

#include "both-stores.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class SettingsTest : public OnBothStores {};

POSTROOM_ON_BOTH_STORES(SettingsTest);

TEST_P(SettingsTest, KnowsItsSettings)
{
    write([](Connection& c) {
        EXPECT_EQ(setting(c, "doubt-delays"), "30s,2m,10m");
        set_setting(c, "external-url", "https://mail.example.com:8443");
        set_setting(c, "external-url", "https://mail.example.com");
        EXPECT_EQ(settings(c).at("external-url"), "https://mail.example.com");
        EXPECT_EQ(settings(c).size(), known_settings().size());
        for (auto const& each : known_settings()) set_setting(c, each.name, each.default_value);
    });
    for (auto const& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"external-url", "http://mail.example.com"},
                                                          {"external-url", "https://"},
                                                          {"external-url", "https://mail.example.com/path"},
                                                          {"external-url", "https://mail.example.com?x"},
                                                          {"external-url", "https://user@mail.example.com"},
                                                          {"external-url", "http://localhost.example.com"},
                                                          {"doubt-delays", "30"},
                                                          {"doubt-delays", "30s,,2m"},
                                                          {"doubt-delays", "s"},
                                                          {"doubt-policy", "Ask"},
                                                          {"unexpected-mails", "-1"},
                                                          {"case-token", ""},
                                                          {"case-token", "[Case]"},
                                                          {"case-token", "[{}] {}"},
                                                          {"case-token", "Case{}"},
                                                          {"case-token", "[{}7]"},
                                                          {"case-token", "[-{}]"},
                                                          {"case-token", "[Case\r\nBcc: {}]"},
                                                          {"case-token", "[\xff {}]"},
                                                          {"case-token", " {}"},
                                                          {"case-token", "[A form of more than forty characters {}]"},
                                                          {"loop-period", "1h,2h"},
                                                          {"acknowledgement-period", "24"}})
        EXPECT_EQ(trouble([&](Connection& c) { set_setting(c, name, value); }), Trouble::invalid) << value;
    for (auto const* form : {"#{}", "({})", "[Case {}]", "\xE3\x80\x90{}\xE3\x80\x91", "{}"})
        write([&](Connection& c) {
            set_setting(c, "case-token", form);
            EXPECT_EQ(setting(c, "case-token"), form);
        });
    EXPECT_EQ(trouble([](Connection& c) { set_setting(c, "external_url", "x"); }), Trouble::not_found);
    EXPECT_EQ(trouble([](Connection& c) { (void)setting(c, ""); }), Trouble::not_found);
}

}  // namespace
}  // namespace postroom::store
