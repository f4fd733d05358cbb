#include "retriever/verdict.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace postroom::retriever {

namespace {

struct Said {
    std::string_view words;  // in lower case
    model::MailTrouble trouble;
};

using enum model::MailTrouble;

// Exchange Online's own words (MailKit #1494, imapsync, imapflow), the codes of RFC 5530 section 3 and RFC 2449 section
// 8, and what Gmail says of protocols that are off. The first that fits counts.
constexpr std::array<Said, 22> answers{{{"request is throttled", throttled},
                                        {"suggested backoff time", throttled},
                                        {"[login-delay]", throttled},
                                        {"[limit]", throttled},
                                        {"maximum number of connections", throttled},
                                        {"too many simultaneous connections", throttled},
                                        {"authenticated but not connected", no_right},
                                        {"[authorizationfailed]", no_right},
                                        {"[noperm]", no_right},
                                        {"not enabled for imap", protocol_off},
                                        {"not enabled for pop", protocol_off},
                                        {"offers no sign-in with a password", protocol_off},
                                        {"server unavailable", unavailable},
                                        {"[unavailable]", unavailable},
                                        {"[serverbug]", unavailable},
                                        {"[inuse]", unavailable},
                                        {"[in-use]", unavailable},
                                        {"[sys/temp]", unavailable},
                                        {"has no address:", dns},
                                        {"no name server answered", dns},
                                        {"is no host name", dns},
                                        {"cannot reach", unreachable}}};

}  // namespace

model::MailTrouble trouble_of(Error const& error)
{
    if (error.kind == Trouble::store) return store;
    if (error.kind == Trouble::conflict || error.kind == Trouble::not_found) return none;
    auto const words = to_lower(error.message.substr(0, 4'096));
    auto const says = [&](std::string_view part) { return words.find(part) != std::string::npos; };
    auto const answer = std::ranges::find_if(answers, [&](Said const& each) { return says(each.words); });
    if (answer != answers.end() && error.kind != Trouble::tls) return answer->trouble;
    switch (error.kind) {
        // Whoever refuses a token tells of it in other words than who refuses a sign-in with it.
        case Trouble::refused:
            if (says("refused the sign-in")) return sign_in_refused;
            return says(" refused ") ? refused : needs_authorization;
        case Trouble::unreachable: return unreachable;
        case Trouble::timed_out: return says(watchdog_words) ? no_progress : no_answer;
        case Trouble::closed: return cut;
        case Trouble::tls: return tls;
        case Trouble::protocol:
        case Trouble::limit: return nonsense;
        case Trouble::invalid:
        case Trouble::forbidden: return sign_in_refused;
        default: return internal;
    }
}

std::optional<Duration> suggested_backoff(std::string_view words)
{
    static constexpr std::string_view phrase = "Suggested Backoff Time: ";
    auto const at = words.find(phrase);
    if (at == std::string_view::npos) return std::nullopt;
    auto const number = words.substr(at + phrase.size());
    std::int64_t millis = 0;
    auto const [stop, error] = std::from_chars(number.data(), number.data() + number.size(), millis);
    if (error != std::errc{} || millis < 0) return std::nullopt;
    return Duration(std::min<std::int64_t>(millis, 600'000));
}

Verdict judge(Error const& error, unsigned failures, double random, bool looked)
{
    if (auto const wish = suggested_backoff(error.message)) return {*wish, true};
    // "BYE Session invalidated - AccessTokenExpired" ends many sessions a day (imapflow) and says nothing but "sign in
    // anew". Said to a session that has just begun, it would be said again at once.
    if (looked && error.message.find("AccessTokenExpired") != std::string::npos) return {Duration(0), false};
    static constexpr Backoff network{Duration(1'000), Duration(120'000)};
    static constexpr Backoff refusal{Duration(5'000), Duration(300'000)};
    bool const said_no = error.kind == Trouble::refused || error.kind == Trouble::tls;
    return {(said_no ? refusal : network).before(failures, random), true};
}

bool may_be_a_mails_doing(Error const& error)
{
    // BYE has said why.
    if (error.message.find("AccessTokenExpired") != std::string::npos) return false;
    auto const trouble = trouble_of(error);
    return trouble == cut || trouble == no_answer || trouble == no_progress || trouble == nonsense;
}

std::string broke_each_time(int times, Error const& last)
{
    return fmt::format("the connection ended each of the {} times that this mail was fetched by itself: {}", times,
                       printable(last.message, 500));
}

std::string refused_mail(std::string_view words)
{
    return "the server refuses to give this mail: " + printable(words, 500);
}

std::string other_server(std::string_view left, model::Account const& account)
{
    auto const now = to_string(account.retrieval_server);
    // Given another server and then this one again, before anything was compared: its mail is told apart all the same.
    if (left == now) return fmt::format("the account {} was moved away from its server {} and back", account.name, now);
    return fmt::format("the account {} has another server: {} instead of {}", account.name, now, left);
}

std::string how_to_decide(model::Mailbox const& mailbox)
{
    return fmt::format(
        "nothing is retrieved until somebody decides. `postroom mailbox resume {}` files them (those that were filed "
        "before are known by their bytes); with --skip what is there by then is noted as skipped, and stays where it "
        "is",
        mailbox.address);
}

}  // namespace postroom::retriever
