// A port where whoever connects gets no answer at all, as behind a firewall that drops: on loopback that is a listening
// socket whose queue is full, for which Linux drops each further SYN.
#pragma once

#include "base/endpoint.hpp"
#include "base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <vector>

namespace postroom::lab {

class SilentPort {
public:
    /// Errors: Trouble::conflict where the port is taken, in the system's words.
    [[nodiscard]] static Result<SilentPort> open(boost::asio::any_io_executor const& executor, Endpoint const& at);

private:
    explicit SilentPort(boost::asio::any_io_executor const& executor) : listening_(executor) {}
    boost::asio::ip::tcp::acceptor listening_;
    std::vector<boost::asio::ip::tcp::socket> waiting_;  // for somebody who takes them
};

}  // namespace postroom::lab
