#include "grants/return-notes.hpp"

#include "grants/guard.hpp"
#include "store/coordination.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::grants {

namespace json = boost::json;

namespace {

constexpr auto seldom = std::chrono::hours(1);
constexpr std::string_view stray = "grant.stray-return";

}  // namespace

net::awaitable<void> note_stray_return(Ground ground, std::string words)
{
    auto const now = ground.clock->now();
    auto const is_noted = [now](store::Connection& c) {
        auto const last = store::last_audit(c, stray, redirect_path);
        return last && last->at <= now && now - last->at < seldom;
    };
    // Read first: a stranger must not keep the writer busy.
    auto const noted = co_await ground.store->read(is_noted);
    if (noted) co_return;
    co_await ground.store->write([&](store::Connection& c) {
        if (is_noted(c)) return;
        auto const detail = json::serialize(json::object{{"words", words}});
        store::audit(c, {now, std::string(somebody), std::string(stray), std::string(redirect_path), detail});
    });
}

void note_once(store::Connection& c, Instant now, std::string_view who, std::string_view what, std::string_view on,
               std::string_view link, std::string_view words, std::string_view made_by)
{
    auto const last = store::last_audit(c, what, on);
    if (last && last->detail.find(link) != std::string::npos) return;
    json::object detail{{"words", words}, {"link", link}};
    if (!made_by.empty()) detail["made_by"] = made_by;
    store::audit(c, {now, std::string(who), std::string(what), std::string(on), json::serialize(detail)});
}

}  // namespace postroom::grants
