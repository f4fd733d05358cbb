#include "grants/trial.hpp"

#include "base/text.hpp"
#include "grants/one-sign-in.hpp"
#include "grants/together.hpp"
#include "imap/folders.hpp"
#include "mime/test-mail.hpp"
#include "model/causes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postroom::grants {

namespace {

using model::Outcome;
using Steady = std::chrono::steady_clock;

// What one sign-in, and what was asked behind it, showed.
struct Look {
    Outcome outcome = Outcome::could_not_be_told;
    std::string words;
    std::string remedy = {};     // of the likeliest cause, where it is known
    bool of_the_token = false;   // the server refused the token
    bool let_in = false;         // it took the token, whatever came then
    bool of_the_folder = false;  // the mailbox opens
};

struct Course {
    Roads roads;
    Trying trying;
    Proof proof;
    Steady::time_point end;
    std::vector<Look> opened;  // a mailbox each; without one, the account's user
    std::vector<Look> sent;    // a mailbox each
    Look submission = {};      // where one sign-in serves all of them

    [[nodiscard]] bool for_each_mailbox() const { return submits_as_mailbox(trying.account); }
    [[nodiscard]] Roads roads_from_now(bool whole = false) const
    {
        auto bounded = roads;
        bounded.until = whole ? end : std::min(end, Steady::now() + trying.limits.each);
        return bounded;
    }
};

Look untold(std::string words)
{
    return {.words = std::move(words)};
}

// A refusal by its words: of the moment, or definite.
Look refusal(Course const& course, std::string words, model::Speaker speaker, bool passes)
{
    auto const explanation = model::explain(
        words, {.speaker = speaker, .application_only = course.trying.account.access == model::Access::application});
    auto const* const likeliest = explanation.known() ? explanation.causes.front().cause : nullptr;
    Look look{.words = std::move(words)};
    if (likeliest != nullptr) look.remedy = fmt::format("{}. {}", likeliest->title, likeliest->remedy);
    if (!passes && (likeliest == nullptr || !likeliest->transient)) look.outcome = Outcome::fails;
    return look;
}

Look judged(Course const& course, Refused const& refused, model::Speaker speaker)
{
    if (refused.error.kind == Trouble::invalid || refused.error.kind == Trouble::internal)
        return {.outcome = Outcome::fails, .words = refused.error.message};
    if (refused.error.kind != Trouble::refused) return untold(refused.error.message);
    auto look = refusal(course, refused.error.message, speaker, refused.passes);
    look.of_the_token = refused.of_the_token && look.outcome == Outcome::fails;
    return look;
}

// A folder that opens for reading only is enough, unless something is to be done there.
Look opened_folder(model::Mailbox const& mailbox, std::string const& name, imap::Selected const& selected)
{
    Look look{.outcome = Outcome::holds, .words = fmt::format("{} opens", name), .let_in = true};
    if (selected.read_only && mailbox.after != model::AfterAction::leave) {
        look.outcome = Outcome::warns;
        look.words += fmt::format(" for reading only: \"{}\" can't be done there", to_string(mailbox.after));
    }
    return look;
}

// NO is of the folder (RFC 3501 section 6.3.1). Exchange takes a token and then says BAD to everything, where it is the
// mailbox that does not open (MailKit #1494).
Look shut_folder(Course const& course, model::Mailbox const& mailbox, imap::Reply const& reply)
{
    bool const of_the_folder = reply.status == imap::Status::no;
    auto words = fmt::format("{} does not open{}: {}", mailbox.address,
                             of_the_folder ? fmt::format(" the folder {}", mailbox.folder) : "", reply.words());
    auto look = refusal(course, std::move(words), model::Speaker::imap, false);
    look.let_in = true;
    look.of_the_folder = of_the_folder;
    return look;
}

net::awaitable<Look> look_by_imap(Course const& course, std::optional<model::Mailbox> mailbox, std::string user)
{
    auto tried = co_await try_imap(course.roads_from_now(), course.trying.account, user, course.proof);
    if (!tried) co_return judged(course, tried.error(), model::Speaker::imap);
    auto& session = *tried->session;
    Look look{.outcome = Outcome::holds, .words = "the sign-in as " + user + " was taken", .let_in = true};
    if (mailbox) {
        auto const opened = co_await imap::open_folder(session, mailbox->folder);
        if (opened) {
            look = opened_folder(*mailbox, opened->name, opened->state);
        } else {
            look = shut_folder(course, *mailbox, opened.error());
        }
    }
    co_await session.logout();
    co_return look;
}

net::awaitable<Look> look_by_pop3(Course const& course, std::string user)
{
    auto tried = co_await try_pop3(course.roads_from_now(), course.trying.account, user, course.proof);
    if (!tried) co_return judged(course, tried.error(), model::Speaker::pop3);
    Look look{.outcome = Outcome::holds, .words = "the mailbox opens", .let_in = true};
    auto const status = co_await tried->session->status();
    if (!status) {
        auto words = "the mailbox does not open: " + status.error().words();
        look = refusal(course, std::move(words), model::Speaker::pop3, status.error().passes());
        look.let_in = true;
    }
    tried->session->close();  // nothing was marked
    co_return look;
}

net::awaitable<Look> look_into(Course const& course, std::optional<model::Mailbox> mailbox)
{
    auto user = retrieval_user(course.trying.account, mailbox, course.proof.owner);
    if (!user) co_return Look{.outcome = Outcome::fails, .words = user.error().message};
    Look look;
    try {
        if (course.trying.account.retrieval == model::Protocol::pop3)
            look = co_await look_by_pop3(course, std::move(*user));
        else
            look = co_await look_by_imap(course, std::move(mailbox), std::move(*user));
    } catch (net::Broken const& broken) {
        look = untold(broken.what());
    }
    co_return look;
}

Look answered(Course const& course, smtp::Reply const& reply, std::string_view what)
{
    auto words =
        fmt::format("{} refused {}: {}", to_string(course.trying.account.submission_server), what, reply.words());
    auto look = refusal(course, std::move(words), model::Speaker::smtp, !reply.permanent());
    look.let_in = true;
    return look;
}

// From the mailbox to itself.
net::awaitable<Look> send_test_mail(Course const& course, smtp::Session& session, model::Mailbox const& mailbox)
{
    auto const mail = mime::test_mail(mailbox.address, course.trying.test_key, course.roads.clock->now());
    if (!mail) co_return untold("no test mail can be made: " + mail.error().message);
    smtp::Envelope envelope;
    envelope.from = mailbox.address;
    envelope.utf8 = envelope.eight_bit = mail->needs_smtputf8;
    envelope.size = mail->bytes.size();
    for (auto const& address : mail->recipients) envelope.to.push_back({.address = address});
    auto const offered = co_await session.offer(envelope);
    if (!offered) co_return untold("no test mail can be sent: " + offered.error().message);
    if (!offered->mail.positive()) co_return answered(course, offered->mail, "the sender " + mailbox.address);
    if (!offered->go_ahead() || offered->accepted() == 0) {
        auto const& reply =
            offered->accepted() == 0 && !offered->recipients.empty() ? offered->recipients.front() : offered->data;
        auto look = answered(course, reply, "a test mail to " + mailbox.address);
        if (offered->go_ahead()) session.abandon();
        co_return look;
    }
    co_await session.stream(mail->bytes);
    auto const stopped = co_await session.streamed();
    if (stopped) co_return answered(course, *stopped, "a test mail from " + mailbox.address);
    auto const reply = co_await session.finish();
    if (!reply.positive()) co_return answered(course, reply, "a test mail from " + mailbox.address);
    co_return Look{.outcome = Outcome::holds, .words = "a test mail was accepted: " + reply.words(), .let_in = true};
}

net::awaitable<Look> send_or_say(Course const& course, smtp::Session& session, model::Mailbox mailbox,
                                 std::string const& user)
{
    if (course.trying.test_key.empty()) {
        auto look =
            untold(fmt::format("{} takes the sign-in as {}; whether {} may be sent from shows only when a "
                               "mail is sent",
                               to_string(course.trying.account.submission_server), user, mailbox.address));
        look.let_in = true;
        co_return look;
    }
    Look look;
    try {
        look = co_await send_test_mail(course, session, mailbox);
    } catch (net::Broken const& broken) {
        session.abandon();
        look = untold(fmt::format("the test mail's end is not known: {}", broken.what()));
    }
    if (!session.gone() && look.outcome != Outcome::holds) {
        // A sender that was accepted stays so: the next one would be refused, as nested.
        try {
            co_await session.reset();
        } catch (net::Broken const&) {
            session.abandon();
        }
    }
    look.let_in = true;
    co_return look;
}

struct Submission {
    std::unique_ptr<smtp::Session> session = {};
    Look look = {};
};

net::awaitable<Submission> submission(Course const& course, std::string user)
{
    Submission found;
    try {
        auto tried = co_await try_smtp(course.roads_from_now(!course.trying.test_key.empty()), course.trying.account,
                                       std::move(user), course.proof);
        if (tried) {
            found.session = std::move(tried->session);
            found.look = {.outcome = Outcome::holds, .words = "the sign-in was taken", .let_in = true};
        } else {
            found.look = judged(course, tried.error(), model::Speaker::smtp);
        }
    } catch (net::Broken const& broken) {
        found.look = untold(broken.what());
    }
    co_return found;
}

// By one sign-in for all of them, or for one mailbox alone.
net::awaitable<void> try_sending(std::shared_ptr<Course> course, std::vector<std::size_t> which)
{
    auto const& mailboxes = course->trying.mailboxes;
    std::optional<model::Mailbox> sender;
    if (course->for_each_mailbox()) sender = mailboxes[which.front()];
    auto const user = submission_user(course->trying.account, sender, course->proof.owner);
    Submission line;
    if (user)
        line = co_await submission(*course, *user);
    else
        line.look = {.outcome = Outcome::fails, .words = user.error().message};
    course->submission = line.look;
    for (auto const each : which) {
        // A server may end the session with a refusal.
        if (line.session && line.session->gone() && Steady::now() < course->end)
            line = co_await submission(*course, *user);
        if (line.session && !line.session->gone())
            course->sent[each] = co_await send_or_say(*course, *line.session, mailboxes[each], *user);
        else
            course->sent[each] = line.look.let_in ? untold("the server ended the session") : line.look;
    }
    if (line.session && !line.session->gone()) co_await line.session->quit();
}

net::awaitable<void> try_opening(std::shared_ptr<Course> course, std::size_t which)
{
    std::optional<model::Mailbox> mailbox;
    if (which < course->trying.mailboxes.size()) mailbox = course->trying.mailboxes[which];
    course->opened[which] = co_await look_into(*course, std::move(mailbox));
}

std::vector<Task> tasks_of(std::shared_ptr<Course> const& course)
{
    std::vector<Task> tasks;
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < course->trying.mailboxes.size(); ++i) all.push_back(i);
    bool const nobody = all.empty() && course->trying.account.access == model::Access::application;
    if (nobody) return tasks;
    if (!course->for_each_mailbox()) {
        tasks.emplace_back([course, all] { return try_sending(course, all); });
    } else {
        for (auto const each : all) tasks.emplace_back([course, each] { return try_sending(course, {each}); });
    }
    course->sent.resize(all.size());
    if (all.empty()) all.push_back(0);
    course->opened.resize(all.size());
    for (auto const each : all) tasks.emplace_back([course, each] { return try_opening(course, each); });
    return tasks;
}

