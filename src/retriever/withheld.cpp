#include "retriever/withheld.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postroom::retriever {

void Withheld::read(std::vector<store::WithheldMail> kept)
{
    mails_.clear();
    changed_.clear();
    for (auto& mail : kept) mails_[mail.name] = std::move(mail);
}

bool Withheld::waits(std::string_view name, Instant now) const
{
    auto const found = mails_.find(name);
    return found != mails_.end() && found->second.again > now;
}

std::optional<Instant> Withheld::soonest() const
{
    std::optional<Instant> soonest;
    for (auto const& [name, mail] : mails_)
        if (!soonest || mail.again < *soonest) soonest = mail.again;
    return soonest;
}

std::vector<store::WithheldMail> Withheld::count(Names const& names, Patience patience, std::string_view words,
                                                 Instant now)
{
    std::vector<store::WithheldMail> given_up;
    for (auto const& name : names) {
        auto& mail = mails_[name];
        if (mail.looks == 0) mail.since = now;
        mail.name = name;
        mail.words = words;
        ++mail.looks;
        // Twice as long as it has been so far, however often people ask meanwhile.
        mail.again = now + std::clamp(now - mail.since, shortest_pause, longest_pause);
        changed_.insert(name);
        tried_.erase(name);
        if (mail.looks < patience.looks || now - mail.since < patience.time) continue;
        given_up.push_back(std::move(mail));
        mails_.erase(name);
    }
    return given_up;
}

void Withheld::given(std::string_view name)
{
    if (auto const found = tried_.find(name); found != tried_.end()) tried_.erase(found);
    auto const found = mails_.find(name);
    if (found == mails_.end()) return;
    changed_.insert(found->first);
    mails_.erase(found);
}

void Withheld::keep_only(std::function<bool(std::string const&)> const& is_listed)
{
    std::erase_if(tried_, [&](std::string const& name) { return !is_listed(name); });
    Names gone;
    for (auto const& [name, mail] : mails_)
        if (!is_listed(name)) gone.push_back(name);
    for (auto const& name : gone) given(name);
}

Withheld::Changes Withheld::take_changes()
{
    Changes changes;
    for (auto const& name : std::exchange(changed_, {})) {
        auto const found = mails_.find(name);
        if (found != mails_.end())
            changes.kept.push_back(found->second);
        else
            changes.forgotten.push_back(name);
    }
    return changes;
}

std::string Withheld::remark() const
{
    if (mails_.empty()) return {};
    return fmt::format("{} mails that the server lists are not retrieved so far: {}", mails_.size(),
                       mails_.begin()->second.words);
}

}  // namespace postroom::retriever
