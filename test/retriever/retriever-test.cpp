// The watchdog: a server that says just enough never to be silent, and gets nowhere.
#include "retriever/retriever.hpp"

#include "base/text.hpp"
#include "grants/places.hpp"
#include "net/listen.hpp"
#include "store/accounts.hpp"
#include "store/figures.hpp"
#include "store/mailboxes.hpp"
#include "store/people.hpp"
#include "support/certificates.hpp"
#include "support/loop.hpp"
#include "support/scratch-folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace postroom::retriever {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

net::awaitable<void> say(net::Accepted& to, std::string words)
{
    Wire wire;
    wire.text(std::move(words));
    co_await to.write(wire);
}

/// Takes everybody, has one mail, and gives it a byte at a time.
net::awaitable<void> trickle(std::unique_ptr<net::Accepted> connection)
{
    auto& client = *connection;
    std::string buffer;
    co_await say(client, "* OK ready\r\n");
    for (;;) {
        auto const end = buffer.find("\r\n");
        if (end == std::string::npos) {
            bool const open = co_await client.read_more(buffer);
            if (!open) co_return;
            continue;
        }
        auto const line = buffer.substr(0, end);
        buffer.erase(0, end + 2);
        auto const tag = line.substr(0, line.find(' '));
        std::string answer;
        if (line.find("CAPABILITY") != std::string::npos) answer = "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n";
        if (line.find("SELECT") != std::string::npos) answer = "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n";
        if (line.find("SEARCH") != std::string::npos) answer = "* SEARCH 1\r\n";
        if (line.find("BODY.PEEK[]") != std::string::npos) {
            co_await say(client, "* 1 FETCH (UID 1 BODY[] {100000}\r\n");
            auto const executor = co_await boost::asio::this_coro::executor;
            for (;;) {
                boost::asio::steady_timer pause(executor, 20ms);
                co_await pause.async_wait(boost::asio::use_awaitable);
                co_await say(client, "x");
            }
        }
        co_await say(client, answer + tag + " OK done\r\n");
    }
}

class WatchdogTest : public testing::Test {
protected:
    WatchdogTest() : authority(folder)
    {
        auto const files = authority.issue("mail", "DNS:localhost");
        auto const tls = net::TlsContext::server(files.certificate, files.key).value();
        auto serve = [](std::unique_ptr<net::Accepted> connection) -> net::awaitable<void> {
            try {
                co_await trickle(std::move(connection));
            } catch (net::Broken const&) {
                co_return;  // the client ended it
            }
        };
        server = net::Listener::open(loop.get_executor(), {Endpoint{"127.0.0.1", 0}, tls}, serve).value();
        store = store::Store::open({.path = folder / "postroom.db"}).value();
        vault = vault::Vault::open(folder / "vault.key", true).value();
        model::Account account;
        account.id = model::AccountId::make();
        account.department = model::DepartmentId::make();
        account.name = "sales";
        account.access = model::Access::password;
        account.user = "sales@contoso.com";
        account.retrieval_server = {"localhost", server->port()};
        account.submission_server = {"localhost", 9};
        account.password = vault->seal(Secret("pass word"), grants::place_of_password(account.id));
        account.state = model::AccountState::ready;
        mailbox.id = model::MailboxId::make();
        mailbox.account = account.id;
        mailbox.department = account.department;
        mailbox.address = "sales@contoso.com";
        store->write_now([&](store::Connection& c) {
            store::add_department(c, {account.department, "Sales", system_clock().now()});
            store::add_account(c, account);
            store::add_mailbox(c, mailbox);
        });
    }
    model::Mailbox shown()
    {
        model::Mailbox found;
        store->read_now([&](store::Connection& c) { found = store::mailbox(c, mailbox.id).value(); });
        return found;
    }

    test::ScratchFolder folder;
    test::Authority authority;
    boost::asio::io_context loop;
    boost::asio::thread_pool pool{2};
    std::unique_ptr<store::Store> store;
    std::shared_ptr<vault::Vault const> vault;
    std::unique_ptr<net::Listener> server;
    model::Mailbox mailbox;
};

TEST_F(WatchdogTest, EndsAConnectionThatGetsNowhere)
{
    grants::Tokens tokens({store.get(), vault, {}});
    net::Resolver resolver(loop.get_executor());
    grants::Roads const roads{.tokens = &tokens,
                              .resolver = &resolver,
                              .tls = net::TlsContext::client({authority.file()}).value(),
                              .host_name = "here",
                              .vault = vault,
                              .store = store.get()};
    Ground ground{.store = store.get(),
                  .roads = roads,
                  .loop = loop.get_executor(),
                  .pool = pool.get_executor(),
                  .owner = "here",
                  .filed = [] {},
                  .stall = Duration(700)};
    Retriever retriever(std::move(ground));
    boost::asio::co_spawn(loop, retriever.run(), boost::asio::detached);
    auto const until = std::chrono::steady_clock::now() + 30s;
    while (shown().trouble != model::MailTrouble::no_progress && std::chrono::steady_clock::now() < until)
        loop.run_for(50ms);
    auto const now = shown();
    EXPECT_EQ(now.trouble, model::MailTrouble::no_progress) << now.state_reason;
    EXPECT_EQ(now.state, model::MailboxState::backing_off);
    EXPECT_THAT(now.state_reason, HasSubstr("made no progress"));
    EXPECT_TRUE(now.next_try.has_value());
    store->read_now([&](store::Connection& c) {
        auto const failures = store::figures_of(c, mailbox.id).failures;
        ASSERT_EQ(failures.size(), 1U);
        EXPECT_EQ(failures[0].trouble, model::MailTrouble::no_progress);
    });
    retriever.stop();
    server->stop();
    loop.run_for(2s);
}

}  // namespace
}  // namespace postroom::retriever
