#include "store/settings.hpp"

#include "base/text.hpp"
#include "model/alarm.hpp"
#include "store/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace postroom::store {

namespace {

// Adding a setting is adding a row; what can be judged without the rest of the house is judged by its check.
using Check = std::string (*)(std::string_view);

std::string anything(std::string_view)
{
    return {};
}

std::string url_of_a_host(std::string_view text)
{
    if (text.empty()) return {};
    bool const tls = text.starts_with("https://");
    if (!tls && !text.starts_with("http://")) return "it must begin with https://";
    auto const rest = text.substr(tls ? 8 : 7);
    auto const host = rest.substr(0, rest.find_first_of(":/?#"));
    // Identity providers let the loopback do without TLS (RFC 8252 section 7.3), and nothing else.
    if (!tls && host != "localhost" && host != "127.0.0.1") return "it must begin with https://";
    if (host.empty() || rest.find_first_of("/?#@ ") != rest.npos)
        return "it must be a scheme, a host and perhaps a port, for example https://mail.example.com";
    return {};
}

std::string some_durations(std::string_view text)
{
    for (auto const part : split(text, ',')) {
        auto const digits = part.find_first_not_of("0123456789");
        auto const unit = part.substr(std::min(digits, part.size()));
        bool const known = unit == "ms" || unit == "s" || unit == "m" || unit == "h";
        if (digits == 0 || digits > 6 || !known)
            return "it must be durations with commas between, for example 30s,2m,10m";
    }
    return {};
}

std::string policy(std::string_view text)
{
    if (text == "ask" || text == "resend") return {};
    return "it must be ask or resend";
}

std::string a_duration(std::string_view text)
{
    if (text.find(',') == text.npos && some_durations(text).empty()) return {};
    return "it must be a duration, for example 24h";
}

// What surrounds the mark may be anything that people read, and mail programs leave alone.
std::string token_form(std::string_view text)
{
    constexpr std::size_t longest = 40;
    constexpr std::string_view wrong =
        "it must hold {} once, where the number and its check value stand, apart from letters and digits, and may have "
        "40 characters: for example [Case {}]";
    auto const at = text.find("{}");
    if (at == text.npos || text.find("{}", at + 2) != text.npos || text.size() > longest) return std::string(wrong);
    if (to_valid_utf8(text) != text || printable(text) != text || trim(text) != text) return std::string(wrong);
    auto const joins = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
    if (at > 0 && joins(static_cast<unsigned char>(text[at - 1]))) return std::string(wrong);
    if (at + 2 < text.size() && joins(static_cast<unsigned char>(text[at + 2]))) return std::string(wrong);
    return {};
}

std::string number(std::string_view text)
{
    if (!text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == text.npos) return {};
    return "it must be a whole number";
}

template <model::Measure measure>
std::string alarm_rule(std::string_view text)
{
    auto const rule = model::parse_alarm_rule(measure, text);
    return rule ? std::string() : rule.error().message;
}

std::string span_of_time(std::string_view text)
{
    auto const span = model::parse_span(text);
    return span ? std::string() : span.error().message;
}

std::string addresses(std::string_view text)
{
    for (auto const part : split(text, ',')) {
        auto const address = trim(part);
        auto const at = address.rfind('@');
        if (!address.empty() && (at == address.npos || at == 0 || at + 1 == address.size() ||
                                 address.find_first_of(" <>\"\r\n\t") != address.npos))
            return "it must be email addresses with commas between, for example ann@contoso.com, bob@contoso.com";
    }
    return {};
}

constexpr Check switched = alarm_rule<model::Measure::none>;
constexpr Check after_a_time = alarm_rule<model::Measure::time>;
constexpr Check above_a_number = alarm_rule<model::Measure::number>;

std::string period(std::string_view text)
{
    if (text == "0") return {};
    auto const digits = text.find_first_not_of("0123456789");
    auto const unit = text.substr(std::min(digits, text.size()));
    if (digits >= 1 && digits <= 4 && text[0] != '0' && (unit == "m" || unit == "h")) return {};
    return "it must be a number of minutes or hours, for example 30m or 6h, or 0 for never";
}

struct Known {
    Setting setting;
    Check check;
};
constexpr std::array known{
    Known{{"external-url", "",
           mark("the https URL that agents and administrators use; the sign-in at the provider returns there")},
          url_of_a_host},
    Known{{"doubt-delays", "30s,2m,10m",
           mark("when Sent Items is searched for a mail that was offered and not answered")},
          some_durations},
    Known{{"doubt-policy", "ask", mark("what becomes of such a mail that is not there: ask (a person), resend")},
          policy},
    Known{{"case-token-key", "", mark("what the case tokens in subjects are made with; made at the first start")},
          anything},
    Known{{"case-token", "[Case {}]",
           mark("how a case token looks in a subject; {} stands for the number and its check value. Tokens in earlier "
                "forms are found still")},
          token_form},
    Known{{"case-reopen-days", "30",
           mark("a customer's answer opens a case that was closed so many days ago again; later it opens a new one, "
                "which follows it. 0: always the old one")},
          number},
    Known{{"acknowledgement-limit", "3", mark("so many acknowledgements at most go to one address in a period")},
          number},
    Known{{"acknowledgement-period", "24h", mark("that period")}, a_duration},
    Known{{"loop-limit", "20",
           mark("where an address opens more cases in a period, or a case gets more mails, two machines may be "
                "answering each other: nothing is acknowledged, and an alarm says so")},
          number},
    Known{{"loop-period", "1h", mark("that period")}, a_duration},
    Known{{"unexpected-mails", "500",
           mark("so many new mails after a mailbox was made anew on its server stop it, and ask")},
          number},
    Known{{"connections-per-server", "0",
           mark("so many mailboxes at most are connected to one mail server at once, and take turns; 0: as many as "
                "there are")},
          number},
    Known{{"alarm-recipients", "", mark("the email addresses that are written to about alarms, with commas between")},
          addresses},
    Known{{"alarm-remind", "4h", mark("after so long an alarm that goes on is told again; 0s: never")}, span_of_time},
    Known{{"alarm-grant-refresh", "on quiet 2m",
           mark("the alarm that an account needs authorization since its provider refuses: on or off, and how long it "
                "lasts before people are told")},
          switched},
    Known{{"alarm-sign-in", "on quiet 2m", mark("the same where a mail server refuses an account's sign-in")},
          switched},
    Known{
        {"alarm-refresh-failing", "3", mark("the alarm after so many renewals of a token in a row that got no answer")},
        above_a_number},
    Known{{"alarm-credential-ends", "30d",
           mark("the alarm so long before the last credential of an identity application runs out")},
          after_a_time},
    Known{
        {"alarm-mailbox-not-retrieved", "15m quiet 1m", mark("the alarm when a mailbox was not retrieved for so long")},
        after_a_time},
    Known{{"alarm-mailbox-not-tried", "15m quiet 1m",
           mark("the alarm when nobody even tried to retrieve a mailbox for so long")},
          after_a_time},
    Known{{"alarm-mailbox-stopped", "on quiet 1m", mark("the alarm that a mailbox is stopped and asks what to do")},
          switched},
    Known{{"alarm-after-actions", "on quiet 15m", mark("the alarm that filed mail can't be taken out of its mailbox")},
          switched},
    Known{{"alarm-queue-waits", "15m quiet 1m", mark("the alarm when a mail waits to be sent for so long")},
          after_a_time},
    Known{{"alarm-dispatch-refused", "on quiet 2m", mark("the alarm that an account can't send")}, switched},
    Known{
        {"alarm-mails-refused", "20", mark("the alarm when more mails than this were refused for good within an hour")},
        above_a_number},
    Known{
        {"alarm-mails-in-doubt", "0", mark("the alarm when more mails than this wait for a person to settle a doubt")},
        above_a_number},
    Known{{"alarm-exceptions", "50", mark("the alarm when the exception queue is longer than this")}, above_a_number},
    Known{{"alarm-disk-filling", "10 quiet 1m",
           mark("the alarm when less than so many percent of a server's disk are free")},
          above_a_number},
    Known{{"alarm-store-standstill", "on quiet 1m", mark("the alarm that nothing can be written to the store")},
          switched},
    Known{
        {"alarm-worker-stopped", "1m quiet 1m", mark("the alarm when a worker has given no sign of life for so long")},
        after_a_time},
    Known{{"alarm-check-failed", "on quiet 5m", mark("the alarm that a check has turned to fails")}, switched},
    Known{{"alarm-mail-loop", "on", mark("the alarm that machines answer each other")}, switched},
    Known{{"alarm-alarm-route", "on", mark("the alarm that a route does not take mail about alarms")}, switched},
    Known{{"quote-introduction", "On {{date}}, {{from}} wrote:",
           mark("what stands above the original beneath an answer; {{date}} and {{from}} are filled in")},
          anything},
    Known{{"undo-delay", "10s", mark("for so long an answer that may be undone is held back")}, some_durations},
    Known{{"check-every", "6h", mark("how often the check list is run by itself: 30m, 6h; 0: never")}, period},
    Known{{"check-round-trip", "30s", mark("so long the check list waits for a mail that a mailbox sent to itself")},
          span_of_time},
};

constexpr auto public_part = [] {
    std::array<Setting, known.size()> settings{};
    for (std::size_t i = 0; i < known.size(); ++i) settings[i] = known[i].setting;
    return settings;
}();

Known const& find(std::string_view name)
{
    std::string all;
    for (auto const& each : known) {
        if (each.setting.name == name) return each;
        all += (all.empty() ? "" : ", ") + std::string(each.setting.name);
    }
    throw Failure(Trouble::not_found,
                  fmt::format("there is no setting \"{}\"; there are: {}", printable(name, 64), all));
}

}  // namespace

