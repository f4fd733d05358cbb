#include "cli/reading.hpp"

#include "cli/output.hpp"
#include "cli/speech.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <array>

namespace postroom::cli {

namespace {

struct Said {
    std::string_view word;
    std::string_view words;
};

constexpr std::array automatic_words{
    Said{"auto_submitted", mark("an automatic answer")},
    Said{"report", mark("a report of a mail system")},
    Said{"null_sender", mark("from a machine that takes no answer")},
    Said{"bulk", mark("bulk mail")},
    Said{"list", mark("from a mailing list")},
};
constexpr std::array protection_words{
    Said{"smime_signed", mark("signed with S/MIME (not verified)")},
    Said{"pgp_signed", mark("signed with PGP (not verified)")},
    Said{"smime_encrypted", mark("encrypted with S/MIME: it can be read only where the key is")},
    Said{"pgp_encrypted", mark("encrypted with PGP: it can be read only where the key is")},
};
constexpr std::array cut_words{
    Said{"header", mark("its header is longer than any mail program writes")},
    Said{"depth", mark("its parts lie too deep within each other")},
    Said{"parts", mark("it has more parts than are shown")},
    Said{"words", mark("it has more text than is shown")},
};
constexpr std::array action_words{
    Said{"failed", mark("not reached")},
    Said{"delayed", mark("not reached yet, and still being tried")},
    Said{"delivered", mark("has received the mail")},
    Said{"relayed", mark("passed on to a server that sends no reports")},
    Said{"expanded", mark("passed on to a list")},
    Said{"displayed", mark("was shown the mail")},
    Said{"deleted", mark("deleted the mail")},
    Said{"abuse", mark("complains about the mail as unwanted")},
};
constexpr std::array outcome_words{
    Said{"refused", mark("refused by our server")},
    Said{"failed", mark("not reached")},
    Said{"delayed", mark("not reached yet, and still being tried")},
    Said{"delivered", mark("has received the mail")},
};
constexpr std::array meaning_words{
    Said{"no_such_address", mark("the address does not exist")},
    Said{"no_such_domain", mark("the domain does not exist, or takes no mail")},
    Said{"mailbox_disabled", mark("the mailbox is disabled")},
    Said{"mailbox_full", mark("the mailbox is full")},
    Said{"too_large", mark("the mail is too large")},
    Said{"no_answer", mark("the recipient's server did not answer in time")},
    Said{"loop", mark("the mail went round in a circle")},
    Said{"refused", mark("the recipient's server refuses such mail")},
};
constexpr std::array method_words{
    Said{"request", mark("Invitation")},
    Said{"publish", mark("Event")},
    Said{"cancel", mark("Cancelled")},
    Said{"reply", mark("Answer to an invitation")},
    Said{"counter", mark("Another time is proposed")},
};

// A word of the API as people say it; as it stands where it is none of ours, and "" for none at all.
template <class Words>
std::string spoken_word(Words const& words, std::string const& word)
{
    auto const found = std::ranges::find(words, word, &Said::word);
    return found == words.end() ? word : spoken().say_marked(std::string(found->words));
}

std::string line(std::string const& title, std::string const& value)
{
    return value.empty() ? std::string() : fmt::format("{}: {}\n", title, value);
}

std::string told_by_report(json::object const& report)
{
    std::string text;
    for (auto const& each : report.at("recipients").as_array()) {
        auto const& recipient = each.as_object();
        auto said =
            fmt::format("{}: {}", member(recipient, "address"), spoken_word(action_words, member(recipient, "action")));
        if (auto const meaning = member(recipient, "meaning"); meaning != "unknown")
            said += "; " + spoken_word(meaning_words, meaning);
        if (auto const status = member(recipient, "status"); !status.empty()) said += " (" + status + ")";
        text += line(say("Report"), said) + line(say("Server's words"), member(recipient, "diagnostic"));
    }
    return text;
}

std::string moment(json::object const& invitation, std::string_view name)
{
    auto const* const time = invitation.at(name).if_object();
    if (time == nullptr) return {};
    auto text = member(*time, "local");
    if (auto const zone = member(*time, "zone"); !zone.empty()) text += " (" + zone + ")";
    if (auto const at = member(*time, "at"); !at.empty()) text += " = " + at;
    return text;
}

std::string attendee(json::value const& value)
{
    auto const* const one = value.if_object();
    if (one == nullptr) return {};
    auto const name = member(*one, "name");
    auto const address = member(*one, "address");
    auto text = name.empty() || address.empty() ? name + address : fmt::format("{} <{}>", name, address);
    if (auto const answer = member(*one, "answer"); !answer.empty()) text += " (" + answer + ")";
    return text;
}

std::string told_by_invitation(json::object const& invitation)
{
    auto const method = invitation.at("cancelled").as_bool() ? "cancel" : member(invitation, "method");
    auto text = line(spoken_word(method_words, method), member(invitation, "summary")) +
                line(say("Begins"), moment(invitation, "begins")) + line(say("Ends"), moment(invitation, "ends")) +
                line(say("Repeats"), member(invitation, "repeats")) + line(say("Where"), member(invitation, "place")) +
                line(say("Organizer"), attendee(invitation.at("organizer")));
    for (auto const& each : invitation.at("attendees").as_array()) text += line(say("Attendee"), attendee(each));
    return text;
}

}  // namespace

std::string told_by_reading(json::object const& reading)
{
    std::string text;
    if (auto const why = member(reading, "automatic"); why != "no")
        text += line(say("Automatic"), spoken_word(automatic_words, why));
    if (auto const protection = member(reading, "protection"); protection != "none")
        text += line(say("Protection"), spoken_word(protection_words, protection));
    for (auto const& each : reading.at("cut").as_array())
        text += line(say("Shown in part"), spoken_word(cut_words, json::value_to<std::string>(each)));
    if (auto const* const report = reading.at("report").if_object()) text += told_by_report(*report);
    if (auto const* const invitation = reading.at("invitation").if_object()) text += told_by_invitation(*invitation);
    return text;
}

std::string told_by_outcomes(json::array const& outcomes)
{
    std::string text;
    for (auto const& each : outcomes) {
        auto const& outcome = each.as_object();
        auto said =
            fmt::format("{}: {}", member(outcome, "address"), spoken_word(outcome_words, member(outcome, "state")));
        if (auto const meaning = member(outcome, "meaning"); meaning != "unknown")
            said += "; " + spoken_word(meaning_words, meaning);
        text += line(say("Recipient"), said) + line(say("Server's words"), member(outcome, "words"));
    }
    return text;
}

}  // namespace postroom::cli
