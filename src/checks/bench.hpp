// What one run of the check list works with: what the store says, and what servers were asked, each question once
// however many items need its answer.
#pragma once

#include "checks/judging.hpp"
#include "checks/trip.hpp"
#include "grants/tokens.hpp"
#include "oauth/authority.hpp"
#include "oauth/token-call.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <map>

namespace postroom::checks {

/// Answers by what was asked. Whoever asks while somebody else does waits for the same. For one event loop.
template <class T>
class Asked {
public:
    using Answer = std::shared_ptr<T const>;

    net::awaitable<Answer> ask(std::string key, std::function<net::awaitable<T>()> question)
    {
        auto& slot = slots_[key];
        if (!slot) {
            auto const executor = co_await boost::asio::this_coro::executor;
            auto const mine = std::make_shared<Slot>(executor);
            slot = mine;
            try {
                auto answer = co_await question();
                mine->answer = std::make_shared<T const>(std::move(answer));
            } catch (...) {
                mine->trouble = std::current_exception();
            }
            mine->answered.cancel();
            if (mine->trouble) std::rethrow_exception(mine->trouble);
            co_return mine->answer;
        }
        auto const others = slot;
        while (!others->answer && !others->trouble) {
            boost::system::error_code woken;
            co_await others->answered.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        }
        if (others->trouble) std::rethrow_exception(others->trouble);
        co_return others->answer;
    }

private:
    struct Slot {
        explicit Slot(boost::asio::any_io_executor const& executor)
            : answered(executor, std::chrono::steady_clock::time_point::max())
        {
        }
        boost::asio::steady_timer answered;
        Answer answer;
        std::exception_ptr trouble;
    };
    std::map<std::string, std::shared_ptr<Slot>> slots_;
};

/// What the store says, at one instant.
struct Files {
    std::string external_url;
    std::string test_key;  ///< marks mails to oneself
    Duration patience{};   ///< that a mail to oneself has to come back
    std::int64_t schema = 0;
    std::vector<std::shared_ptr<ApplicationFile const>> applications;
    std::vector<std::shared_ptr<AccountFile const>> accounts;
    std::vector<store::ConsoleName> console_names;
};

/// A page, or why there is none.
struct Page {
    net::HttpsAnswer answer;
    std::optional<Error> error;
    Instant at{};  ///< when it came
};

/// How the account's grant is, after it was renewed.
struct Renewal {
    Result<grants::AccessToken> token = failure(Trouble::not_found, "");
    bool renewed = false;
    std::optional<Error> refusal;  ///< of a renewal that was tried
};

class Bench {
public:
    struct Ground {
        grants::Ground ground;
        net::Resolver* resolver;
        std::shared_ptr<net::TlsContext> tls;
        std::shared_ptr<net::Proxy const> proxy;
        std::string host_name;
        grants::Tokens* tokens = nullptr;  ///< of a services server
        std::shared_ptr<net::Stop> stop;   ///< or none
        /// Has the mailbox of that address compared with its server now; of a services server.
        std::function<void(std::string address)> retrieve = [](std::string const& /*address*/) {};
    };
    Bench(Ground ground, Files files, bool may_send)
        : on_(std::move(ground)), files_(std::move(files)), sends_(may_send)
    {
    }

    [[nodiscard]] Files const& files() const { return files_; }
    [[nodiscard]] grants::Ground const& ground() const { return on_.ground; }
    [[nodiscard]] net::Proxy const* proxy() const { return on_.proxy.get(); }
    [[nodiscard]] Instant now() const { return on_.ground.clock->now(); }
    /// Whatever is waited for now is not to be waited for.
    [[nodiscard]] bool stopping() const { return on_.stop && on_.stop->is_now(); }
    /// A marked mail of each mailbox to itself was agreed to.
    [[nodiscard]] bool may_send() const { return sends_; }

    // Each asks once in a run. What the network did is in the answer; the store's Failure is thrown.

    /// Up to TLS and what the server can do; nobody signs in.
    [[nodiscard]] net::awaitable<std::shared_ptr<Conversation const>> reach(Place place);
    /// For the target's mailbox, or as the account's user where it has none.
    [[nodiscard]] net::awaitable<std::shared_ptr<Conversation const>> retrieval(Target target);
    [[nodiscard]] net::awaitable<std::shared_ptr<Conversation const>> submission(Target target);
    /// A marked mail of the target's mailbox to itself, until it is back and gone.
    [[nodiscard]] net::awaitable<std::shared_ptr<Trip const>> round_trip(Target target);
    /// Removes the marked mails that were sent, or may have been, and that no round trip removes, within `limit`; after
    /// each, `left` are left. Says in the log which one it can't.
    using StillLeft = std::function<net::awaitable<void>(std::int64_t left)>;
    [[nodiscard]] net::awaitable<void> clear_away(Duration limit, StillLeft still_left);
    [[nodiscard]] net::awaitable<std::shared_ptr<Renewal const>> renewal(std::shared_ptr<AccountFile const> account);
    /// What is known beside what a server said in a conversation of the target.
    [[nodiscard]] net::awaitable<Standing> standing(Target target, std::shared_ptr<Conversation const> talk);
    [[nodiscard]] net::awaitable<std::shared_ptr<Page const>> page(std::string url);
    [[nodiscard]] net::awaitable<std::shared_ptr<Result<oauth::Provider> const>> provider(
        std::shared_ptr<ApplicationFile const> application);
    /// What the provider's sign-in page says to the application and its redirect URL, where nobody is signed in and
    /// nobody may be asked (prompt=none): it sends the browser back, or shows what is wrong and does not.
    [[nodiscard]] net::awaitable<std::shared_ptr<Page const>> sign_in_page(
        std::shared_ptr<ApplicationFile const> application);

private:
    using Steady = std::chrono::steady_clock;
    struct Marked {
        Target target;
        Steady::time_point sent;
    };

    [[nodiscard]] net::awaitable<Trip> travel(Target target);
    /// Waits until the mail is back, as long as one may, and removes it wherever it is.
    [[nodiscard]] net::awaitable<void> follow(Trip& trip, Target target);
    [[nodiscard]] net::awaitable<void> take_home(Marked marked, std::shared_ptr<std::int64_t> left,
                                                 StillLeft still_left);
    [[nodiscard]] grants::Roads roads() const;
    [[nodiscard]] Way way_to(Place const& place) const;
    [[nodiscard]] net::awaitable<Conversation> signed_in(Target target, Purpose purpose);
    [[nodiscard]] net::awaitable<Renewal> renew(model::AccountId account);
    [[nodiscard]] net::awaitable<Page> fetch(std::string url);
    [[nodiscard]] net::awaitable<Page> ask_sign_in_page(std::shared_ptr<ApplicationFile const> application);

    Ground on_;
    Files files_;
    bool sends_;
    std::map<model::MailboxId, Marked> marked_;
    std::optional<Steady::time_point> until_;  // nothing is waited for any longer
    Asked<Conversation> conversations_;
    Asked<Renewal> renewals_;
    Asked<Trip> trips_;
    Asked<Page> pages_;
    Asked<Result<oauth::Provider>> providers_;
};

/// Everything, or what is `account`'s. Throws store::Failure.
[[nodiscard]] Files read_files(store::Connection& c, std::string const& account, Instant now);

}  // namespace postroom::checks
