#include "dispatcher/settling.hpp"

#include "store/cases.hpp"
#include "store/mailboxes.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"
#include "store/sent-copies.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

namespace postroom::dispatcher {

namespace {

constexpr unsigned most_notes = 6;
constexpr Duration longest_pause{5'000};

double random_fraction()
{
    static thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

// Counted from its first refusal: a mail may have waited for its time, or for its account, for long.
bool is_given_up(store::Connection& c, model::Outbound const& mail, Instant now)
{
    auto const since = store::refused_since(c, mail);
    return since && now - *since > store::department_sending(c, store::department_of(c, mail.mailbox)).patience;
}

}  // namespace

net::awaitable<void> note(Ground ground, Writing work)
{
    auto const is_stopping = [&ground] { return ground.roads.stop && ground.roads.stop->is_now(); };
    unsigned counted = 0;
    for (unsigned tries = 1;; ++tries) {
        try {
            co_await ground.store->write(work);
            co_return;
        } catch (store::Failure const& failure) {
            bool const waits = failure.is_standstill() && !is_stopping();
            if (!waits && ++counted == most_notes) throw;
            spdlog::warn("dispatcher: {}; noted again in a moment", failure.what());
        }
        bool const stopping = is_stopping();
        auto const wait = std::min(ground.ask_again * (stopping ? counted : tries), longest_pause);
        boost::asio::steady_timer pause(ground.loop, wait);
        std::optional<net::Stop::Waiting> cut_short;
        if (!stopping) cut_short.emplace(ground.roads.stop, [&pause] { pause.cancel(); });
        boost::system::error_code ended;
        co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ended));
    }
}

void Settlement::tell() const
{
    if (sent)
        spdlog::info("dispatcher: {}", told);
    else
        spdlog::warn("dispatcher: {}", told);
}

Settlement settlement_of(Ground const& ground, model::Outbound mail, Ruling ruling, std::string provider_id,
                         bool copy_due)
{
    Settlement settlement;
    settlement.sent = ruling.fate == Fate::sent;
    settlement.told = settlement.sent ? fmt::format("sent {} to {} recipient(s): {}", mail.message_id,
                                                    mail.recipients.size(), ruling.words)
                                      : fmt::format("{} was not sent: {}", mail.message_id, ruling.words);
    auto const now = ground.clock->now();
    auto const next_try = now + wait_before_retry(mail.tries, random_fraction());
    settlement.write = [mail = std::move(mail), ruling = std::move(ruling), provider_id = std::move(provider_id),
                        next_try, now, copy_due](store::Connection& c) {
        auto fate = ruling.fate;
        auto words = ruling.words;
        if (fate == Fate::later && is_given_up(c, mail, now)) {
            fate = Fate::failed;
            words = "given up: its department's patience is over; last, " + words;
        }
        switch (fate) {
            case Fate::go_on: break;
            case Fate::sent:
                // What the provider renamed is answered under its new name.
                if (!provider_id.empty() && provider_id != mail.message_id)
                    store::add_message_id(c, mail.activity, provider_id);
                store::settle_sent(c, mail.id, mail.attempt, provider_id, words);
                if (copy_due) store::sent_copy_due(c, mail.id);
                break;
            case Fate::later: store::settle_later(c, mail.id, mail.attempt, next_try, words); break;
            case Fate::failed: store::settle_failed(c, mail.id, mail.attempt, words); break;
            case Fate::account: store::hold_back(c, mail.id, mail.attempt, next_try, words); break;
        }
    };
    return settlement;
}

net::awaitable<void> settle(Ground ground, Settlement settlement)
{
    co_await note(ground, settlement.write);
    settlement.tell();
}

net::awaitable<void> give_back(Ground ground, std::vector<model::Outbound> mails, std::string why, Duration wait)
{
    auto const due = ground.clock->now() + wait;
    auto work = [mails = std::move(mails), why = std::move(why), due](store::Connection& c) {
        for (auto const& mail : mails) store::give_back(c, mail.id, mail.attempt, due, why);
    };
    co_await note(ground, std::move(work));
}

net::awaitable<void> hold_back(Ground ground, std::vector<model::Outbound> mails, std::string why)
{
    auto work = [mails = std::move(mails), why = std::move(why), now = ground.clock->now()](store::Connection& c) {
        for (auto const& mail : mails) store::hold_back(c, mail.id, mail.attempt, now, why);
    };
    co_await note(ground, std::move(work));
}

net::awaitable<void> give_back_unended(Ground ground, model::Outbound mail, std::string why)
{
    auto work = [mail = std::move(mail), why = std::move(why), now = ground.clock->now()](store::Connection& c) {
        store::hold_back(c, mail.id, mail.attempt, now, why);
    };
    co_await note(ground, std::move(work));
}

Instant next_try_of(Ground const& ground, model::Outbound const& mail, std::vector<store::Excepted> const& excepted)
{
    auto const now = ground.clock->now();
    bool const only_too_many =
        std::ranges::all_of(excepted, [](auto const& each) { return !each.later || each.words.empty(); });
    return only_too_many ? now : now + wait_before_retry(mail.tries, random_fraction());
}

net::awaitable<bool> commit_to(Ground ground, model::Outbound mail, std::vector<store::Excepted> excepted,
                               Instant next_try)
{
    auto commit = [id = mail.id, attempt = mail.attempt, excepted = std::move(excepted),
                   next_try](store::Connection& c) {
        if (excepted.empty()) return store::begin_committing(c, id, attempt);
        return store::begin_committing(c, id, attempt, excepted, next_try);
    };
    co_return co_await ground.store->write(std::move(commit));
}

net::awaitable<bool> except_from(Ground ground, model::Outbound mail, std::vector<store::Excepted> excepted)
{
    auto const next_try = next_try_of(ground, mail, excepted);
    auto except = [id = mail.id, attempt = mail.attempt, excepted = std::move(excepted),
                   next_try](store::Connection& c) { return store::except_from(c, id, attempt, excepted, next_try); };
    co_return co_await ground.store->write(std::move(except));
}

}  // namespace postroom::dispatcher
