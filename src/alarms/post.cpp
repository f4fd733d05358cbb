#include "alarms/post.hpp"

#include "base/text.hpp"
#include "grants/one-sign-in.hpp"
#include "grants/places.hpp"
#include "mime/compose.hpp"

#include <fmt/format.h>

namespace postroom::alarms {

namespace {

using Session = std::unique_ptr<smtp::Session>;

// An alarm has somebody waiting, and the next route.
constexpr smtp::SessionLimits limits{
    .greeting{20'000}, .command{20'000}, .sign_in{20'000}, .transfer{20'000}, .final_reply{50'000}, .quit{2'000}};

Error refused(Way const& way, std::string_view what, smtp::Reply const& reply)
{
    return {Trouble::refused, fmt::format("{} refused {}: {}", to_string(way.route.server), what, reply.words())};
}

net::awaitable<Result<Session>> by_account(grants::Roads roads, Way const& way)
{
    if (!way.account) co_return failure(Trouble::not_found, "its account is not there any more");
    auto mailbox = way.mailbox;
    if (way.account->access != model::Access::application) mailbox.reset();
    auto signed_in = co_await grants::sign_in_smtp(roads, *way.account, mailbox);
    if (!signed_in) co_return std::unexpected(signed_in.error());
    co_return std::move(signed_in->session);
}

// Somebody signs in: only over TLS (grants/one-sign-in.hpp).
net::awaitable<Result<Session>> with_password(grants::Roads roads, Way const& way)
{
    model::Account account;
    account.name = way.name();
    account.access = model::Access::password;
    account.user = way.route.user;
    account.submission_server = way.route.server;
    account.submission_implicit_tls = way.route.security == model::AlarmRoute::Security::tls;
    auto password = roads.vault->unseal(way.route.password, grants::place_of_route_password(way.route.id));
    if (!password) co_return std::unexpected(password.error());
    grants::Proof proof{
        .secret = std::move(*password), .password = true, .ends = Instant::max(), .owner = account.user};
    auto user = account.user;
    auto tried = co_await grants::try_smtp(roads, std::move(account), std::move(user), std::move(proof));
    if (!tried) co_return std::unexpected(tried.error().error);
    co_return std::move(tried->session);
}

net::awaitable<Result<Session>> without_sign_in(grants::Roads roads, Way const& way)
{
    using enum model::AlarmRoute::Security;
    net::Dial how;
    how.server = way.route.server;
    how.security = way.route.security == tls        ? net::Security::implicit_tls
                   : way.route.security == starttls ? net::Security::starttls
                                                    : net::Security::none;
    how.tls = roads.tls;
    how.proxy = roads.proxy;
    how.stop = roads.stop;
    how.limit = Duration(20'000);
    auto transport = co_await net::dial(*roads.resolver, std::move(how));
    transport = grants::ended_at(std::move(transport), *roads.until);
    net::Stop::Waiting const waiting(roads.stop, [on_its_way = transport.get()] { on_its_way->close(); });
    auto session = std::make_unique<smtp::Session>(std::move(transport), limits);
    auto const greeting = co_await session->greet();
    if (!greeting.positive()) co_return std::unexpected(refused(way, "the connection", greeting));
    auto const hello = co_await session->hello(roads.host_name);
    if (!hello.positive()) co_return std::unexpected(refused(way, "EHLO", hello));
    if (way.route.security == starttls) {
        auto const secured = co_await session->start_tls();
        if (!secured.positive()) co_return std::unexpected(refused(way, "STARTTLS", secured));
    }
    co_return std::move(session);
}

Result<mime::Composed> compose(Letter const& letter, std::string const& sender)
{
    auto const domain = sender.substr(sender.rfind('@') + 1);
    mime::Draft draft;
    draft.from = {"Postroom", sender};
    for (auto const& each : letter.recipients) draft.to.push_back({{}, each});
    draft.subject = letter.subject;
    draft.date = letter.written;
    // The same however often it is sent: that is how a repeat is known.
    draft.message_id = fmt::format("{}@{}", to_string(letter.id), domain);
    if (letter.call) draft.references = {fmt::format("alarm.{}@{}", to_string(*letter.call), domain)};
    draft.text = letter.text;
    draft.auto_submitted = "auto-generated";
    return mime::compose(draft);
}

net::awaitable<Result<Left>> hand_over(Way const& way, Session const& session, Letter const& letter)
{
    auto const sender = sender_of(way);
    auto const composed = compose(letter, sender);
    if (!composed) co_return std::unexpected(composed.error());
    smtp::Envelope envelope;
    envelope.from = sender;
    envelope.size = composed->bytes.size();
    envelope.utf8 = envelope.eight_bit = composed->needs_smtputf8;
    for (auto const& each : letter.recipients) envelope.to.push_back({.address = each});
    auto const offered = co_await session->offer(envelope);
    if (!offered) co_return std::unexpected(offered.error());
    if (!offered->mail.positive()) co_return std::unexpected(refused(way, "the sender " + sender, offered->mail));
    Left left;
    for (std::size_t i = 0; i < letter.recipients.size(); ++i)
        if (i >= offered->recipients.size() || !offered->recipients[i].positive())
            left.emplace_back(letter.recipients[i],
                              i < offered->recipients.size() ? offered->recipients[i].words() : "no answer");
    if (left.size() == letter.recipients.size())
        co_return failure(Trouble::refused, fmt::format("{} refused {}: {}", to_string(way.route.server),
                                                        left.front().first, left.front().second));
    if (!offered->go_ahead()) co_return std::unexpected(refused(way, "the mail", offered->data));
    co_await session->stream(composed->bytes);
    auto const reply = co_await session->finish();
    if (!reply.positive()) co_return std::unexpected(refused(way, "the mail", reply));
    co_return left;
}

net::awaitable<Result<Left>> try_to(grants::Roads roads, Way const& way, Letter const& letter)
{
    Result<Session> session = std::unexpected(Error(Trouble::internal, ""));
    if (way.route.kind == model::AlarmRoute::Kind::account)
        session = co_await by_account(roads, way);
    else if (!way.route.user.empty())
        session = co_await with_password(roads, way);
    else
        session = co_await without_sign_in(roads, way);
    if (!session) co_return std::unexpected(session.error());
    auto left = co_await hand_over(way, *session, letter);
    co_await (*session)->quit();
    co_return left;
}

}  // namespace

std::string Way::name() const
{
    if (route.kind == model::AlarmRoute::Kind::server) return "server " + to_string(route.server);
    return "account " + (account ? account->name : std::string("(removed)"));
}

std::string sender_of(Way const& way)
{
    if (!way.route.sender.empty()) return way.route.sender;
    if (way.mailbox && way.account && way.account->access == model::Access::application) return way.mailbox->address;
    return way.account ? way.account->user : std::string();
}

net::awaitable<Result<Left>> post(grants::Roads roads, Way way, Letter letter, Duration limit)
{
    roads.until = std::chrono::steady_clock::now() + limit;
    Result<Left> left = failure(Trouble::internal, "");
    try {
        left = co_await try_to(std::move(roads), way, letter);
    } catch (std::exception const& trouble) {
        left = failure(Trouble::unreachable, trouble.what());
    }
    co_return left;
}

}  // namespace postroom::alarms
