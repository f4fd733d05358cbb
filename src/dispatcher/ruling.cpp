#include "dispatcher/ruling.hpp"

#include "base/backoff.hpp"
#include "base/text.hpp"
#include "model/causes.hpp"

#include <fmt/format.h>

namespace postroom::dispatcher {

namespace {

// What nobody knows: 421, 432, and whatever is about the session or its sign-in, never this mail.
bool of_the_account(smtp::Reply const& reply)
{
    return reply.code == 421 || reply.code == 432 || reply.code == 530 || reply.code == 535 || reply.code == 538;
}

Slow slow_of(model::Cause const* cause)
{
    if (cause == nullptr) return Slow::no;
    switch (*cause->stops) {
        case model::Stops::mail:
        case model::Stops::account: return Slow::no;
        case model::Stops::connections: return Slow::fewer;
        case model::Stops::pace: return Slow::pause;
        case model::Stops::day: return Slow::rest;
    }
    return Slow::no;
}

Ruling refusal(smtp::Reply const& reply, model::Cause const* cause, std::string words)
{
    auto const slow = slow_of(cause);
    bool const account = cause != nullptr ? *cause->stops != model::Stops::mail : of_the_account(reply);
    if (account) return {Fate::account, std::move(words), slow};
    bool const passes = !reply.permanent() || (cause != nullptr && cause->transient);
    return {passes ? Fate::later : Fate::failed, std::move(words)};
}

// Servers repeat addresses, and whoever wrote to us chose theirs: 5.7.705@example.com is no word of the server's.
std::string without_addresses(std::string words)
{
    for (auto open = words.find('<'); open != words.npos; open = words.find('<', open)) {
        auto const close = words.find('>', open);
        words.replace(open, close == words.npos ? close : close - open + 1, " ");
    }
    std::string rest;
    for (auto const word : split(words, ' '))
        if (word.find('@') == word.npos) rest.append(" ").append(word);
    return rest;
}

model::Cause const* cause_in(smtp::Reply const& reply)
{
    return model::cause_of_refusal(without_addresses(reply.words()));
}

// Without what is the recipient's address, in whatever way it is repeated.
model::Cause const* cause_in(smtp::Reply const& reply, std::string_view recipient)
{
    auto words = to_lower(reply.words());
    auto const address = to_lower(recipient);
    for (auto at = words.find(address); !address.empty() && at != words.npos; at = words.find(address, at))
        words.replace(at, address.size(), " ");
    // A half of it may stand alone: "user 5.7.705 unknown".
    if (model::cause_of_refusal(address) != nullptr) return nullptr;
    return model::cause_of_refusal(without_addresses(std::move(words)));
}

Ruling refusal(smtp::Reply const& reply, std::string words)
{
    return refusal(reply, cause_in(reply), std::move(words));
}

// The subjects 1 and 2 of an enhanced code are the recipient's address and mailbox here (RFC 3463 section 3): 5.2.2 is
// that one's full mailbox, and not that of whoever signed in. A server that wants less says so by them, too: 4.2.3.
Ruling refusal_of_recipient(smtp::Reply const& reply, std::string_view recipient, std::string words)
{
    auto const* const cause = cause_in(reply, recipient);
    // The server has gone, and says nothing of those who follow.
    if (reply.code == 421) return {Fate::account, std::move(words), slow_of(cause)};
    bool const its_own = reply.enhanced && (reply.enhanced->subject == 1 || reply.enhanced->subject == 2);
    if (its_own && cause != nullptr && *cause->stops == model::Stops::account)
        return {reply.permanent() ? Fate::failed : Fate::later, std::move(words)};
    return refusal(reply, cause, std::move(words));
}

// 452 4.5.3: more recipients than the server takes of one message. The others are only another part.
bool too_many(smtp::Reply const& reply)
{
    return reply.code == 452 && reply.enhanced == smtp::EnhancedCode{4, 5, 3};
}

}  // namespace

Slow slow_of(std::string_view words)
{
    return slow_of(model::cause_of_refusal(words));
}

Ruling rule_on_offer(smtp::Offered const& offered, model::Outbound const& mail)
{
    if (!offered.mail.positive())
        return refusal(offered.mail, fmt::format("the sender {} was refused: {}", mail.sender, offered.mail.words()));
    Ruling ruling;
    bool for_now = false;
    for (std::size_t i = 0; i < offered.recipients.size() && i < mail.recipients.size(); ++i) {
        auto const& reply = offered.recipients[i];
        if (reply.positive()) continue;
        auto words = fmt::format("{} was refused: {}", mail.recipients[i], reply.words());
        auto const why = refusal_of_recipient(reply, mail.recipients[i], words);
        if (why.fate == Fate::account) return why;
        bool const later = why.fate == Fate::later;
        for_now = for_now || later;
        ruling.excepted.push_back(
            {.address = mail.recipients[i], .words = too_many(reply) ? std::string() : reply.words(), .later = later});
        ruling.words += (ruling.words.empty() ? "" : "; ") + words;
    }
    if (offered.recipients.size() < mail.recipients.size())
        return {Fate::account, "the server did not answer for every recipient"};
    if (offered.accepted() == 0) return {for_now ? Fate::later : Fate::failed, std::move(ruling.words)};
    if (!offered.go_ahead()) return refusal(offered.data, "the message was refused: " + offered.data.words());
    return ruling;
}

Ruling rule_on_end(smtp::Reply const& reply)
{
    if (reply.positive()) return {Fate::sent, reply.words()};
    // A refusal after the dot is definite: the server did not take the message. Only a definite one allows another try.
    return refusal(reply, "the message was refused: " + reply.words());
}

Duration wait_before_retry(int tries, double random)
{
    static constexpr Backoff backoff{Duration(30'000), Duration(30 * 60'000)};
    return backoff.before(static_cast<unsigned>(tries) + 1, random);
}

}  // namespace postroom::dispatcher
