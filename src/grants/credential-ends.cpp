#include "grants/credential-ends.hpp"

#include "base/readable-time.hpp"
#include "model/alarm.hpp"
#include "store/applications.hpp"
#include "store/coordination.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace postroom::grants {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view alarm_cause = "credential-ends";
constexpr auto look_every = 1h;
constexpr Duration told_again = 24h;

// Not an account's name, which is what other alarms are about.
std::string subject_of(std::string const& application)
{
    return "application " + application;
}

// When the application has none any more; nothing where one has no known end, or there is none.
std::optional<Instant> last_end(std::vector<model::Credential> const& credentials)
{
    std::optional<Instant> last;
    for (auto const& each : credentials) {
        if (!each.ends) return std::nullopt;
        last = std::max(last.value_or(*each.ends), *each.ends);
    }
    return last;
}

std::string words_for(std::string const& application, Instant end, Instant now)
{
    return fmt::format(
        "the last credential of the identity application {} {} {}: make the next one at the provider, and "
        "enter it with postroom application credential add {}. Without it no grant is renewed",
        application, end <= now ? "ran out on" : "runs out on", to_readable(end), application);
}

}  // namespace

void note_credential_ends(store::Connection& c, Instant now)
{
    std::vector<std::string> warned;
    auto const rule = model::parse_alarm_rule(model::Measure::time, store::setting(c, "alarm-credential-ends"))
                          .value_or(model::AlarmRule{});
    auto const alarms = store::alarms(c);
    auto const raised = [&](std::string const& subject) {
        return std::ranges::find_if(
            alarms, [&](auto const& each) { return each.cause == alarm_cause && each.subject == subject; });
    };
    for (auto const& application : store::applications(c)) {
        auto const end = last_end(store::credentials_of(c, application.id));
        if (!rule.on || !end || *end - now > rule.time) continue;
        auto const subject = subject_of(application.name);
        warned.push_back(subject);
        auto const words = words_for(application.name, *end, now);
        auto const known = raised(subject);
        if (known == alarms.end() || known->words != words || now - known->last >= told_again)
            (void)store::raise_alarm(c, alarm_cause, subject, words, now);
    }
    for (auto const& each : alarms)
        if (each.cause == alarm_cause && std::ranges::find(warned, each.subject) == warned.end())
            (void)store::end_alarm(c, alarm_cause, each.subject, now);
}

CredentialWatch::CredentialWatch(asio::any_io_executor const& executor, store::Store& store, Clock const& clock)
    : store_(store), clock_(clock), pause_(executor)
{
}

store::awaitable<void> CredentialWatch::run()
{
    while (!stopped_) {
        try {
            co_await store_.write([this](store::Connection& c) { note_credential_ends(c, clock_.now()); });
        } catch (store::Failure const& failure) {
            spdlog::debug("whether credentials run out could not be looked at: {}", failure.what());
        }
        if (stopped_) break;
        pause_.expires_after(look_every);
        boost::system::error_code error;
        co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
}

void CredentialWatch::stop()
{
    stopped_ = true;
    pause_.cancel();
}

}  // namespace postroom::grants
