#include "console/events.hpp"

#include "base/id.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

namespace postroom::console {

namespace {

constexpr std::size_t most_kept = 10'000;
constexpr int most_at_once = 5'000;
constexpr auto pause = std::chrono::milliseconds(450);
constexpr std::size_t most_listeners = 500;
constexpr int most_of_one = 3;    // of the six connections that a browser has to a host, over all its tabs
constexpr int most_of_user = 10;  // whoever signs in again and again shuts nobody else out

}  // namespace

Feed::Feed() : epoch_(to_base64url(random_bytes(6))) {}

boost::asio::awaitable<void> Feed::look(store::Store& store)
{
    if (looking_ || Steady::now() < looked_ + pause) co_return;
    struct Busy {
        bool& flag;
        explicit Busy(bool& its) : flag(its) { flag = true; }
        ~Busy() { flag = false; }
    } const busy(looking_);
    looked_ = Steady::now();
    try {
        auto ask = [since = position_](store::Connection& c) {
            News news;
            if (!since) {
                news.last = store::last_change(c);
                return news;
            }
            news.found = store::changes_after(c, *since, most_at_once);
            news.last = news.found.empty() ? *since : news.found.back().number;
            // Nobody listened for long: whoever comes loads everything anyway.
            if (news.found.size() == static_cast<std::size_t>(most_at_once)) news.last = store::last_change(c);
            return news;
        };
        auto news = co_await store.read(std::move(ask));
        take(std::move(news), position_.value_or(-1));
    } catch (store::Failure const& failure) {
        spdlog::debug("console: what changed can't be read: {}", printable(failure.what()));
    }
}

void Feed::take(News news, std::int64_t since)
{
    position_ = news.last;
    if (since < 0) return;
    // Nobody listened for so long that there are more than are worth telling, or rows were swept meanwhile.
    if (news.found.size() == static_cast<std::size_t>(most_at_once) ||
        (!news.found.empty() && news.found.front().number - since > static_cast<std::int64_t>(most_kept)))
        return begin_anew();
    for (auto& change : news.found) keep(std::move(change));
}

void Feed::keep(store::Change change)
{
    kept_.push_back({next_++, std::move(change)});
    if (kept_.size() > most_kept) kept_.pop_front();
}

// Whoever was told something before loads everything again.
void Feed::begin_anew()
{
    kept_.clear();
    next_ += most_kept + 1;
}

std::optional<std::vector<Feed::Event const*>> Feed::after(std::uint64_t number) const
{
    std::vector<Event const*> found;
    if (number >= last()) return found;
    if (kept_.empty() || kept_.front().number > number + 1) return std::nullopt;
    for (auto at = kept_.begin() + static_cast<std::ptrdiff_t>(number + 1 - kept_.front().number); at != kept_.end();
         ++at)
        found.push_back(&*at);
    return found;
}

std::string Feed::id_of(std::uint64_t number) const
{
    return fmt::format("{}.{}", epoch_, number);
}

std::optional<std::uint64_t> Feed::number_of(std::string_view id) const
{
    auto const dot = id.find('.');
    if (dot == std::string_view::npos || id.substr(0, dot) != epoch_) return std::nullopt;
    std::uint64_t number = 0;
    auto const digits = id.substr(dot + 1);
    auto const [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || stop != digits.data() + digits.size() || number > last()) return std::nullopt;
    return number;
}

bool Listeners::full() const
{
    return all_.size() >= most_listeners;
}

Listeners::Place Listeners::add(std::string whose, std::string user)
{
    make_room(&Listener::whose, whose, most_of_one);
    if (!user.empty()) make_room(&Listener::user, user, most_of_user);
    return all_.insert(all_.end(), Listener{std::move(whose), std::move(user)});
}

void Listeners::make_room(std::string Listener::* of, std::string const& one, int most)
{
    auto const same = [&](Listener const& each) { return !each.over && each.*of == one; };
    if (std::ranges::count_if(all_, same) >= most) std::ranges::find_if(all_, same)->over = true;
}

Access access_of(std::string_view what)
{
    if (what == "case" || what == "outbound" || what == "mailbox") return Access::see_desk;
    return what == "setting" ? Access::see_system : Access::see_department;
}

}  // namespace postroom::console
