// own-links: Postroom's own parts reach each other: the store answers, the vault opens what is in it, and the
// External URL is there. Told by: reading the store, unsealing one of its secrets, and a GET at the External URL.
#include "checks/own-links.hpp"

#include "checks/bench.hpp"
#include "checks/items.hpp"
#include "checks/judging.hpp"
#include "grants/places.hpp"

#include <fmt/format.h>

namespace postroom::checks {

// One of each kind: they are all sealed with the same key.
std::string what_stays_shut(Bench const& bench)
{
    auto const& vault = bench.ground().vault;
    auto const shut = [&](model::Sealed const& sealed, std::string const& place, std::string const& what) {
        auto const opened = vault->unseal(sealed, place);
        return opened ? std::string() : fmt::format("{}: {}", what, opened.error().message);
    };
    std::string words;
    for (auto const& application : bench.files().applications) {
        if (application->credentials.empty()) continue;
        auto const& credential = application->credentials.front();
        words = shut(credential.value, grants::place_of_credential(credential.id),
                     "the credential of " + application->application.name);
        break;
    }
    for (auto const& account : bench.files().accounts) {
        if (!words.empty()) break;
        if (!account->grant || account->grant->access_token.bytes.empty()) continue;
        words = shut(account->grant->access_token, grants::place_of_access_token(account->account.id),
                     "the grant of " + account->account.name);
        break;
    }
    return words;
}

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const locked = what_stays_shut(*bench);
    if (!locked.empty()) co_return fails("vault-key-differs", locked, target);
    auto const& url = bench->files().external_url;
    if (url.empty()) co_return holds("the store answers, and the vault's key opens what is in it");
    auto const page = co_await bench->page(url + "/api/v1/version");
    if (page->error) co_return fails("external-url-unreachable", page->error->message, target);
    co_return holds(fmt::format("the store answers, the vault's key opens what is in it, and {} answers", url));
}

}  // namespace

Item item::own_links()
{
    return {.id = "own-links",
            .must = mark("Postroom's own parts reach each other: store, vault key, External URL"),
            .about = About::partition,
            .side = Side::both,
            .grounds = {"minimum-version", "external-url"},
            .look = look};
}

}  // namespace postroom::checks
