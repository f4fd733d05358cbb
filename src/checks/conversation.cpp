#include "checks/conversation.hpp"

#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "checks/dialogue.hpp"
#include "imap/folders.hpp"
#include "mime/test-mail.hpp"
#include "net/stream.hpp"
#include "pop3/session.hpp"
#include "sasl/check.hpp"
#include "sasl/mechanism.hpp"
#include "smtp/session.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

namespace postroom::checks {

namespace {

using Steady = std::chrono::steady_clock;

class Course {
public:
    explicit Course(Way way) : way(std::move(way))
    {
        talk.purpose = this->way.purpose;
        talk.server = this->way.server;
        if (this->way.proof) mask_ = Mask(this->way.user, this->way.proof->secret);
    }

    void begin(StepKind kind, std::string asked)
    {
        talk.steps.push_back({.kind = kind, .asked = std::move(asked)});
        begun_ = Steady::now();
    }
    void hold(std::string_view came) { end(came, true); }
    // The server's own words. What follows is not tried.
    void refuse(std::string_view came, bool passes = false)
    {
        end(came, false);
        talk.steps.back().trouble = Trouble::refused;
        talk.steps.back().passes = passes;
    }
    void fail(Trouble trouble, std::string_view why)
    {
        if (talk.steps.empty() || talk.steps.back().held) return;
        end(why, false);
        talk.steps.back().trouble = trouble;
    }

