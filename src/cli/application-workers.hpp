// The workers of the application server: the alarm notifier, what tells other software, and its pulse. They need no
// services server.
#pragma once

#include "grants/sign-in.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace postroom::cli {

class ApplicationWorkers {
public:
    /// `roads` has what they can't make themselves: tls, host_name and proxy. `owner` is what their leases are held by.
    ApplicationWorkers(boost::asio::io_context& loop, grants::Ground ground, grants::Roads roads,
                       std::string const& owner, std::string folder);
    ~ApplicationWorkers();

    void start();
    /// `ended` is called on the loop when they have.
    void stop(std::function<void()> ended);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace postroom::cli