// Of one server's looks: it told us something, and that was that it does not want the token.
Look const* token_refused(std::vector<Look> const& looks)
{
    if (std::ranges::any_of(looks, &Look::let_in)) return nullptr;
    auto const told = [](Look const& look) { return look.outcome != Outcome::could_not_be_told; };
    auto const other = [&](Look const& look) { return told(look) && !look.of_the_token; };
    if (std::ranges::any_of(looks, other)) return nullptr;
    auto const found = std::ranges::find_if(looks, &Look::of_the_token);
    return found == looks.end() ? nullptr : &*found;
}

// Without a full stop: notes are put in a row.
std::string in_words(Look const& look)
{
    auto const bare = [](std::string_view text) {
        return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
    };
    if (look.remedy.empty()) return std::string(bare(look.words));
    return fmt::format("{}. The likeliest cause: {}", bare(look.words), bare(look.remedy));
}

std::optional<std::string> refusal_of(Course const& course)
{
    if (auto const* const look = token_refused(course.opened)) return in_words(*look);
    // Where each mailbox signs in for itself, a 535 may as well be about the mailbox: what opened one is a good token.
    bool const opens = std::ranges::any_of(course.opened, &Look::let_in);
    auto submissions = course.for_each_mailbox() ? course.sent : std::vector<Look>{course.submission};
    if (course.for_each_mailbox() && opens) submissions.clear();
    if (auto const* const look = token_refused(submissions)) return in_words(*look);
    auto const shut = [](Look const& look) { return look.outcome == Outcome::fails && !look.of_the_folder; };
    if (!course.trying.mailboxes.empty() && std::ranges::all_of(course.opened, shut))
        return fmt::format("none of the account's mailboxes opens: {}", in_words(course.opened.front()));
    return std::nullopt;
}