    Way way;
    Conversation talk;

private:
    void end(std::string_view came, bool held)
    {
        auto& step = talk.steps.back();
        step.came = came.empty() ? "nothing" : printable(mask_.over(came), 1'000);
        step.held = held;
        step.took = std::chrono::ceil<Duration>(Steady::now() - begun_);
        if (way.told) way.told(talk);
    }
    Steady::time_point begun_ = Steady::now();
    Mask mask_;
};

using Transport = std::unique_ptr<net::Transport>;

bool through_proxy(Way const& way)
{
    return way.proxy && way.proxy->leads_to(way.server.host);
}

net::awaitable<void> resolve(Course& course, net::Resolver& resolver)
{
    course.begin(StepKind::resolve, course.way.server.host);
    auto const addresses = co_await resolver.resolve(course.way.server.host, course.way.limit, course.way.stop);
    for (auto const& each : addresses) course.talk.addresses.push_back(each.to_string());
    course.hold(fmt::format("{}", fmt::join(course.talk.addresses, ", ")));
}

// Plain at first, whatever follows, so that TLS is a step of its own.
net::awaitable<Transport> connect(Course& course, net::Resolver& resolver)
{
    auto const& way = course.way;
    course.begin(StepKind::connect,
                 to_string(way.server) + (through_proxy(way) ? " through the proxy " + to_string(way.proxy->at) : ""));
    net::Dial how;
    how.server = way.server;
    how.security = net::Security::starttls;
    how.tls = way.tls;
    how.limit = way.limit;
    how.transcript = way.transcript;
    how.proxy = way.proxy;
    how.stop = way.stop;
    auto transport = co_await net::dial(resolver, std::move(how));
    course.hold("connected");
    co_return transport;
}

void note_tls(Course& course, net::Stream const* stream)
{
    auto const* const tls = stream != nullptr ? stream->tls() : nullptr;
    if (tls == nullptr) {
        course.hold("agreed");
        return;
    }
    course.talk.tls_version = tls->protocol();
    course.talk.chain = tls->chain();
    auto words = course.talk.tls_version;
    for (auto const& each : course.talk.chain)
        words += fmt::format("; {}, issued by {}, from {} to {}", each.subject, each.issuer, to_readable(each.begins),
                             to_readable(each.ends));
    course.hold(words);
}

net::awaitable<void> secure(Course& course, net::Transport& transport)
{
    course.begin(StepKind::tls, "a handshake, with a certificate for " + course.way.server.host);
    transport.expire_after(course.way.limit);
    co_await transport.start_tls();
    note_tls(course, dynamic_cast<net::Stream const*>(&transport));
}

using Mechanism = Result<std::unique_ptr<sasl::Mechanism>>;

template <class Offers>
Mechanism mechanism_for(Way const& way, Offers const& offers)
{
    if (!way.proof->password) return sasl::xoauth2(way.user, way.proof->secret);
    if (offers("PLAIN")) return sasl::plain(way.user, way.proof->secret);
    if (offers("LOGIN")) return sasl::login(way.user, way.proof->secret);
    return failure(Trouble::refused,
                   fmt::format("{} offers no sign-in with a password, neither PLAIN nor LOGIN", to_string(way.server)));
}

void begin_sign_in(Course& course, std::string_view verb)
{
    course.talk.user = course.way.user;
    course.begin(StepKind::sign_in, fmt::format("{} as {}, with {}", verb, course.way.user,
                                                course.way.proof->password ? "a password" : "an access token"));
}

template <class Set>
std::string listed(Set const& words)
{
    return fmt::format("{}", fmt::join(words, " "));
}

// --- IMAP

net::awaitable<void> open_imap(Course& course, imap::Session& session)
{
    course.begin(StepKind::mailbox, "EXAMINE " + course.way.folder);
    auto const opened = co_await imap::open_folder(session, course.way.folder, true);
    if (!opened) {
        course.refuse(opened.error().words());
        co_return;
    }
    course.hold(fmt::format("{}: {} mails", opened->name, opened->state.exists));
    if (opened->state.exists == 0) co_return;
    course.begin(StepKind::mail, "UID FETCH of the newest mail's date and size");
    imap::SearchFor recent;
    // The highest UID is always found, were it below (RFC 3501 section 6.4.8), so that nothing large comes.
    recent.from_uid = opened->state.uid_next.value_or(0) > 1 ? *opened->state.uid_next - 1 : imap::Uid(1);
    auto const uids = co_await session.search(recent);
    if (!uids) {
        course.refuse(uids.error().words());
        co_return;
    }
    if (uids->empty()) {
        course.hold("nothing is listed now");
        co_return;
    }
    auto const info = co_await session.fetch_info({uids->back()});
    if (!info)
        course.refuse(info.error().words());
    else
        course.hold(fmt::format("UID {}", uids->back()));
}

net::awaitable<void> talk_imap(Course& course, Transport transport)
{
    auto const& way = course.way;
    if (way.implicit_tls) co_await secure(course, *transport);
    auto const* const stream = dynamic_cast<net::Stream const*>(transport.get());
    imap::Session session(std::move(transport), {.greeting = way.limit, .command = way.limit, .sign_in = way.limit});
    course.begin(StepKind::greeting, "");
    co_await session.greet();
    course.hold(session.greeting());
    if (!way.implicit_tls) {
        course.begin(StepKind::tls, "STARTTLS, with a certificate for " + way.server.host);
        auto const secured = co_await session.start_tls();
        if (!secured.ok()) {
            course.refuse(secured.words());
            co_return;
        }
        note_tls(course, stream);
    }
    course.begin(StepKind::capabilities, "CAPABILITY");
    course.hold(listed(session.capabilities()));
    if (!way.proof) {
        co_await session.logout();
        co_return;
    }
    auto mechanism = mechanism_for(way, [&](std::string const& name) { return session.has("AUTH=" + name); });
    begin_sign_in(course, mechanism ? "AUTHENTICATE " + std::string((*mechanism)->name()) : "AUTHENTICATE");
    if (!mechanism) {
        course.refuse(mechanism.error().message);
        co_return;
    }
    auto const reply = co_await session.authenticate(**mechanism);
    mechanism->reset();
    if (!reply.ok() && session.signed_in()) {
        // Exchange takes the token, and refuses whatever comes then (MailKit #1494).
        course.hold("the sign-in was taken");
        course.begin(StepKind::mailbox, "CAPABILITY");
        course.refuse(reply.words());
        co_return;
    }
    if (!reply.ok()) {
        course.refuse(reply.words() + (reply.challenge.empty() ? "" : " " + reply.challenge));
        co_return;
    }
    course.hold(reply.words());
    co_await open_imap(course, session);
    co_await session.logout();
}

// --- POP3

net::awaitable<void> open_pop3(Course& course, pop3::Session& session)
{
    course.begin(StepKind::mailbox, "STAT, UIDL");
    auto const status = co_await session.status();
    if (!status) {
        course.refuse(status.error().words(), status.error().passes());
        co_return;
    }
    auto const ids = co_await session.unique_ids();
    if (!ids) {
        course.refuse(ids.error().words(), ids.error().passes());
        co_return;
    }
    course.hold(fmt::format("{} mails, {} octets; {} unique ids", status->mails, status->octets, ids->mails.size()));
    if (ids->mails.empty()) co_return;
    course.begin(StepKind::mail, fmt::format("TOP {} 0", ids->mails.back().number));
    auto const top = co_await session.top(ids->mails.back().number, 0);
    if (!top)
        course.refuse(top.error().words(), top.error().passes());
    else
        course.hold(fmt::format("{} octets of header", top->size()));
}

net::awaitable<void> talk_pop3(Course& course, Transport transport)
{
    auto const& way = course.way;
    if (way.implicit_tls) co_await secure(course, *transport);
    auto const* const stream = dynamic_cast<net::Stream const*>(transport.get());
    pop3::Session session(std::move(transport), {.greeting = way.limit, .command = way.limit, .sign_in = way.limit});
    course.begin(StepKind::greeting, "");
    auto const greeting = co_await session.greet();
    if (!greeting.ok()) {
        course.refuse(greeting.words(), greeting.passes());
        co_return;
    }
    course.hold(greeting.words());
    if (!way.implicit_tls) {
        course.begin(StepKind::tls, "STLS, with a certificate for " + way.server.host);
        auto const secured = co_await session.start_tls();
        if (!secured.ok()) {
            course.refuse(secured.words());
            co_return;
        }
        note_tls(course, stream);
    }
    course.begin(StepKind::capabilities, "CAPA");
    co_await session.ask_capabilities();
    course.hold(session.has_auth("XOAUTH2") ? "SASL XOAUTH2" : "no XOAUTH2 among the mechanisms");
    if (!way.proof) {
        session.close();
        co_return;
    }
    auto mechanism = mechanism_for(way, [&](std::string const& name) { return session.has_auth(name); });
    begin_sign_in(course, mechanism ? "AUTH " + std::string((*mechanism)->name()) : "AUTH");
    if (!mechanism) {
        course.refuse(mechanism.error().message);
        co_return;
    }
    auto const signed_in = co_await session.authenticate(**mechanism);
    mechanism->reset();
    auto const& reply = signed_in.reply;
    if (!signed_in.ok()) {
        course.refuse(reply.words() + (signed_in.challenge.empty() ? "" : " " + signed_in.challenge), reply.passes());
        co_return;
    }
    course.hold(reply.words());
    co_await open_pop3(course, session);
    auto const bye = co_await session.quit();
    (void)bye;  // nothing was marked
}

// --- SMTP

net::awaitable<void> send_test_mail(Course& course, smtp::Session& session)
{
    auto const& way = course.way;
    course.begin(StepKind::send, fmt::format("a marked mail from {} to itself", way.test_mail_from));
    course.talk.message_id = mime::make_message_id(way.test_mail_from);
    course.talk.mail_begun = way.clock->now();
    auto const mail = mime::test_mail(way.test_mail_from, way.test_key, course.talk.mail_begun, course.talk.message_id);
    if (!mail) {
        course.fail(Trouble::invalid, mail.error().message);
        co_return;
    }
    smtp::Envelope envelope;
    envelope.from = way.test_mail_from;
    envelope.utf8 = envelope.eight_bit = mail->needs_smtputf8;
    envelope.size = mail->bytes.size();
    for (auto const& address : mail->recipients) envelope.to.push_back({.address = address});
    auto const offered = co_await session.offer(envelope);
    if (!offered) {
        course.fail(offered.error().kind, offered.error().message);
        co_return;
    }
    auto const* refusal = offered->mail.positive() ? nullptr : &offered->mail;
    if (refusal == nullptr && offered->accepted() == 0 && !offered->recipients.empty())
        refusal = &offered->recipients.front();
    if (refusal == nullptr && !offered->go_ahead()) refusal = &offered->data;
    if (refusal != nullptr) {
        course.refuse(refusal->words(), refusal->transient());
        if (offered->go_ahead()) session.abandon();
        co_return;
    }
    co_await session.stream(mail->bytes);
    auto const stopped = co_await session.streamed();
    if (stopped) {
        course.refuse(stopped->words(), stopped->transient());
        co_return;
    }
    course.talk.in_doubt = true;
    auto const reply = co_await session.finish();
    course.talk.in_doubt = false;
    if (reply.positive())
        course.hold(reply.words());
    else
        course.refuse(reply.words(), reply.transient());
}

net::awaitable<void> talk_smtp(Course& course, Transport transport)
{
    auto const& way = course.way;
    if (way.implicit_tls) co_await secure(course, *transport);
    auto const* const stream = dynamic_cast<net::Stream const*>(transport.get());
    smtp::Session session(std::move(transport), {.greeting = way.limit, .command = way.limit, .sign_in = way.limit});
    course.begin(StepKind::greeting, "");
    auto const greeting = co_await session.greet();
    if (!greeting.positive()) {
        course.refuse(greeting.words(), greeting.transient());
        co_return;
    }
    course.hold(greeting.words());
    course.begin(StepKind::starttls, "EHLO " + way.host_name);
    auto const hello = co_await session.hello(way.host_name);
    bool const can = way.implicit_tls || session.extensions().starttls;
    if (!hello.positive() || !can) {
        course.refuse(hello.positive() ? "STARTTLS is not among what it offers: " + hello.words() : hello.words(),
                      hello.transient());
        co_return;
    }
    course.hold(hello.words());
    if (!way.implicit_tls) {
        course.begin(StepKind::tls, "STARTTLS, with a certificate for " + way.server.host);
        auto const secured = co_await session.start_tls();
        if (!secured.positive()) {
            course.refuse(secured.words(), secured.transient());
            co_return;
        }
        note_tls(course, stream);
    }
    course.begin(StepKind::capabilities, "EHLO in TLS");
    course.hold("AUTH " + listed(session.extensions().auth));
    if (!way.proof) {
        co_await session.quit();
        co_return;
    }
    auto mechanism = mechanism_for(way, [&](std::string const& name) { return session.extensions().has_auth(name); });
    begin_sign_in(course, mechanism ? "AUTH " + std::string((*mechanism)->name()) : "AUTH");
    if (!mechanism) {
        course.refuse(mechanism.error().message);
        co_return;
    }
    auto const signed_in = co_await session.authenticate(**mechanism);
    mechanism->reset();
    if (!signed_in.ok()) {
        course.refuse(signed_in.reply.words(), signed_in.reply.transient());
        co_return;
    }
    course.hold(signed_in.reply.words());
    if (!way.test_mail_from.empty()) co_await send_test_mail(course, session);
    if (!session.gone()) co_await session.quit();
}

net::awaitable<void> go_through(Course& course, net::Resolver& resolver)
{
    // A proxy resolves the name itself.
    if (!through_proxy(course.way)) co_await resolve(course, resolver);
    auto transport = co_await connect(course, resolver);
    net::Stop::Waiting const waiting(course.way.stop, [on_its_way = transport.get()] { on_its_way->close(); });
    auto const purpose = course.way.purpose;
    if (purpose == Purpose::provider) {
        co_await secure(course, *transport);
        transport->close();
    } else if (purpose == Purpose::imap) {
        co_await talk_imap(course, std::move(transport));
    } else if (purpose == Purpose::pop3) {
        co_await talk_pop3(course, std::move(transport));
    } else {
        co_await talk_smtp(course, std::move(transport));
    }
}

}  // namespace

std::string_view to_string(Purpose purpose)
{
    switch (purpose) {
        case Purpose::provider: return "HTTPS";
        case Purpose::imap: return "IMAP";
        case Purpose::pop3: return "POP3";
        case Purpose::smtp: return "SMTP";
    }
    return "";
}

std::uint16_t usual_port(Purpose purpose)
{
    switch (purpose) {
        case Purpose::provider: return 443;
        case Purpose::imap: return 993;
        case Purpose::pop3: return 995;
        case Purpose::smtp: return 587;
    }
    return 0;
}

std::string_view to_string(StepKind step)
{
    switch (step) {
        case StepKind::resolve: return "resolve";
        case StepKind::connect: return "connect";
        case StepKind::starttls: return "ehlo";
        case StepKind::tls: return "tls";
        case StepKind::greeting: return "greeting";
        case StepKind::capabilities: return "capabilities";
        case StepKind::sign_in: return "sign-in";
        case StepKind::mailbox: return "mailbox";
        case StepKind::mail: return "mail";
        case StepKind::send: return "send";
    }
    return "";
}

Step const* Conversation::find(StepKind kind) const
{
    auto const found = std::ranges::find(steps, kind, &Step::kind);
    return found == steps.end() ? nullptr : &*found;
}

bool Conversation::held(StepKind kind) const
{
    auto const* const step = find(kind);
    return step != nullptr && step->held;
}

Step const* Conversation::broken() const
{
    return steps.empty() || steps.back().held ? nullptr : &steps.back();
}

net::awaitable<Conversation> converse(net::Resolver& resolver, Way way)
{
    Course course(std::move(way));
    try {
        co_await go_through(course, resolver);
    } catch (net::Broken const& broken) {
        course.fail(broken.kind(), broken.what());
    }
    co_return std::move(course.talk);
}

}  // namespace postroom::checks
