// Client secrets and certificates run out; then no grant can be renewed, all at once. It is told in time.
#pragma once

#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace postroom::grants {

/// How long before, unless the setting alarm-credential-ends says otherwise.
inline constexpr Duration told_ahead = std::chrono::days(30);

/// Raises the alarm "credential-ends" for every identity application whose credentials all run out within the time of
/// its setting, or have, once a day; ends it for the others.
void note_credential_ends(store::Connection& c, Instant now);

/// Does so every hour.
class CredentialWatch {
public:
    CredentialWatch(boost::asio::any_io_executor const& executor, store::Store& store, Clock const& clock);
    [[nodiscard]] store::awaitable<void> run();
    void stop();

private:
    store::Store& store_;
    Clock const& clock_;
    boost::asio::steady_timer pause_;
    bool stopped_ = false;
};

}  // namespace postroom::grants