std::span<Setting const> known_settings()
{
    return public_part;
}

std::string setting(Connection& c, std::string_view name)
{
    auto const& found = find(name);
    auto const stored =
        c.first("SELECT value FROM setting WHERE name = ?", [](Row const& row) { return row.text(0); }, name);
    return stored.value_or(std::string(found.setting.default_value));
}

std::map<std::string, std::string> settings(Connection& c)
{
    std::map<std::string, std::string> all;
    for (auto const& each : known) all.emplace(each.setting.name, each.setting.default_value);
    c.run("SELECT name, value FROM setting", {}, [&](Row const& row) {
        // One that this release doesn't know any more is left alone.
        if (auto const found = all.find(row.text(0)); found != all.end()) found->second = row.text(1);
    });
    return all;
}

std::map<std::string, std::int64_t> setting_versions(Connection& c)
{
    std::map<std::string, std::int64_t> all;
    c.run("SELECT name, version FROM setting", {}, [&](Row const& row) { all.emplace(row.text(0), row.integer(1)); });
    return all;
}

void set_setting(Connection& c, std::string_view name, std::string_view value)
{
    if (auto const wrong = find(name).check(value); !wrong.empty())
        throw Failure(Trouble::invalid,
                      fmt::format("\"{}\" is no value of {}: {}", printable(value, 200), name, wrong));
    c.execute("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
              name, value);
    setting_changed(c, name);
}

}  // namespace postroom::store
