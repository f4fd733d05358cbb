#include "retriever/holdouts.hpp"

#include "retriever/mailbox-run.hpp"
#include "retriever/verdict.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace postroom::retriever {

void Holdouts::enter(std::string folder, std::uint32_t uid_validity, std::vector<store::WithheldMail> kept)
{
    if (folder_ != folder || uid_validity_ != uid_validity) {
        suspects_.clear();
        withheld_ = {};
    }
    folder_ = std::move(folder);
    uid_validity_ = uid_validity;
    withheld_.read(std::move(kept));
}

bool Holdouts::waits(std::string_view name) const
{
    return withheld_.waits(name, run_.ground().clock->now());
}

std::optional<Duration> Holdouts::until_next() const
{
    auto const soonest = withheld_.soonest();
    if (!soonest) return std::nullopt;
    return *soonest - run_.ground().clock->now();
}

void Holdouts::came(Names const& names)
{
    if (!withheld_.empty())
        for (auto const& name : names) withheld_.given(name);
}

Holdouts::Plan Holdouts::plan(Names names) const
{
    auto by_suspicion = suspects_.plan(std::move(names));
    Plan plan{std::move(by_suspicion.together), {}, std::move(by_suspicion.alone)};
    if (withheld_.empty()) return plan;
    auto const last = [this](std::string const& name) { return withheld_.comes_last(name); };
    std::ranges::copy_if(plan.together, std::back_inserter(plan.refused_before), last);
    std::erase_if(plan.together, last);
    return plan;
}

std::size_t Holdouts::fresh(Names const& refused) const
{
    auto const is_fresh = [this](std::string const& name) { return !withheld_.counted(name); };
    return static_cast<std::size_t>(std::ranges::count_if(refused, is_fresh));
}

net::awaitable<Holdouts::Names> Holdouts::broke(Error error, std::string alone, Names together, Names came)
{
    if (!may_be_a_mails_doing(error)) co_return Names();
    if (alone.empty()) {
        suspects_.broke(together, came);
        co_return Names();
    }
    if (!suspects_.broke_at(alone)) co_return Names();
    auto row = row_of_(alone);
    row.tries = suspects_.breaks(alone);
    row.note = broke_each_time(row.tries, error);
    std::vector<model::LedgerRow> rows{std::move(row)};
    co_await give_up(std::move(rows));
    suspects_.cleared(alone);
    Names given_up{std::move(alone)};
    co_return given_up;
}

net::awaitable<Holdouts::Names> Holdouts::count(Names names, Patience patience, std::string why)
{
    Names given_up;
    std::vector<model::LedgerRow> rows;
    for (auto& mail : withheld_.count(names, patience, why, run_.ground().clock->now())) {
        rows.push_back(row_of_(mail.name));
        rows.back().tries = mail.looks;
        rows.back().note = why;
        given_up.push_back(std::move(mail.name));
    }
    if (!rows.empty()) co_await give_up(std::move(rows));
    co_return given_up;
}

net::awaitable<void> Holdouts::give_up(std::vector<model::LedgerRow> rows)
{
    spdlog::warn("retriever: {}: given up for {} mails: {}", run_.mailbox().address, rows.size(), rows.front().note);
    co_await run_.custody().note(std::move(rows));
}

net::awaitable<void> Holdouts::keep()
{
    co_await run_.custody().keep_withheld(withheld_.take_changes(), folder_, uid_validity_);
}

}  // namespace postroom::retriever
