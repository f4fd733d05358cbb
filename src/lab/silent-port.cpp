#include "lab/silent-port.hpp"

#include <boost/asio/ip/address.hpp>

namespace postroom::lab {

namespace {

using boost::asio::ip::tcp;
constexpr std::size_t filling = 3;  // a queue of none takes one, and the kernel may round up

}  // namespace

Result<SilentPort> SilentPort::open(boost::asio::any_io_executor const& executor, Endpoint const& at)
{
    boost::system::error_code error;
    auto address = boost::asio::ip::make_address(at.host, error);
    if (error) address = boost::asio::ip::address_v4::loopback();  // "localhost"
    tcp::endpoint const where(address, at.port);
    SilentPort port(executor);
    port.listening_.open(where.protocol(), error);
    if (!error) port.listening_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) port.listening_.bind(where, error);
    if (!error) port.listening_.listen(0, error);
    if (error) return failure(Trouble::conflict, to_string(at) + " can't be made silent: " + error.message());
    port.waiting_.reserve(filling);
    for (std::size_t i = 0; i < filling; ++i)
        port.waiting_.emplace_back(executor).async_connect(where, [](boost::system::error_code const&) {});
    return port;
}

}  // namespace postroom::lab
