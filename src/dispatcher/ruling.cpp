#include "dispatcher/ruling.hpp"

#include "base/backoff.hpp"

#include <fmt/format.h>

namespace postroom::dispatcher {

namespace {

// 530 5.7.57 "Client not authenticated to send mail", 535, and 421: the session or its sign-in, never this mail.
// 432 4.3.2 is too many connections of the mailbox (Exchange Online, SMTP submission limits): nothing the mail could
// help either.
bool of_the_account(smtp::Reply const& reply)
{
    return reply.code == 421 || reply.code == 432 || reply.code == 530 || reply.code == 535 || reply.code == 538;
}

Ruling refusal(smtp::Reply const& reply, std::string words)
{
    auto const slow = reply.permanent() ? Slow::no : slow_of(reply.words());
    if (slow != Slow::no || of_the_account(reply)) return {Fate::account, std::move(words), slow};
    return {reply.permanent() ? Fate::failed : Fate::later, std::move(words)};
}

// 452 4.5.3: more recipients than the server takes of one message. The others are only another part.
bool too_many(smtp::Reply const& reply)
{
    return reply.code == 452 && reply.words().find("4.5.3") != std::string::npos;
}

}  // namespace

Slow slow_of(std::string_view words)
{
    auto const has = [&](std::string_view what) { return words.find(what) != std::string_view::npos; };
    if (has("432 4.3.2") || has("Concurrent connections limit") || has("sender thread limit")) return Slow::fewer;
    if (has("4.7.5") || has("4.7.6") || has("message submission rate") || has("Message submission rate"))
        return Slow::pause;
    return Slow::no;
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
        if (auto const why = refusal(reply, words); why.fate == Fate::account) return why;
        for_now = for_now || !reply.permanent();
        ruling.excepted.push_back({.address = mail.recipients[i],
                                   .words = too_many(reply) ? std::string() : reply.words(),
                                   .later = !reply.permanent()});
        ruling.words += (ruling.words.empty() ? "" : "; ") + words;
    }
    if (offered.accepted() == 0) return {for_now ? Fate::later : Fate::failed, std::move(ruling.words)};
    if (!offered.go_ahead()) return refusal(offered.data, "the message was refused: " + offered.data.words());
    return ruling;
}

Ruling rule_on_end(smtp::Reply const& reply)
{
    if (reply.positive()) return {Fate::sent, reply.words()};
    // A refusal after the dot is definite: the server did not take the message. Only a definite one allows another try.
    return {reply.permanent() ? Fate::failed : Fate::later, "the message was refused: " + reply.words(),
            reply.permanent() ? Slow::no : slow_of(reply.words())};
}

Duration wait_before_retry(int tries, double random)
{
    static constexpr Backoff backoff{Duration(30'000), Duration(30 * 60'000)};
    return backoff.before(static_cast<unsigned>(tries) + 1, random);
}

}  // namespace postroom::dispatcher
