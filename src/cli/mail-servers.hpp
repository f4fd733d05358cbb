// The workers of the services server, on their own event loop in their own thread.
#pragma once

#include "cli/configuration.hpp"
#include "console/hooks.hpp"
#include "grants/tokens.hpp"
#include "net/tls.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace postroom::cli {

/// Lets coroutines that were told to stop end, for at most three seconds: what they refer to must not go before them.
/// False where some have not.
[[nodiscard]] bool drain(boost::asio::io_context& loop);

[[nodiscard]] std::string host_name();

class MailServers {
public:
    /// `https` in the ground is not used: the mail loop has one of its own.
    /// `owner` is what this server's leases are held by; `folder` lies on the disk that is watched. `alone`:
    /// this process is the application server, too.
    MailServers(grants::Ground ground, std::shared_ptr<net::TlsContext> tls, std::shared_ptr<net::Proxy const> proxy,
                std::string transcripts, std::string const& owner, std::string folder, bool alone);
    ~MailServers();

    void start();
    /// Asks the workers to finish what is being committed; `ended` is called on the mail thread when they have.
    void stop(std::function<void()> ended);
    /// After that: ends the thread and what is left on the loop. False where something there does not end by itself.
    [[nodiscard]] bool finish();

    /// For the console's thread.
    [[nodiscard]] console::Hooks hooks();
    /// For any thread: a grant is to be tried.
    [[nodiscard]] std::function<void()> trial_due();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace postroom::cli