std::vector<std::string> notes_of(Course const& course)
{
    std::vector<std::string> notes;
    auto const add = [&](std::string note) {
        if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
    };
    auto const look_at = [&](Look const& look) {
        if (look.outcome == Outcome::could_not_be_told)
            add("could not be told: " + in_words(look));
        else if (look.outcome != Outcome::holds)
            add(in_words(look));
    };
    for (auto const& look : course.opened) look_at(look);
    if (!course.for_each_mailbox() && !course.submission.let_in && !course.opened.empty()) look_at(course.submission);
    // That nothing was sent where nothing was to be sent is no news.
    for (auto const& look : course.sent)
        if (!look.let_in || !course.trying.test_key.empty()) look_at(look);
    if (course.opened.empty()) add("the account has no mailbox yet, so that nothing could be tried");
    return notes;
}

net::awaitable<Result<Proof>> proof_for(Roads const& roads, Trying const& trying)
{
    if (trying.token) co_return proof_of(*trying.token);
    if (trying.account.access == model::Access::password) co_return password_of(roads, trying.account);
    auto token = co_await roads.tokens->access(trying.account.id);
    if (!token) co_return std::unexpected(token.error());
    co_return proof_of(std::move(*token));
}

}  // namespace

net::awaitable<Trial> try_grant(Roads roads, Trying trying)
{
    auto const now = roads.clock->now();
    Trial trial;
    auto const add = [&](model::MailboxId mailbox, model::MailboxRight::What what, Look const& look) {
        trial.rights.push_back({mailbox, what, look.outcome, printable(look.words, 2'000), now});
    };
    auto proof = co_await proof_for(roads, trying);
    if (!proof) {
        auto const nothing = untold(proof.error().message);
        for (auto const& mailbox : trying.mailboxes) {
            add(mailbox.id, model::MailboxRight::What::open, nothing);
            add(mailbox.id, model::MailboxRight::What::send, nothing);
        }
        trial.notes.push_back("nothing could be tried: " + nothing.words);
        co_return trial;
    }
    auto const at_once = trying.limits.at_once;
    auto const end = Steady::now() + trying.limits.whole;
    auto const course = std::make_shared<Course>(
        Course{.roads = std::move(roads), .trying = std::move(trying), .proof = std::move(*proof), .end = end});
    auto tasks = tasks_of(course);
    co_await together(std::move(tasks), at_once);

    auto const& mailboxes = course->trying.mailboxes;
    for (std::size_t i = 0; i < mailboxes.size(); ++i) {
        add(mailboxes[i].id, model::MailboxRight::What::open, course->opened[i]);
        add(mailboxes[i].id, model::MailboxRight::What::send, course->sent[i]);
    }
    trial.refusal = refusal_of(*course);
    trial.notes = notes_of(*course);
    co_return trial;
}

}  // namespace postroom::grants
