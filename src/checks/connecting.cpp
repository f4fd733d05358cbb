#include "checks/connecting.hpp"

#include "base/text.hpp"
#include "checks/dialogue.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/coordination.hpp"
#include "store/mailboxes.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::checks {

namespace json = boost::json;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// Nobody waits any longer.
constexpr Duration waits = 2min;

Conversation broken_off(Connecting const& connecting, std::string why)
{
    return {.purpose = connecting.purpose,
            .server = connecting.server,
            .steps = {{.kind = StepKind::sign_in, .came = std::move(why), .trouble = Trouble::store}}};
}

Way way_of(Bench::Ground const& ground, Connecting const& connecting)
{
    Way way;
    way.purpose = connecting.purpose;
    way.server = connecting.server;
    way.implicit_tls = connecting.implicit_tls;
    way.folder = connecting.folder;
    way.limit = connecting.limit;
    way.host_name = ground.host_name;
    way.tls = ground.tls;
    way.proxy = ground.proxy;
    way.stop = ground.stop;
    return way;
}

// By the account's own token. Judged anew where the token is: what the account says may have changed since somebody
// asked.
net::awaitable<Result<Way>> way_by_account(Bench::Ground ground, Connecting connecting)
{
    std::optional<model::Account> account;
    std::optional<model::Application> application;
    std::optional<model::Mailbox> mailbox;
    auto look = [&](store::Connection& c) {
        account = store::account(c, *connecting.account);
        if (account && account->application) application = store::application(c, *account->application);
        if (connecting.mailbox) mailbox = store::mailbox(c, *connecting.mailbox);
    };
    co_await ground.ground.store->read(std::move(look));
    if (!account || account->access == model::Access::password || ground.tokens == nullptr)
        co_return failure(Trouble::not_found, "there is no token of " + connecting.account_name + " here");
    auto const place = place_for_token(*account, application, connecting.purpose, connecting.server);
    if (!place) co_return std::unexpected(place.error());
    auto token = co_await ground.tokens->access(account->id);
    if (!token) co_return std::unexpected(token.error());
    auto proof = grants::proof_of(std::move(*token));
    auto const user = connecting.purpose == Purpose::smtp ? grants::submission_user(*account, mailbox, proof.owner)
                                                          : grants::retrieval_user(*account, mailbox, proof.owner);
    if (!user) co_return std::unexpected(user.error());
    auto way = way_of(ground, connecting);
    way.user = *user;
    way.proof = std::move(proof);
    co_return way;
}

// With the token that was given, or the account's; or with none.
net::awaitable<Result<Way>> way_for(Bench::Ground ground, store::Job job, Connecting connecting)
{
    if (connecting.account) {
        auto by_account = co_await way_by_account(std::move(ground), std::move(connecting));
        co_return by_account;
    }
    auto take = [&](store::Connection& c) { return take_token(c, *ground.ground.vault, job); };
    auto token = co_await ground.ground.store->write(std::move(take));
    if (!token) co_return std::unexpected(token.error());
    auto way = way_of(ground, connecting);
    way.user = connecting.user;
    if (*token)
        way.proof = grants::Proof{
            .secret = std::move(**token), .password = false, .ends = Instant::max(), .owner = connecting.user};
    co_return way;
}

std::string told_of(Conversation const& talk, std::shared_ptr<Dialogue> const& dialogue)
{
    auto told = to_json(talk);
    told["dialogue"] = dialogue ? dialogue->to_json() : json::array();
    return json::serialize(told);
}

net::awaitable<void> note_step(store::Store* store, model::JobId id, std::string owner, std::string output)
{
    try {
        auto write = [&](store::Connection& c) { store::note_progress(c, id, owner, output); };
        co_await store->write(std::move(write));
    } catch (store::Failure const& failure) {
        spdlog::debug("a step of a connection test can't be noted: {}", failure.what());
    }
}

}  // namespace

net::awaitable<void> hold_connection(Bench::Ground ground, store::Job job, std::string owner, Connecting connecting)
{
    auto const executor = co_await asio::this_coro::executor;
    auto* const store = ground.ground.store;
    Conversation talk;
    std::string trouble;
    std::shared_ptr<Dialogue> dialogue;
    bool late = false;
    try {
        auto way = co_await way_for(ground, job, connecting);
        auto look = [&](store::Connection& c) { late = c.now() - job.created > waits; };
        co_await store->read(std::move(look));
        if (late) {
            trouble = "the server did not come to it in time; ask again";
        } else if (!way) {
            trouble = way.error().message;
        } else {
            Mask mask;
            if (way->proof) mask = Mask(way->user, way->proof->secret);
            if (connecting.transcript) dialogue = std::make_shared<Dialogue>(std::move(mask));
            way->transcript = dialogue;
            // The job outlives nobody's waiting: a step that can't be noted is noted with the next one.
            way->told = [executor, store, id = job.id, owner, dialogue](Conversation const& so_far) {
                asio::co_spawn(executor, note_step(store, id, owner, told_of(so_far, dialogue)), asio::detached);
            };
            talk = co_await converse(*ground.resolver, std::move(*way));
        }
    } catch (std::exception const& e) {
        trouble = printable(e.what(), 500);
    }
    bool const done = trouble.empty();
    if (!done) talk = broken_off(connecting, std::move(trouble));
    auto finish = [&](store::Connection& c) { store::finish_job(c, job.id, owner, done, told_of(talk, dialogue)); };
    co_await store->write(std::move(finish));
}

}  // namespace postroom::checks
