#include "model/alarm.hpp"

#include "base/text.hpp"
#include "base/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace postroom::model {

namespace {

constexpr std::array kinds{
    AlarmKind{"grant-refresh", Measure::none, mark("Accounts need authorization"), "accounts"},
    AlarmKind{"sign-in", Measure::none, mark("Mail servers refuse the sign-in of accounts"), "accounts"},
    AlarmKind{"refresh-failing", Measure::number, mark("Tokens can't be renewed"), "accounts"},
    AlarmKind{"credential-ends", Measure::time, mark("The credential of an identity application runs out"),
              "applications"},
    AlarmKind{"mailbox-not-retrieved", Measure::time, mark("Mailboxes are not retrieved"), "mailboxes"},
    AlarmKind{"mailbox-not-tried", Measure::time, mark("Mailboxes are not even tried"), "mailboxes"},
    AlarmKind{"mailbox-stopped", Measure::none, mark("Mailboxes are stopped and ask what to do"), "mailboxes"},
    AlarmKind{"after-actions", Measure::none, mark("Filed mail can't be taken out of its mailbox"), "mailboxes"},
    AlarmKind{"queue-waits", Measure::time, mark("Replies wait to be sent"), "mails"},
    AlarmKind{"dispatch-refused", Measure::none, mark("Accounts can't send"), "accounts"},
    AlarmKind{"mails-refused", Measure::number, mark("Replies are refused"), "mails"},
    AlarmKind{"mails-in-doubt", Measure::number, mark("Replies are in doubt"), "mails"},
    AlarmKind{"exceptions", Measure::number, mark("The exception queue is long"), "mails"},
    AlarmKind{"disk-filling", Measure::number, mark("A disk fills up"), "servers"},
    AlarmKind{"store-standstill", Measure::none, mark("Nothing can be written to the store"), "stores"},
    AlarmKind{"worker-stopped", Measure::time, mark("A worker has stopped"), "workers"},
    AlarmKind{"check-failed", Measure::none, mark("A check has turned to fails"), "checks"},
    AlarmKind{"mail-loop", Measure::none, mark("Machines answer each other"), "mailboxes"},
    AlarmKind{"alarm-route", Measure::none, mark("Mail about alarms finds no way"), "routes"},
};

template <class Enum, std::size_t n>
Result<Enum> parse(std::string_view text, std::array<Enum, n> const& all)
{
    std::string words;
    for (auto const each : all) {
        if (to_string(each) == text) return each;
        words += (words.empty() ? "" : ", ") + std::string(to_string(each));
    }
    return failure(Trouble::invalid, tr("\"{}\" is none of: {}", printable(text, 64), words));
}

Result<std::int64_t> parse_number(std::string_view text)
{
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || text.size() > 9 || error != std::errc() || end != text.data() + text.size() || number < 0)
        return failure(Trouble::invalid, tr("\"{}\" is no whole number", printable(text, 64)));
    return number;
}

}  // namespace

std::span<AlarmKind const> alarm_kinds()
{
    return kinds;
}

AlarmKind const* find_alarm_kind(std::string_view cause)
{
    auto const* const found = std::ranges::find(kinds, cause, &AlarmKind::cause);
    return found == kinds.end() ? nullptr : found;
}

Result<Duration> parse_span(std::string_view text)
{
    using namespace std::chrono_literals;
    Duration const unit = text.ends_with('s')   ? Duration(1s)
                          : text.ends_with('m') ? Duration(1min)
                          : text.ends_with('h') ? Duration(1h)
                          : text.ends_with('d') ? Duration(24h)
                                                : Duration(0);
    if (unit == Duration(0) || text.size() > 7)
        return failure(Trouble::invalid, tr("\"{}\" is no time such as 30s, 15m, 4h or 30d", printable(text, 64)));
    auto const number = parse_number(text.substr(0, text.size() - 1));
    if (!number) return std::unexpected(number.error());
    return *number * unit;
}

Result<AlarmRule> parse_alarm_rule(Measure measure, std::string_view text)
{
    AlarmRule rule;
    auto const words = split(text, ' ');
    if (words.size() == 3 && words[1] == "quiet") {
        auto const quiet = parse_span(words[2]);
        if (!quiet) return std::unexpected(quiet.error());
        rule.quiet = *quiet;
    } else if (words.size() != 1) {
        return failure(Trouble::invalid, tr("write a threshold, on or off, and perhaps quiet and a time after it"));
    }
    if (words[0] == "off") {
        rule.on = false;
        return rule;
    }
    switch (measure) {
        case Measure::none:
            if (words[0] != "on") return failure(Trouble::invalid, tr("it has no threshold: write on or off"));
            break;
        case Measure::time: {
            auto const time = parse_span(words[0]);
            if (!time) return std::unexpected(time.error());
            rule.time = *time;
            break;
        }
        case Measure::number: {
            auto const number = parse_number(words[0]);
            if (!number) return std::unexpected(number.error());
            rule.number = *number;
            break;
        }
    }
    return rule;
}

std::string_view to_string(AlarmRoute::Kind kind)
{
    return kind == AlarmRoute::Kind::account ? "account" : "server";
}

std::string_view to_string(AlarmRoute::Security security)
{
    using enum AlarmRoute::Security;
    switch (security) {
        case tls: return "tls";
        case starttls: return "starttls";
        case none: return "none";
    }
    return {};
}

Result<AlarmRoute::Kind> parse_route_kind(std::string_view text)
{
    using enum AlarmRoute::Kind;
    return parse(text, std::array{account, server});
}

Result<AlarmRoute::Security> parse_route_security(std::string_view text)
{
    using enum AlarmRoute::Security;
    return parse(text, std::array{tls, starttls, none});
}

std::string_view to_string(Telling what)
{
    switch (what) {
        case Telling::begins: return "begins";
        case Telling::spreads: return "spreads";
        case Telling::reminds: return "reminds";
        case Telling::ends: return "ends";
        case Telling::test: return "test";
    }
    return {};
}

Result<Telling> parse_telling(std::string_view text)
{
    using enum Telling;
    return parse(text, std::array{begins, spreads, reminds, ends, test});
}

std::string_view to_string(NotificationState state)
{
    switch (state) {
        case NotificationState::waiting: return "waiting";
        case NotificationState::sent: return "sent";
        case NotificationState::given_up: return "given-up";
        case NotificationState::logged: return "logged";
    }
    return {};
}

Result<NotificationState> parse_notification_state(std::string_view text)
{
    using enum NotificationState;
    return parse(text, std::array{waiting, sent, given_up, logged});
}

}  // namespace postroom::model
