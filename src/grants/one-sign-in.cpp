#include "grants/one-sign-in.hpp"

#include "base/text.hpp"
#include "base/version.hpp"
#include "grants/places.hpp"
#include "sasl/check.hpp"
#include "sasl/mechanism.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postroom::grants {

namespace {

using Steady = std::chrono::steady_clock;

class Bounded final : public net::Transport {
public:
    Bounded(std::unique_ptr<net::Transport> inner, Steady::time_point until) : inner_(std::move(inner)), until_(until)
    {
    }
    net::awaitable<bool> read_more(std::string& into) override { return inner_->read_more(into); }
    net::awaitable<void> write(Wire const& wire) override { return inner_->write(wire); }
    net::awaitable<void> start_tls() override { return inner_->start_tls(); }
    void expire_after(Duration limit) override { inner_->expire_after(std::min(limit, left())); }
    net::awaitable<net::Woken> wait(Duration limit) override { return inner_->wait(std::min(limit, left())); }
    void nudge() override { inner_->nudge(); }
    void close() noexcept override { inner_->close(); }
    [[nodiscard]] std::string const& peer() const override { return inner_->peer(); }

private:
    [[nodiscard]] Duration left() const
    {
        return std::max(Duration(1), std::chrono::duration_cast<Duration>(until_ - Steady::now()));
    }
    std::unique_ptr<net::Transport> inner_;
    Steady::time_point until_;
};

net::awaitable<std::unique_ptr<net::Transport>> connect(Roads const& roads, model::Account const& account,
                                                        Endpoint const& server, bool starttls,
                                                        std::string_view protocol)
{
    net::Dial how;
    how.server = server;
    how.security = starttls ? net::Security::starttls : net::Security::implicit_tls;
    how.tls = roads.tls;
    how.proxy = roads.proxy;
    how.stop = roads.stop;
    if (roads.until) {
        auto const left = std::chrono::duration_cast<Duration>(*roads.until - Steady::now());
        if (left <= Duration(0)) throw net::Broken(Trouble::timed_out, "there was no time left to connect");
        how.limit = std::min(how.limit, left);
    }
    if (account.transcript && !roads.transcripts.empty()) {
        auto const name = fmt::format("{}/{}-{}-{}.txt", roads.transcripts, to_string(account.id), protocol,
                                      to_string(make_uuid(*roads.clock)));
        auto file = net::transcript_to_file(name, *roads.clock);
        // A transcript that can't be written is no reason to let mail wait.
        if (file) how.transcript = *file;
    }
    auto transport = co_await net::dial(*roads.resolver, std::move(how));
    if (roads.until) transport = ended_at(std::move(transport), *roads.until);
    co_return transport;
}

Refused refused(Endpoint const& server, std::string_view what, std::string_view words)
{
    return {.error = {Trouble::refused, fmt::format("{} refused {}: {}", to_string(server), what, words)}};
}

// It says nothing of the proof.
Refused refused_before_it(Endpoint const& server, std::string_view what, std::string_view words)
{
    auto refusal = refused(server, what, words);
    refusal.passes = true;
    return refusal;
}

Refused no_way_in(Endpoint const& server)
{
    return {.error = {Trouble::refused,
                      fmt::format("{} offers no sign-in with a password, neither PLAIN nor LOGIN", to_string(server))}};
}

using Mechanism = Result<std::unique_ptr<sasl::Mechanism>>;

// What the server offers for the proof, PLAIN ahead of LOGIN; nothing where it offers neither.
template <class Offers>
std::optional<Mechanism> mechanism_for(std::string const& user, Proof const& proof, Offers const& offers)
{
    if (!proof.password) return sasl::xoauth2(user, proof.secret);
    if (offers("PLAIN")) return sasl::plain(user, proof.secret);
    if (offers("LOGIN")) return sasl::login(user, proof.secret);
    return std::nullopt;
}

// Before it stands in a command line.
Result<void> check(std::string const& user, Proof const& proof)
{
    if (auto good = sasl::check_user(user); !good) return good;
    return sasl::check_password(proof.secret);
}

Refused judged(imap::Reply const& reply, imap::Session const& session, Refused refusal)
{
    // RFC 5530 section 3. The words are Exchange's.
    static constexpr std::array<std::string_view, 4> of_the_moment{"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"};
    static constexpr std::array<std::string_view, 3> of_the_mailbox{"AUTHORIZATIONFAILED", "CONTACTADMIN", "NOPERM"};
    auto const says = [&](std::string_view words) { return reply.text.find(words) != std::string::npos; };
    auto const coded = [&](auto const& codes) { return std::ranges::find(codes, reply.code.name) != codes.end(); };
    refusal.passes = coded(of_the_moment) || says("Backoff") || says("Server Unavailable");
    // A NO to the sign-in is about the token; "User is authenticated but not connected." (MailKit #1494) is a BAD and
    // about rights, switches or throttling: a new token changes none of these.
    refusal.of_the_token =
        reply.status == imap::Status::no && !session.signed_in() && !refusal.passes && !coded(of_the_mailbox);
    return refusal;
}

}  // namespace

