#include "net/resolver.hpp"

#include "base/text.hpp"

#include <ares.h>
#include <fmt/format.h>
#include <netdb.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <unordered_map>

namespace postroom::net {

namespace {

using Steady = std::chrono::steady_clock;
using Addresses = std::vector<asio::ip::address>;

constexpr auto longest_kept = std::chrono::minutes(5);
constexpr auto failure_kept = std::chrono::seconds(5);
constexpr std::size_t most_kept = 10'000;
constexpr int try_milliseconds = 2'000;
constexpr int tries = 3;

void load_library()
{
    static int const done = ares_library_init(ARES_LIB_INIT_ALL);
    if (done != ARES_SUCCESS) throw Broken(Trouble::internal, std::string("c-ares: ") + ares_strerror(done));
}

asio::ip::address address_of(sockaddr const& raw)
{
    if (raw.sa_family == AF_INET6) {
        auto const& in = reinterpret_cast<sockaddr_in6 const&>(raw);
        asio::ip::address_v6::bytes_type bytes;
        std::copy_n(in.sin6_addr.s6_addr, bytes.size(), bytes.begin());
        return asio::ip::address_v6(bytes, in.sin6_scope_id);
    }
    auto const& in = reinterpret_cast<sockaddr_in const&>(raw);
    return asio::ip::address_v4(ntohl(in.sin_addr.s_addr));
}

// RFC 8305 section 4: families in turn, beginning with the one that is preferred.
Addresses in_turn(Addresses const& sorted)
{
    Addresses first, second, result;
    for (auto const& address : sorted) {
        auto& list = address.is_v6() == sorted.front().is_v6() ? first : second;
        if (std::ranges::find(list, address) == list.end()) list.push_back(address);
    }
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) result.push_back(first[i]);
        if (i < second.size()) result.push_back(second[i]);
    }
    return result;
}

}  // namespace

class Resolver::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::any_io_executor executor, std::vector<std::string> const& servers)
        : executor_(std::move(executor)), timer_(executor_)
    {
        load_library();
        ares_options options{};
        options.timeout = try_milliseconds;
        options.tries = tries;
        options.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
            static_cast<Impl*>(self)->watch(socket, readable != 0, writable != 0);
        };
        options.sock_state_cb_data = this;
        int const mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
        if (int const status = ares_init_options(&channel_, &options, mask); status != ARES_SUCCESS)
            throw Broken(Trouble::internal, std::string("c-ares: ") + ares_strerror(status));
        if (servers.empty()) return;
        std::string list;
        for (auto const& server : servers) list += (list.empty() ? "" : ",") + server;
        if (int const status = ares_set_servers_ports_csv(channel_, list.c_str()); status != ARES_SUCCESS)
            throw Broken(Trouble::internal, fmt::format("name servers {}: {}", list, ares_strerror(status)));
    }

    ~Impl()
    {
        closing_ = true;
        ares_destroy(channel_);  // ends every query and closes its sockets through the callbacks
    }

    static awaitable<Addresses> resolve(std::shared_ptr<Impl> self, std::string host, Duration limit,
                                        std::shared_ptr<Stop> stop)
    {
        boost::system::error_code not_literal;
        auto const literal = asio::ip::make_address(host, not_literal);
        if (!not_literal) co_return Addresses{literal};
        host = to_lower(host);
        if (host.ends_with('.')) host.pop_back();
        if (host.empty() || host.size() > 253 || host.find('\0') != std::string::npos)
            throw Broken(Trouble::unreachable, fmt::format("\"{}\" is no host name", printable(host, 64)));

        if (auto const kept = self->kept_.find(host); kept != self->kept_.end()) {
            if (kept->second.until > Steady::now()) co_return answer(host, kept->second);
            self->kept_.erase(kept);
        }
        auto const waiter = std::make_shared<Waiter>(self->executor_, limit);
        auto& waiters = self->waiting_[host];
        waiters.push_back(waiter);
        if (waiters.size() == 1) self->ask(host);
        Stop::Waiting const waiting(std::move(stop), [waiter] { waiter->timer.cancel(); });
        if (!waiter->answered) {
            boost::system::error_code error;
            co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        }
        waiting.check();
        if (!waiter->answered)
            throw Broken(Trouble::timed_out, fmt::format("no name server answered for {} within {:g} s", host,
                                                         static_cast<double>(limit.count()) / 1000));
        co_return answer(host, waiter->outcome);
    }

