// Copies of what was sent, put where sent mail is, for servers that keep none themselves. They are due work of the
// store: after a crash it is looked whether a copy is there already.
#include "base/text.hpp"
#include "dispatcher/account-run.hpp"
#include "dispatcher/ruling.hpp"
#include "dispatcher/sent-items.hpp"
#include "store/mailboxes.hpp"
#include "store/sent-copies.hpp"

#include <spdlog/spdlog.h>

#include <map>
#include <utility>

namespace postroom::dispatcher {

namespace {

constexpr int put_at_once = 100;
constexpr int most_tries = 60;  // more than a day

class StoredMail final : public imap::BodySource {
public:
    StoredMail(Ground const& ground, model::Outbound const& mail) : ground_(ground), mail_(mail) {}
    [[nodiscard]] std::uint64_t size() const override { return static_cast<std::uint64_t>(mail_.size); }
    [[nodiscard]] net::awaitable<std::string> next() override { return chunk_of(ground_, mail_, number_++); }

private:
    Ground const& ground_;
    model::Outbound const& mail_;
    int number_ = 0;
};

// Nothing, or why it could not be put there.
net::awaitable<std::string> put(Ground const& ground, SentItems& sent, model::Outbound const& mail)
{
    auto const found = co_await look_for(*sent.session, mail.message_id);
    if (!found) co_return found.error();
    if (*found) co_return std::string();
    StoredMail bytes(ground, mail);
    std::vector<std::string> seen{"\\Seen"};
    auto const appended = co_await sent.session->append(sent.folder, std::move(seen), mail.created, bytes);
    co_return appended ? std::string() : appended.error().words();
}

net::awaitable<void> note(Ground const& ground, store::SentCopy const& copy, std::string trouble, double lateness)
{
    bool const given_up = !trouble.empty() && copy.tries + 1 >= most_tries;
    auto const next_try = ground.clock->now() + wait_before_retry(copy.tries, lateness);
    auto work = [id = copy.mail.id, trouble, given_up, next_try](store::Connection& c) {
        if (trouble.empty() || given_up)
            store::sent_copy_done(c, id);
        else
            store::sent_copy_later(c, id, next_try, trouble);
    };
    co_await ground.store->write(std::move(work));
    if (!trouble.empty())
        spdlog::warn("dispatcher: {} was sent, and its copy can't be put where sent mail is{}: {}",
                     copy.mail.message_id, given_up ? ", which is given up" : "", printable(trouble, 2'000));
}

net::awaitable<void> put_those(Ground const& ground, model::Account const& account,
                               std::optional<model::Mailbox> mailbox, std::string const& sent_folder,
                               std::vector<store::SentCopy> const& copies)
{
    std::string trouble;
    SentItems sent;
    try {
        auto opened = co_await open_sent_items(ground, account, std::move(mailbox), sent_folder);
        if (opened)
            sent = *std::move(opened);
        else
            trouble = opened.error();
    } catch (net::Broken const& broken) {
        trouble = broken.what();
    }
    bool broke = !trouble.empty();
    bool broke_at_one = false;
    bool damaged = false;
    for (auto const& copy : copies) {
        auto words = trouble;
        // Those behind the one that the connection broke at are tried before it the next time: it may be to blame, and
        // would take them along for ever.
        double const lateness = broke_at_one ? 0.0 : 0.5;
        try {
            if (!broke) words = co_await put(ground, sent, copy.mail);
        } catch (net::Broken const& broken) {
            trouble = words = broken.what();
            broke = broke_at_one = true;
        } catch (DamagedMail const& damage) {
            words = damage.what();
            damaged = true;
        }
        if (ground.roads.stop && ground.roads.stop->is_now()) co_return;  // that was no try
        co_await note(ground, copy, std::move(words), lateness);
        if (damaged) co_return;  // the connection ended with it; the others are due still, and not to blame
    }
    if (!broke) co_await sent.session->logout();
}

}  // namespace

net::awaitable<void> put_copies(Ground ground, model::Account account, std::string sent_folder)
{
    struct Work {
        std::vector<store::SentCopy> copies;
        std::map<model::MailboxId, model::Mailbox> mailboxes;
    };
    auto read = [id = account.id](store::Connection& c) {
        Work work{store::sent_copies_due(c, id, put_at_once), {}};
        if (work.copies.empty()) return work;
        for (auto const& each : store::mailboxes_of(c, id)) work.mailboxes.emplace(each.id, each);
        return work;
    };
    auto const work = co_await ground.store->read(std::move(read));
    // In the mailbox that signed in, as a server that keeps copies does.
    bool const each = grants::submits_as_mailbox(account);
    std::map<model::MailboxId, std::vector<store::SentCopy>> by_mailbox;
    for (auto const& copy : work.copies) by_mailbox[each ? copy.mail.mailbox : model::MailboxId{}].push_back(copy);
    for (auto const& [id, copies] : by_mailbox) {
        auto const found = work.mailboxes.find(id);
        auto mailbox = found == work.mailboxes.end() ? std::nullopt : std::optional(found->second);
        co_await put_those(ground, account, std::move(mailbox), sent_folder, copies);
    }
}

}  // namespace postroom::dispatcher