std::unique_ptr<net::Transport> ended_at(std::unique_ptr<net::Transport> inner, Steady::time_point until)
{
    return std::make_unique<Bounded>(std::move(inner), until);
}

Result<Proof> password_of(Roads const& roads, model::Account const& account)
{
    if (!roads.vault || account.password.bytes.empty())
        return failure(Trouble::internal, fmt::format("the account {} has no password", account.name));
    auto password = roads.vault->unseal(account.password, place_of_password(account.id));
    if (!password) return std::unexpected(password.error());
    return Proof{.secret = std::move(*password), .password = true, .ends = Instant::max(), .owner = account.user};
}

Proof proof_of(AccessToken token)
{
    return {.secret = std::move(token.token), .ends = token.ends, .owner = std::move(token.user_name)};
}

net::awaitable<Tried<imap::Session>> try_imap(Roads roads, model::Account account, std::string user, Proof proof)
{
    auto const& server = account.retrieval_server;
    auto transport = co_await connect(roads, account, server, account.retrieval_starttls, "imap");
    net::Stop::Waiting const waiting(roads.stop, [on_its_way = transport.get()] { on_its_way->close(); });
    auto session = std::make_unique<imap::Session>(std::move(transport));
    co_await session->greet();
    if (account.retrieval_starttls) {
        auto const secured = co_await session->start_tls();
        if (!secured.ok())
            co_return std::unexpected(
                refused_before_it(server, "STARTTLS, without which nothing secret is sent", secured.words()));
    }
    auto mechanism = mechanism_for(user, proof, [&](std::string const& name) { return session->has("AUTH=" + name); });
    imap::Reply reply;
    if (mechanism) {
        if (!*mechanism) co_return std::unexpected(Refused{.error = mechanism->error()});
        reply = co_await session->authenticate(***mechanism);
        mechanism.reset();
    } else {
        if (session->has("LOGINDISABLED")) co_return std::unexpected(no_way_in(server));
        if (auto const good = check(user, proof); !good) co_return std::unexpected(Refused{.error = good.error()});
        reply = co_await session->login(user, std::move(proof.secret));
    }
    if (!reply.ok()) {
        auto refusal = refused(server, "the sign-in as " + user, reply.words());
        if (!reply.challenge.empty()) refusal.error.message += " " + printable(reply.challenge);
        co_return std::unexpected(judged(reply, *session, std::move(refusal)));
    }
    co_await session->identify("Postroom", std::string(version));
    co_return SignedIn<imap::Session>{std::move(session), proof.ends, std::move(proof.owner)};
}

