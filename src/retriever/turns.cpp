#include "retriever/turns.hpp"

#include "base/backoff.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace postroom::retriever {

namespace {

// So many start at a server of which nothing is known yet; each that goes well makes room for one more.
constexpr std::size_t first_window = 16;
// Always shorter than what a lone mailbox waits by itself after as many failures.
constexpr Backoff server_rest{Duration(250), Duration(15'000)};

}  // namespace

struct Turns::Turn::Server {
    std::string name;
    std::list<Turn*> waiting;
    std::list<Turn*> inside;  // longest first
    std::size_t starting = 0;
    std::size_t window = first_window;
    unsigned failures = 0;  // one after another; of those that began together, one
    Steady::time_point failed_at;
    Steady::time_point rests_until;
    Steady::time_point last_start;
    std::string trouble;
};

class Turns::Impl {
public:
    using Server = Turn::Server;
    using Stage = Turn::Stage;

    Impl(boost::asio::any_io_executor const& loop, Bounds its_bounds) : bounds(its_bounds), timer_(loop) {}

    void queue(Turn& turn, std::string const& name, bool urgent)
    {
        if (turn.stage_ == Stage::waiting && turn.server_->name == name && turn.urgent_ >= urgent) return;
        forget(turn);
        auto& place = servers_[name];
        if (!place) place = std::make_unique<Server>();
        auto& server = *place;
        server.name = name;
        turn.server_ = &server;
        turn.urgent_ = urgent;
        turn.stage_ = Stage::waiting;
        turn.place_ = server.waiting.insert(urgent ? server.waiting.begin() : server.waiting.end(), &turn);
        ++waiting;
        if (server.waiting.size() == 1) line_.push_back(&server);
        arrange();
    }

    void started(Turn& turn)
    {
        if (turn.stage_ != Stage::starting) return;
        auto& server = *turn.server_;
        turn.stage_ = Stage::connected;
        --server.starting;
        --starting_;
        answered(server);
        server.window = std::min(server.window + 1, bounds.starts_per_server);
        arrange();
    }

    void leave(Turn& turn)
    {
        if (turn.stage_ == Stage::away) return;
        if (turn.stage_ == Stage::starting) answered(*turn.server_);
        forget(turn);
        arrange();
    }

    void fail(Turn& turn, std::string const& why)
    {
        if (turn.stage_ == Stage::starting) {
            auto& server = *turn.server_;
            auto const now = Steady::now();
            server.window = std::max<std::size_t>(1, server.window / 2);
            server.trouble = why;
            if (turn.since_ >= server.failed_at) {
                server.failed_at = now;
                server.rests_until = now + server_rest.before(++server.failures, 1);
            }
        }
        forget(turn);
        arrange();
    }

    // Lets in whoever may come in, and asks for room for the others.
    void arrange()
    {
        auto const now = Steady::now();
        for (bool any = true; any && starting_ < bounds.starts && connected < bounds.connections;) {
            any = false;
            auto left = line_.size();
            for (auto at = line_.begin(); at != line_.end() && left > 0; --left) {
                auto const here = at++;
                auto& server = **here;
                if (!may_start(server, now)) continue;
                let_in(server, now);
                any = true;
                if (server.waiting.empty())
                    line_.erase(here);
                else
                    line_.splice(line_.end(), line_, here);
            }
        }
        ask_for_room(now);
    }

    Bounds bounds;
    std::size_t waiting = 0;
    std::size_t connected = 0;  // or about to be

private:
    [[nodiscard]] bool is_full(Server const& server) const
    {
        return server.inside.size() >= bounds.connections_per_server;
    }

    [[nodiscard]] std::size_t window(Server const& server) const
    {
        return server.failures > 0 ? 1 : std::min(server.window, bounds.starts_per_server);
    }

    [[nodiscard]] bool may_start(Server const& server, Steady::time_point now) const
    {
        if (starting_ >= bounds.starts || connected >= bounds.connections || is_full(server)) return false;
        auto const& next = *server.waiting.front();
        if (next.urgent_) return true;
        if (server.rests_until > now) return false;
        return server.starting < window(server) || now >= server.last_start + bounds.patience;
    }

    void let_in(Server& server, Steady::time_point now)
    {
        auto& turn = *server.waiting.front();
        server.inside.splice(server.inside.end(), server.waiting, turn.place_);
        turn.among_all_ = inside_.insert(inside_.end(), &turn);
        turn.stage_ = Stage::starting;
        turn.since_ = server.last_start = now;
        turn.asked_at_ = {};
        --waiting;
        ++server.starting;
        ++starting_;
        ++connected;
        turn.guest_.turn_came();
    }

    static void answered(Server& server)
    {
        server.failures = 0;
        server.rests_until = {};
        server.trouble.clear();
    }

    // A server that nobody waits for or is connected to is forgotten, unless its trouble is worth knowing.
    void forget(Turn& turn)
    {
        if (turn.stage_ == Stage::away) return;
        auto& server = *turn.server_;
        if (turn.stage_ == Stage::waiting) {
            server.waiting.erase(turn.place_);
            --waiting;
            if (server.waiting.empty()) std::erase(line_, &server);
        } else {
            server.inside.erase(turn.place_);
            inside_.erase(turn.among_all_);
            --connected;
            if (turn.stage_ == Stage::starting) {
                --server.starting;
                --starting_;
            }
        }
        turn.stage_ = Stage::away;
        turn.server_ = nullptr;
        if (server.waiting.empty() && server.inside.empty() && server.failures == 0) servers_.erase(server.name);
    }

    // Those who have been inside longest go first, nobody before having stayed a while, and no more at once than may
    // start in their place.
    void ask_for_room(Steady::time_point now)
    {
        auto wake = Steady::time_point::max();
        bool const all_full = connected >= bounds.connections;
        if (all_full && waiting > 0) wake = ask(inside_, std::min(waiting, bounds.starts), now);
        for (auto const* server : line_) {
            if (server->rests_until > now)
                wake = std::min(wake, server->rests_until);
            else if (!is_full(*server) && server->starting >= window(*server))
                wake = std::min(wake, server->last_start + bounds.patience);
            if (!all_full && is_full(*server))
                wake = std::min(wake, ask(server->inside, std::min(server->waiting.size(), server->window), now));
        }
        timer_.expires_at(wake);
        if (wake == Steady::time_point::max()) return;
        timer_.async_wait([this](boost::system::error_code error) {
            if (!error) arrange();
        });
    }

    // Returns when to ask again.
    [[nodiscard]] Steady::time_point ask(std::list<Turn*> const& inside, std::size_t how_many,
                                         Steady::time_point now) const
    {
        auto wake = Steady::time_point::max();
        for (auto* const turn : inside) {
            if (how_many == 0) break;
            bool const was_asked = turn->asked_at_ != Steady::time_point{};
            auto const at = (was_asked ? turn->asked_at_ : turn->since_) + bounds.stay;
            if (was_asked && at <= now) continue;  // it can't leave yet, and knows: another one may
            if (!was_asked && at > now) return std::min(wake, at);
            --how_many;
            wake = std::min(wake, was_asked ? at : now + bounds.stay);
            if (was_asked) continue;
            turn->asked_at_ = now;
            turn->guest_.asked_to_leave();
        }
        return wake;
    }

    boost::asio::steady_timer timer_;
    std::unordered_map<std::string, std::unique_ptr<Server>> servers_;
    std::list<Server*> line_;  // those at which somebody waits; the next one first
    std::list<Turn*> inside_;  // at whichever server; longest first
    std::size_t starting_ = 0;
};

Turns::Turns(boost::asio::any_io_executor const& loop, Bounds bounds) : impl_(std::make_unique<Impl>(loop, bounds)) {}
Turns::~Turns() = default;

void Turns::set_bounds(Bounds bounds)
{
    if (impl_->bounds == bounds) return;
    impl_->bounds = bounds;
    impl_->arrange();
}

Turns::Bounds const& Turns::bounds() const
{
    return impl_->bounds;
}
std::size_t Turns::waiting() const
{
    return impl_->waiting;
}
std::size_t Turns::connected() const
{
    return impl_->connected;
}

Turns::Turn::Turn(std::shared_ptr<Turns> turns, Guest& guest) : turns_(std::move(turns)), guest_(guest) {}

Turns::Turn::~Turn()
{
    leave();
}

void Turns::Turn::queue(std::string const& server, bool urgent)
{
    turns_->impl_->queue(*this, server, urgent);
}

std::string Turns::Turn::why_not() const
{
    if (stage_ != Stage::waiting) return {};
    auto const& bounds = turns_->impl_->bounds;
    auto const& server = *server_;
    std::string why = "it waits for its turn";
    if (server.failures > 0)
        return fmt::format("{}: one at a time tries whether {} is back: {}", why, server.name,
                           printable(server.trouble, 500));
    if (server.inside.size() >= bounds.connections_per_server)
        return fmt::format("{}: the setting connections-per-server lets {} be connected to {} at once", why,
                           bounds.connections_per_server, server.name);
    if (turns_->impl_->connected >= bounds.connections)
        return fmt::format("{}: the limit of open files leaves room for {} connections", why, bounds.connections);
    return fmt::format("{}: {} more wait to be connected to {}", why, server.waiting.size() - 1, server.name);
}

void Turns::Turn::started()
{
    turns_->impl_->started(*this);
}
void Turns::Turn::leave()
{
    turns_->impl_->leave(*this);
}
void Turns::Turn::fail(std::string const& why)
{
    turns_->impl_->fail(*this, why);
}

}  // namespace postroom::retriever
