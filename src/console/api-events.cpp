// GET /api/v1/events: what changed, as it changes (server-sent events, HTML's section 9.2). An event says which thing,
// and not what it is now: whoever wants to know asks for it, and is judged as for every question.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/events.hpp"
#include "console/responses.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <set>
#include <tuple>

namespace postroom::console {

namespace {

constexpr Duration step{500};
constexpr std::size_t most_in_a_row = 1'000;  // more is told by loading everything again

std::string event_text(std::string_view name, json::object const& data)
{
    return fmt::format("event: {}\ndata: {}\n\n", name, json::serialize(data));
}

bool is_shown(store::Change const& change, Caller const& caller)
{
    if (!caller.may(access_of(change.what))) return false;
    return change.department ? caller.sight.sees(*change.department) : caller.sight.all();
}

// What is new for this caller since `told`, which goes on.
std::string news(Feed const& feed, Caller const& caller, std::uint64_t& told)
{
    auto const found = feed.after(told);
    bool const moved = feed.last() != told;
    told = feed.last();
    if (!found || found->size() > most_in_a_row)
        return fmt::format("id: {}\n", feed.id_of(told)) + event_text("reset", {});
    std::string text;
    std::set<std::tuple<std::string_view, std::string_view, std::string_view>> said;
    for (auto const* const each : *found) {
        auto const& change = each->change;
        if (!is_shown(change, caller) || !said.emplace(change.what, change.subject, change.kind).second) continue;
        text += fmt::format("id: {}\n", feed.id_of(each->number)) +
                event_text(change.what, {{"id", to_valid_utf8(change.subject)}, {"kind", change.kind}});
    }
    // So that who comes back does not ask for what is not theirs either.
    if (text.empty() && moved) text = fmt::format("id: {}\n\n", feed.id_of(told));
    return text;
}

struct Told {
    std::optional<std::uint64_t> after;
    bool lost = false;  // the client has an id, and what came after it is not known here
};

class Listening {
public:
    Listening(Listeners& listeners, std::string whose, std::string user)
        : listeners_(listeners), place_(listeners.add(std::move(whose), std::move(user)))
    {
    }
    ~Listening() { listeners_.remove(place_); }
    Listening(Listening const&) = delete;
    Listening& operator=(Listening const&) = delete;
    [[nodiscard]] bool over() const { return place_->over; }

private:
    Listeners& listeners_;
    Listeners::Place place_;
};

// A session, or a token; those on the socket are one.
std::string whose(Caller const& caller)
{
    if (!caller.token.empty() && caller.user) return to_string(*caller.user) + "/" + caller.token;
    return caller.session;
}

std::string user_of(Caller const& caller)
{
    return caller.user ? to_string(*caller.user) : std::string();
}

std::string ending(std::string_view reason)
{
    return event_text("end", {{"reason", reason}});
}

// Whether they may still listen: false where they may not any more. A store in trouble has no news to tell either, and
// would have everybody come back at once: then it stays as it was until the next time.
net::awaitable<bool> still_may(House& house, net::HttpRequest who, Caller& caller)
{
    try {
        auto again = co_await house.who_is(std::move(who));
        if (!again) co_return false;
        caller = std::move(*again);
    } catch (store::Failure const& failure) {
        spdlog::debug("console: whether {} may still listen can't be read: {}", printable(caller.name),
                      printable(failure.what()));
    }
    co_return true;
}

net::awaitable<void> tell(House& house, net::HttpRequest who, Caller caller, Told from, net::BodyStream& to)
{
    Listening const listening(house.listeners, whose(caller), user_of(caller));
    auto told = from.after.value_or(house.feed.last());
    std::string text = "retry: 3000\n\n";
    if (from.lost) text += fmt::format("id: {}\n", house.feed.id_of(told)) + event_text("reset", {});
    auto beat = std::chrono::steady_clock::now();
    for (;;) {
        text += news(house.feed, caller, told);
        co_await to.write(std::move(text));
        text.clear();
        if (!co_await to.wait(step)) co_return;
        if (listening.over()) {
            co_await to.write(ending("elsewhere"));
            co_return;
        }
        co_await house.feed.look(house.store());
        if (auto const now = std::chrono::steady_clock::now(); now - beat >= house.options.heartbeat) {
            beat = now;
            if (!co_await still_may(house, who, caller)) {
                co_await to.write(ending("signed-out"));
                co_return;
            }
            text = ": ping\n\n";
        }
    }
}

}  // namespace

Answer stream_events(House& house, Request const& request)
{
    request.only_parameters({});
    if (house.listeners.full())
        throw Problem(net::http::status::service_unavailable,
                      tr("too many event streams are open: ask again and again instead"));
    // So that "from now on" has a meaning for the first one.
    co_await house.feed.look(house.store());
    Told from;
    if (auto const id = request.http.header("last-event-id"); !id.empty()) {
        from.after = house.feed.number_of(id);
        from.lost = !from.after;
    }
    net::HttpRequest who = request.http;
    who.body.clear();
    net::HttpResponse response;
    response.headers = {
        {"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
    response.stream = [&house, who = std::move(who), caller = request.caller, from](net::BodyStream& to) {
        return tell(house, who, caller, from, to);
    };
    co_return response;
}

}  // namespace postroom::console