net::awaitable<Tried<pop3::Session>> try_pop3(Roads roads, model::Account account, std::string user, Proof proof)
{
    auto const& server = account.retrieval_server;
    auto transport = co_await connect(roads, account, server, account.retrieval_starttls, "pop3");
    net::Stop::Waiting const waiting(roads.stop, [on_its_way = transport.get()] { on_its_way->close(); });
    auto session = std::make_unique<pop3::Session>(std::move(transport));
    auto const greeting = co_await session->greet();
    if (!greeting.ok()) co_return std::unexpected(refused_before_it(server, "the connection", greeting.words()));
    if (account.retrieval_starttls) {
        auto const secured = co_await session->start_tls();
        if (!secured.ok())
            co_return std::unexpected(
                refused_before_it(server, "STLS, without which nothing secret is sent", secured.words()));
    } else if (proof.password) {
        co_await session->ask_capabilities();
    }
    auto mechanism = mechanism_for(user, proof, [&](std::string const& name) { return session->has_auth(name); });
    pop3::SignIn signed_in;
    if (mechanism) {
        if (!*mechanism) co_return std::unexpected(Refused{.error = mechanism->error()});
        signed_in = co_await session->authenticate(***mechanism);
        mechanism.reset();
    } else {
        if (auto const good = check(user, proof); !good) co_return std::unexpected(Refused{.error = good.error()});
        signed_in = co_await session->login(user, std::move(proof.secret));
    }
    if (!signed_in.ok()) {
        auto const& reply = signed_in.reply;
        auto refusal = refused(server, "the sign-in as " + user, reply.words());
        if (!signed_in.challenge.empty()) refusal.error.message += " " + printable(signed_in.challenge);
        // [SYS/TEMP], [IN-USE] and their like (RFC 2449 section 8, RFC 3206), and Exchange's "Server Unavailable. 21",
        // are about the server or the mailbox.
        refusal.passes = reply.passes();
        refusal.of_the_token = !refusal.passes && (reply.code.empty() || reply.code == "AUTH");
        co_return std::unexpected(std::move(refusal));
    }
    co_await session->ask_capabilities();
    co_return SignedIn<pop3::Session>{std::move(session), proof.ends, std::move(proof.owner)};
}

net::awaitable<Tried<smtp::Session>> try_smtp(Roads roads, model::Account account, std::string user, Proof proof)
{
    auto const& server = account.submission_server;
    bool const implicit = account.submission_implicit_tls;
    auto transport = co_await connect(roads, account, server, !implicit, "smtp");
    net::Stop::Waiting const waiting(roads.stop, [on_its_way = transport.get()] { on_its_way->close(); });
    auto session = std::make_unique<smtp::Session>(std::move(transport));
    auto const no = [&](smtp::Reply const& reply, std::string_view what) {
        return refused_before_it(server, what, reply.words());
    };
    auto const greeting = co_await session->greet();
    if (!greeting.positive()) co_return std::unexpected(no(greeting, "the connection"));
    auto const hello = co_await session->hello(roads.host_name);
    if (!hello.positive()) co_return std::unexpected(no(hello, "EHLO"));
    if (!implicit) {
        auto const secured = co_await session->start_tls();
        if (!secured.positive())
            co_return std::unexpected(no(secured, "STARTTLS, without which nothing secret is sent"));
    }
    auto mechanism =
        mechanism_for(user, proof, [&](std::string_view name) { return session->extensions().has_auth(name); });
    if (!mechanism) co_return std::unexpected(no_way_in(server));
    if (!*mechanism) co_return std::unexpected(Refused{.error = mechanism->error()});
    auto const signed_in = co_await session->authenticate(***mechanism);
    mechanism.reset();
    if (!signed_in.ok()) {
        auto refusal = refused(server, "the sign-in as " + user, signed_in.reply.words());
        refusal.passes = signed_in.reply.transient();
        auto const& enhanced = signed_in.reply.enhanced;
        // 535 (RFC 4954 section 6) with 5.7.3 is about the token or the user; the 5.7.139 family is about switches and
        // policies.
        bool const policy = enhanced && enhanced->subject == 7 && enhanced->detail == 139;
        refusal.of_the_token = signed_in.reply.code == 535 && !policy;
        co_return std::unexpected(std::move(refusal));
    }
    co_return SignedIn<smtp::Session>{std::move(session), proof.ends, std::move(proof.owner)};
}

}  // namespace postroom::grants
