#include "net/listen.hpp"

#include "support/certificates.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fstream>

namespace postroom::net {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using testing::AllOf;
using testing::HasSubstr;
using Local = asio::local::stream_protocol;

awaitable<void> greet(std::unique_ptr<Accepted> connection)
{
    auto const uid = connection->peer_uid();
    Wire const text(connection->peer() + " " + (uid ? std::to_string(*uid) : "none") + "\n");
    co_await connection->write(text);
    std::string ignored;
    while (co_await connection->read_more(ignored)) {
    }
}

awaitable<std::string> until_end(auto& socket, std::size_t at_least = 65536)
{
    std::string bytes;
    boost::system::error_code error;
    co_await asio::async_read(socket, asio::dynamic_buffer(bytes), asio::transfer_at_least(at_least),
                              asio::redirect_error(asio::use_awaitable, error));
    co_return bytes;
}

class ListenTest : public testing::Test {
protected:
    std::unique_ptr<Listener> open(Listen const& where, Listener::Serve serve = greet)
    {
        auto opened = Listener::open(loop.get_executor(), where, std::move(serve));
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(*opened);
    }
    asio::io_context loop;
    test::ScratchFolder folder;
};

TEST_F(ListenTest, APortInUseIsNamedWithItsOwner)
{
    Listen where{Endpoint{"127.0.0.1", 0}, nullptr};
    auto const first = open(where);
    where.at = Endpoint{"127.0.0.1", first->port()};
    auto const second = Listener::open(loop.get_executor(), where, greet);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, Trouble::conflict);
    EXPECT_THAT(second.error().message, AllOf(HasSubstr("port " + std::to_string(first->port()) + " is in use"),
                                              HasSubstr(" (process " + std::to_string(::getpid()) + ")")));
}

TEST_F(ListenTest, AnAddressThatIsNotOursIsRefused)
{
    auto const opened = Listener::open(loop.get_executor(), {Endpoint{"192.0.2.1", 0}, nullptr}, greet);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("192.0.2.1"));
}

TEST_F(ListenTest, AUnixSocketIsPrivateAndTellsWhoCalls)
{
    auto const path = folder / "socket";
    auto const listener = open({UnixPath{path}, nullptr});
    struct stat found{};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
    Local::socket socket(loop);
    socket.connect(Local::endpoint(path));
    auto const expected = "unix " + std::to_string(::getuid()) + "\n";
    EXPECT_EQ(test::run(loop, until_end(socket, expected.size())), expected);
}

TEST_F(ListenTest, AStaleUnixSocketIsReplacedALiveOneAndAFileAreNot)
{
    auto const path = folder / "socket";
    {
        Local::acceptor abandoned(loop, Local::endpoint(path));
    }
    auto const listener = open({UnixPath{path}, nullptr});
    auto const second = Listener::open(loop.get_executor(), {UnixPath{path}, nullptr}, greet);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, Trouble::conflict);
    auto const file = folder / "file";
    std::ofstream(file) << "precious";
    EXPECT_FALSE(Listener::open(loop.get_executor(), {UnixPath{file}, nullptr}, greet));
    EXPECT_TRUE(std::filesystem::exists(file));
    EXPECT_FALSE(Listener::open(loop.get_executor(), {UnixPath{folder / std::string(200, 'x')}, nullptr}, greet));
}

TEST_F(ListenTest, WhatServeThrowsEndsThatConnectionOnly)
{
    int served = 0;
    auto const listener =
        open({Endpoint{"127.0.0.1", 0}, nullptr}, [&served](std::unique_ptr<Accepted> connection) -> awaitable<void> {
            if (++served == 1) throw std::runtime_error("a mistake of the test's");
            co_await greet(std::move(connection));
        });
    tcp::endpoint const to(asio::ip::address_v4::loopback(), listener->port());
    tcp::socket first(loop), second(loop);
    first.connect(to);
    EXPECT_EQ(test::run(loop, until_end(first)), "");
    second.connect(to);
    EXPECT_THAT(test::run(loop, until_end(second, 10)), HasSubstr("none"));
}

TEST_F(ListenTest, StopClosesWhatIsOpenAndFreesThePort)
{
    auto listener = open({Endpoint{"127.0.0.1", 0}, nullptr});
    tcp::endpoint const to(asio::ip::address_v4::loopback(), listener->port());
    tcp::socket socket(loop);
    socket.connect(to);
    EXPECT_THAT(test::run(loop, until_end(socket, 10)), HasSubstr("none"));
    listener->stop();
    EXPECT_EQ(test::run(loop, until_end(socket)), "");
    auto const again = open({Endpoint{"127.0.0.1", to.port()}, nullptr});
    EXPECT_EQ(again->port(), to.port());
}

TEST_F(ListenTest, OneTooManyIsTurnedAway)
{
    Listen where{Endpoint{"127.0.0.1", 0}, nullptr};
    where.most_connections = 2;
    auto const listener = open(where);
    tcp::endpoint const to(asio::ip::address_v4::loopback(), listener->port());
    std::vector<std::unique_ptr<tcp::socket>> sockets;
    for (int i = 0; i < 2; ++i) {
        sockets.push_back(std::make_unique<tcp::socket>(loop));
        sockets.back()->connect(to);
        EXPECT_THAT(test::run(loop, until_end(*sockets.back(), 10)), HasSubstr("none"));
    }
    tcp::socket third(loop);
    third.connect(to);
    EXPECT_EQ(test::run(loop, until_end(third)), "");
    sockets.pop_back();
    tcp::socket fourth(loop);
    test::run(loop, [](asio::io_context& io) -> awaitable<void> {
        asio::steady_timer pause(io, 50ms);
        co_await pause.async_wait(asio::use_awaitable);
    }(loop));
    fourth.connect(to);
    EXPECT_THAT(test::run(loop, until_end(fourth, 10)), HasSubstr("none"));
}

}  // namespace
}  // namespace postroom::net
