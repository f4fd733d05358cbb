#include "alarms/pulse.hpp"

#include "store/alarms.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <filesystem>

namespace postroom::alarms {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds every{20};

}  // namespace

Pulse::Pulse(asio::any_io_executor const& loop, store::Store& store, std::string server, std::string part,
             std::string folder)
    : store_(store), server_(std::move(server)), part_(std::move(part)), folder_(std::move(folder)), pause_(loop)
{
}

store::awaitable<void> Pulse::run()
{
    while (!stopped_) {
        co_await beat();
        if (stopped_) break;
        pause_.expires_after(every);
        boost::system::error_code woken;
        co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_await beat();
}

store::awaitable<void> Pulse::beat()
{
    store::Pulse pulse{.server = server_, .part = part_};
    std::error_code unknown;
    auto const space = std::filesystem::space(folder_.empty() ? "." : folder_, unknown);
    if (!unknown) {
        pulse.disk_size = static_cast<std::int64_t>(space.capacity);
        pulse.disk_free = static_cast<std::int64_t>(space.available);
    }
    auto work = [pulse, over = stopped_](store::Connection& c) {
        if (over)
            store::note_stopped(c, pulse.server, pulse.part);
        else
            store::note_pulse(c, pulse);
    };
    try {
        co_await store_.write(std::move(work));
    } catch (store::Failure const& failure) {
        spdlog::debug("the pulse of this server can't be noted: {}", failure.what());
    }
}

void Pulse::stop()
{
    stopped_ = true;
    pause_.cancel();
}

}  // namespace postroom::alarms