private:
    struct Outcome {
        Addresses addresses;
        std::string why;  // where there are none
        Steady::time_point until;
    };
    struct Waiter {
        Waiter(asio::any_io_executor const& executor, Duration limit) : timer(executor, limit) {}
        asio::steady_timer timer;
        bool answered = false;
        Outcome outcome;
    };
    struct Query {
        Impl* impl;
        std::string host;
    };

    static Addresses answer(std::string const& host, Outcome const& outcome)
    {
        if (outcome.addresses.empty())
            throw Broken(Trouble::unreachable, fmt::format("{} has no address: {}", host, outcome.why));
        return outcome.addresses;
    }

    void ask(std::string const& host)
    {
        ares_addrinfo_hints hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        auto* const query = new Query{this, host};
        ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, on_answer, query);
        rearm();
    }

    static void on_answer(void* context, int status, int, ares_addrinfo* found)
    {
        std::unique_ptr<Query> const query(static_cast<Query*>(context));
        std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> const owned(found, ares_freeaddrinfo);
        if (query->impl->closing_) return;
        Outcome outcome;
        auto keep = std::chrono::duration_cast<std::chrono::seconds>(longest_kept);
        for (auto const* node = found ? found->nodes : nullptr; node; node = node->ai_next) {
            outcome.addresses.push_back(address_of(*node->ai_addr));
            keep = std::min(keep, std::chrono::seconds(std::max(node->ai_ttl, 0)));
        }
        if (outcome.addresses.empty()) {
            outcome.why = ares_strerror(status == ARES_SUCCESS ? ARES_ENODATA : status);
            keep = failure_kept;
        } else {
            outcome.addresses = in_turn(outcome.addresses);
        }
        outcome.until = Steady::now() + keep;
        query->impl->finish(query->host, std::move(outcome));
    }

    void finish(std::string const& host, Outcome outcome)
    {
        if (auto const found = waiting_.find(host); found != waiting_.end()) {
            auto const waiters = std::move(found->second);
            waiting_.erase(found);
            for (auto const& waiter : waiters) {
                waiter->answered = true;
                waiter->outcome = outcome;
                waiter->timer.cancel();
            }
        }
        if (kept_.size() >= most_kept) kept_.clear();
        kept_[host] = std::move(outcome);
    }

    struct Watched {
        explicit Watched(asio::any_io_executor const& executor, ares_socket_t socket) : descriptor(executor, socket) {}
        asio::posix::stream_descriptor descriptor;
        bool read = false, write = false;
        bool reading = false, writing = false;  // a wait is under way
    };

    void watch(ares_socket_t socket, bool read, bool write)
    {
        auto found = watched_.find(socket);
        if (!read && !write) {
            if (found == watched_.end()) return;
            found->second->descriptor.release();  // c-ares closes it next
            watched_.erase(found);
            return;
        }
        if (closing_) return;
        if (found == watched_.end())
            found = watched_.emplace(socket, std::make_shared<Watched>(executor_, socket)).first;
        found->second->read = read;
        found->second->write = write;
        listen(socket, found->second);
    }

    void listen(ares_socket_t socket, std::shared_ptr<Watched> const& watched)
    {
        using asio::posix::descriptor_base;
        auto const start = [&](descriptor_base::wait_type what, bool Watched::* wanted, bool Watched::* under_way) {
            if (!((*watched).*wanted) || (*watched).*under_way) return;
            (*watched).*under_way = true;
            watched->descriptor.async_wait(
                what, [weak = weak_from_this(), watched, socket, what, under_way](boost::system::error_code error) {
                    (*watched).*under_way = false;
                    auto const self = weak.lock();
                    if (!self || error) return;
                    bool const readable = what == descriptor_base::wait_read;
                    ares_process_fd(self->channel_, readable ? socket : ARES_SOCKET_BAD,
                                    readable ? ARES_SOCKET_BAD : socket);
                    self->rearm();
                    if (auto const again = self->watched_.find(socket);
                        again != self->watched_.end() && again->second == watched)
                        self->listen(socket, watched);
                });
        };
        start(descriptor_base::wait_read, &Watched::read, &Watched::reading);
        start(descriptor_base::wait_write, &Watched::write, &Watched::writing);
    }

    void rearm()
    {
        timeval left{};
        if (!ares_timeout(channel_, nullptr, &left)) {
            timer_.cancel();
            return;
        }
        timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec + 1'000));
        timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
            auto const self = weak.lock();
            if (error || !self) return;
            ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
            self->rearm();
        });
    }

    asio::any_io_executor executor_;
    asio::steady_timer timer_;
    ares_channel channel_ = nullptr;
    bool closing_ = false;
    std::unordered_map<ares_socket_t, std::shared_ptr<Watched>> watched_;
    std::unordered_map<std::string, std::vector<std::shared_ptr<Waiter>>> waiting_;
    std::unordered_map<std::string, Outcome> kept_;
};

Resolver::Resolver(asio::any_io_executor executor, std::vector<std::string> const& servers)
    : impl_(std::make_shared<Impl>(std::move(executor), servers))
{
}

Resolver::~Resolver() = default;

awaitable<std::vector<asio::ip::address>> Resolver::resolve(std::string host, Duration limit,
                                                            std::shared_ptr<Stop> stop)
{
    return Impl::resolve(impl_, std::move(host), limit, std::move(stop));
}

}  // namespace postroom::net
