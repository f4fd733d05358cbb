// Postroom's retriever, triage and dispatcher, wired as `postroom serve` wires them, over a store of their own in
// FOLDER, with a grant that was put there rather than obtained.
//
//     bench-workers make FOLDER IMAP SMTP USER TOKEN-FILE     an account with one mailbox
//     bench-workers file FOLDER ANCHOR                        one look at the mailbox: all filed, the server's left
//     bench-workers triage FOLDER ANCHOR                      the same, until all are in cases
//     bench-workers queue FOLDER RECIPIENT FILE…              a new mail with each file's text; prints the Message-IDs
//     bench-workers dispatch FOLDER ANCHOR CONNECTIONS        until all is sent, over so many at once
//     bench-workers digests FOLDER                            SHA-256 of every filed mail, of its bytes as stored
#include "bare-tls.hpp"
#include "desk/desk.hpp"
#include "dispatcher/dispatcher.hpp"
#include "grants/places.hpp"
#include "net/resolver.hpp"
#include "retriever/retriever.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/bodies.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"
#include "store/messages.hpp"
#include "store/people.hpp"
#include "store/sending.hpp"
#include "triage/triage.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdio>

namespace {

using namespace postroom;
namespace asio = boost::asio;

template <class T>
T expect(Result<T> result)
{
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

struct House {
    explicit House(std::string const& folder)
        : vault(expect(vault::Vault::open(folder + "/vault.key", true))),
          store(expect(store::Store::open({.path = folder + "/postroom.db"})))
    {
    }
    asio::io_context loop{1};  // goes after the store, whose threads post to it
    std::shared_ptr<vault::Vault const> vault;
    std::unique_ptr<store::Store> store;

    std::int64_t number(std::string const& sql)
    {
        std::int64_t value = 0;
        store->read_now([&](store::Connection& c) {
            value = c.first(sql, [](store::Row const& row) { return row.integer(0); }).value_or(0);
        });
        return value;
    }
};

void make(std::string const& folder, std::string const& imap, std::string const& smtp, std::string const& user,
          std::string const& token_file)
{
    House house(folder);
    auto const now = system_clock().now();
    model::Department const department{model::DepartmentId::make(), "Customer care", now};
    model::Application application;
    application.id = model::ApplicationId::make();
    application.name = application.client_id = "bench";
    application.cloud = "worldwide";
    application.created = now;
    model::Account account;
    account.id = model::AccountId::make();
    account.department = department.id;
    account.application = application.id;
    account.name = account.user = user;
    account.retrieval_server = expect(parse_endpoint(imap, 993));
    account.submission_server = expect(parse_endpoint(smtp, 587));
    account.state = model::AccountState::ready;
    account.created = account.state_since = now;
    model::Mailbox mailbox;
    mailbox.id = model::MailboxId::make();
    mailbox.account = account.id;
    mailbox.department = department.id;
    mailbox.address = user;
    mailbox.after = model::AfterAction::leave;
    mailbox.created = mailbox.state_since = now;
    Secret const token(bare::file(token_file));
    model::Grant grant;
    grant.account = account.id;
    grant.owner = {"bench", "bench", user};
    grant.access_token = house.vault->seal(token, grants::place_of_access_token(account.id));
    grant.refresh_token = house.vault->seal(token, grants::place_of_refresh_token(account.id));
    grant.access_token_life = std::chrono::hours(24);
    grant.access_token_ends = now + grant.access_token_life;
    grant.accepted = grant.renewed = now;
    house.store->write_now([&](store::Connection& c) {
        store::add_department(c, department);
        store::add_application(c, application);
        store::add_account(c, account);
        store::add_mailbox(c, mailbox);
        store::accept_grant(c, grant);
    });
}

// Everybody's roads to the servers.
struct Outside {
    Outside(House& house, std::string const& anchor)
        : tls(expect(net::TlsContext::client({anchor}))),
          resolver(house.loop.get_executor()),
          tokens({house.store.get(), house.vault, std::make_shared<net::Https>(house.loop.get_executor(), tls),
                  &system_clock()}),
          roads{&tokens, &resolver, tls, "", "localhost"}
    {
    }
    std::shared_ptr<net::TlsContext> tls;
    net::Resolver resolver;
    grants::Tokens tokens;
    grants::Roads roads;
};

// Measured from the start of the retriever until its look has ended, with everything committed; then, where it is
// wanted, until triage has nothing left.
void file(std::string const& folder, std::string const& anchor, bool into_cases)
{
    House house(folder);
    Outside const outside(house, anchor);
    asio::thread_pool pool{2};
    triage::Triage triage(house.loop.get_executor(), pool.get_executor(), *house.store);
    retriever::Retriever retriever(
        {house.store.get(), outside.roads, house.loop.get_executor(), pool.get_executor(), "bench", [&] {
             if (into_cases) triage.nudge();
         }});
    std::string trouble;
    std::size_t filed = 0;
    double seconds = 0;
    bare::Stopwatch const watch;
    auto work = [&]() -> net::awaitable<void> {
        auto const looks = co_await retriever.retrieve_once(std::nullopt);
        if (!looks || looks->empty() || !looks->front().ok) {
            trouble = looks ? looks->empty() ? "no mailbox" : looks->front().reason : looks.error().message;
        } else {
            filed = looks->front().filed;
            asio::steady_timer timer(house.loop);
            while (into_cases) {
                // Found by an index: to count them all took the time of twenty mails, with each look.
                auto read = [](store::Connection& c) { return store::awaiting_triage(c, 1); };
                auto const waiting = co_await house.store->read(std::move(read));
                if (waiting.empty()) break;
                timer.expires_after(std::chrono::milliseconds(20));
                co_await timer.async_wait(asio::use_awaitable);
            }
        }
        seconds = watch.seconds();
        triage.stop();
        retriever.stop();
    };
    if (into_cases) asio::co_spawn(house.loop, triage.run(), asio::detached);
    asio::co_spawn(house.loop, retriever.run(), asio::detached);
    asio::co_spawn(house.loop, work(), asio::detached);
    house.loop.run();
    if (!trouble.empty()) throw std::runtime_error(trouble);
    fmt::print("{{\"mails\": {}, \"cases\": {}, \"bytes\": {}, \"seconds\": {:.6f}, \"commits\": {}}}\n", filed,
               house.number("SELECT count(*) FROM activity"), house.number("SELECT sum(size) FROM message"), seconds,
               house.store->counts().commits);
}

void queue(std::string const& folder, std::string const& recipient, std::vector<std::string> const& files)
{
    House house(folder);
    auto const now = system_clock().now();
    house.store->write_now([&](store::Connection& c) {
        desk::NewMail mail;
        mail.mailbox = store::mailboxes(c).front().id;
        mail.to = {recipient};
        for (auto const& name : files) {
            mail.subject = "Your enquiry";
            mail.text = bare::file(name);
            auto const queued = expect(desk::new_mail(c, mail, "bench", now));
            fmt::print("{}\n", queued.message_id);
        }
    });
}

void dispatch(std::string const& folder, std::string const& anchor, std::int64_t connections)
{
    House house(folder);
    house.store->write_now([&](store::Connection& c) {
        model::AccountSending sending;
        sending.account = store::accounts(c).front().id;
        sending.connections = connections;
        store::set_account_sending(c, sending);
    });
    Outside const outside(house, anchor);
    dispatcher::Dispatcher dispatcher({house.store.get(), outside.roads, house.loop.get_executor(), "bench"});
    double seconds = 0;
    bare::Stopwatch const watch;
    auto work = [&]() -> net::awaitable<void> {
        asio::steady_timer timer(house.loop);
        for (;;) {
            timer.expires_after(std::chrono::milliseconds(20));
            co_await timer.async_wait(asio::use_awaitable);
            auto read = [](store::Connection& c) {
                return c.first(
                    "SELECT EXISTS (SELECT 1 FROM outbound WHERE state IN ('queued', 'claimed', "
                    "'committing'))",
                    [](store::Row const& row) { return row.integer(0); });
            };
            auto const left = co_await house.store->read(std::move(read));
            if (left.value_or(0) == 0) break;
        }
        seconds = watch.seconds();
        dispatcher.stop();
    };
    asio::co_spawn(house.loop, dispatcher.run(), asio::detached);
    asio::co_spawn(house.loop, work(), asio::detached);
    house.loop.run();
    fmt::print("{{\"mails\": {}, \"seconds\": {:.6f}, \"commits\": {}}}\n",
               house.number("SELECT count(*) FROM outbound WHERE state = 'sent' AND attempt = 1"), seconds,
               house.store->counts().commits);
}

void digests(std::string const& folder)
{
    House house(folder);
    house.store->read_now([](store::Connection& c) {
        auto const bodies =
            c.all("SELECT body FROM message", [](store::Row const& row) { return row.id<model::BodyId>(0); });
        for (auto const& body : bodies) {
            auto const bytes = store::read_body(c, body);
            std::array<unsigned char, 32> digest{};
            EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
            std::string hex;
            for (auto const octet : digest) hex += fmt::format("{:02x}", octet);
            std::puts(hex.c_str());
        }
    });
}

int run(std::vector<std::string> const& given)
{
    auto const is = [&](std::string_view verb, std::size_t arguments) {
        return !given.empty() && given[0] == verb && given.size() == arguments + 1;
    };
    spdlog::set_level(spdlog::level::warn);
    if (is("make", 5))
        make(given[1], given[2], given[3], given[4], given[5]);
    else if (is("file", 2) || is("triage", 2))
        file(given[1], given[2], given[0] == "triage");
    else if (given.size() > 3 && given[0] == "queue")
        queue(given[1], given[2], {given.begin() + 3, given.end()});
    else if (is("dispatch", 3))
        dispatch(given[1], given[2], std::stoll(given[3]));
    else if (is("digests", 1))
        digests(given[1]);
    else {
        std::fputs("usage: see the top of bench/workers.cpp\n", stderr);
        return 2;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        return run({argv + 1, argv + argc});
    } catch (std::exception const& e) {
        fmt::print(stderr, "bench-workers: {}\n", e.what());
        return 1;
    }
}
