// What bench/refresh.mjs does to a store directly, since by the API it would take longer than what is measured.
//
//     bench-refresh make STORE KEY-FILE AUTHORITY CLIENT-ID SECRET TOKENS   an account with a grant that is due for
//     every
//                                                                           line of TOKENS: user, tab, refresh token
//     bench-refresh count STORE     as JSON: how many were renewed once, or more than once, and how many are in trouble
//     bench-refresh look STORE      milliseconds to read what the refresher plans by, median of 21
#include "grants/credentials.hpp"
#include "grants/places.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/grants.hpp"
#include "store/people.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace {

using namespace postroom;
using namespace std::chrono_literals;

template <class T>
T expect(Result<T> result)
{
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

void make(std::vector<std::string> const& given)
{
    auto const store = expect(store::Store::open({.path = given[1]}));
    grants::Ground const ground{store.get(), expect(vault::Vault::open(given[2], true)), nullptr};
    auto const now = system_clock().now();
    model::Department const department{model::DepartmentId::make(), "Customer care", now};
    model::Application application;
    application.id = model::ApplicationId::make();
    application.name = "bench";
    application.cloud = "custom";
    application.authority = given[3];
    application.client_id = given[4];
    application.created = now;
    auto const secret = expect(grants::make_secret(ground, application, Secret(given[5]), std::nullopt));
    store->write_now([&](store::Connection& c) {
        store::add_department(c, department);
        store::add_application(c, application);
        store::add_credential(c, secret);
    });
    std::ifstream file(given[6]);
    std::string user, token;
    while (file) {
        store->write_now([&](store::Connection& c) {
            for (int i = 0; i < 1'000 && std::getline(file, user, '\t') && std::getline(file, token); ++i) {
                model::Account account;
                account.id = model::AccountId::make();
                account.department = department.id;
                account.application = application.id;
                account.name = account.user = user;
                account.retrieval_server = {"127.0.0.1", 993};
                account.submission_server = {"127.0.0.1", 587};
                account.state = model::AccountState::ready;
                account.created = account.state_since = now;
                model::Grant grant;
                grant.account = account.id;
                grant.owner = {"bench", user, user};
                grant.scopes = {"https://outlook.office.com/IMAP.AccessAsUser.All",
                                "https://outlook.office.com/SMTP.Send", "offline_access"};
                grant.access_token =
                    ground.vault->seal(Secret(std::string(1'300, 'x')), grants::place_of_access_token(account.id));
                grant.refresh_token = ground.vault->seal(Secret(token), grants::place_of_refresh_token(account.id));
                grant.access_token_life = 1h;
                grant.access_token_ends = now;
                grant.accepted = grant.renewed = now - 1h;
                store::add_account(c, account);
                store::accept_grant(c, grant);
            }
        });
    }
}

void count(std::string const& place)
{
    auto const store = expect(store::Store::open({.path = place}));
    auto const number = [&](std::string_view where) {
        std::int64_t found = 0;
        store->read_now([&](store::Connection& c) {
            found =
                c.first(fmt::format("SELECT count(*) FROM account_grant WHERE {}", where), [](store::Row const& row) {
                     return row.integer(0);
                 }).value_or(0);
        });
        return found;
    };
    fmt::print("{{\"once\": {}, \"oftener\": {}, \"trouble\": {}, \"asked\": {}}}\n", number("version = accepted + 2"),
               number("version > accepted + 2"), number("trouble <> ''"), number("asked IS NOT NULL"));
}

void look(std::string const& place)
{
    auto const store = expect(store::Store::open({.path = place}));
    std::vector<double> took;
    for (int i = 0; i < 21; ++i) {
        auto const begun = std::chrono::steady_clock::now();
        store->read_now([](store::Connection& c) { (void)store::grant_ends(c); });
        took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
    }
    std::ranges::sort(took);
    fmt::print("{:.1f}\n", took[took.size() / 2]);
}

}  // namespace

int main(int argc, char** argv)
{
    std::vector<std::string> const given(argv + 1, argv + argc);
    try {
        if (given.size() == 7 && given[0] == "make")
            make(given);
        else if (given.size() == 2 && given[0] == "count")
            count(given[1]);
        else if (given.size() == 2 && given[0] == "look")
            look(given[1]);
        else {
            std::fputs("usage: see the top of bench/refresh.cpp\n", stderr);
            return 2;
        }
    } catch (std::exception const& e) {
        fmt::print(stderr, "bench-refresh: {}\n", e.what());
        return 1;
    }
    return 0;
}
