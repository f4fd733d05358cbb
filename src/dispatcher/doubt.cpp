// Mail in doubt: the dot left, and no answer came. Exchange stores what it accepted in the Sent Items of the mailbox
// that signed in (Microsoft, SMTP submission improvements); there it is looked for, by its Message-ID, some times, and
// then a person decides.
#include "dispatcher/doubt.hpp"

#include "base/text.hpp"
#include "dispatcher/account-run.hpp"
#include "dispatcher/sent-items.hpp"
#include "store/mailboxes.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>

#include <charconv>

namespace postroom::dispatcher {

namespace {

net::awaitable<void> note(Ground const& ground, model::Outbound mail, std::expected<bool, std::string> found,
                          std::string delays, std::string policy)
{
    auto const next = next_look_after(delays, mail.doubt_looks + 1);
    std::optional<Instant> next_look;
    if (next) next_look = ground.clock->now() + *next;
    auto work = [mail, found, next_look, policy](store::Connection& c) {
        note_look(c, mail, found, next_look, policy);
    };
    co_await ground.store->write(std::move(work));
}

struct Work {
    std::vector<model::Outbound> mails;
    std::map<model::MailboxId, model::Mailbox> mailboxes;
    std::string delays, policy, sent_folder;
};

// Those whose sent copies are in one mailbox.
net::awaitable<void> settle_those(Ground const& ground, model::Account const& account,
                                  std::optional<model::Mailbox> mailbox, std::vector<model::Outbound> const& mails,
                                  Work const& work)
{
    std::string trouble;
    std::unique_ptr<imap::Session> session;
    try {
        auto opened = co_await open_sent_items(ground, account, std::move(mailbox), work.sent_folder);
        if (opened)
            session = std::move(opened->session);
        else
            trouble = opened.error();
    } catch (net::Broken const& broken) {
        trouble = broken.what();
    }
    if (ground.roads.stop && ground.roads.stop->is_now()) co_return;  // that was no look
    for (auto const& mail : mails) {
        std::expected<bool, std::string> found = std::unexpected(trouble);
        try {
            if (trouble.empty()) found = co_await look_for(*session, mail.message_id);
        } catch (net::Broken const& broken) {
            trouble = broken.what();
            found = std::unexpected(trouble);
        }
        co_await note(ground, mail, std::move(found), work.delays, work.policy);
    }
    if (session && trouble.empty()) co_await session->logout();
    if (!trouble.empty()) spdlog::warn("dispatcher: {}: mail in doubt can't be looked for: {}", account.name, trouble);
}

}  // namespace

void note_look(store::Connection& c, model::Outbound const& mail, std::expected<bool, std::string> const& found,
               std::optional<Instant> next_look, std::string_view policy)
{
    if (found && *found) {
        (void)store::resolve_sent(c, mail.id, "found in Sent Items");
        return;
    }
    bool const kept = !store::account_sending(c, mail.account).append_sent;
    auto const words = !found ? "Sent Items can't be searched: " + found.error()
                       : kept ? std::string("not found in Sent Items")
                              : std::string("not found in Sent Items, where the account's server keeps no copies");
    store::doubt_looked(c, mail.id, next_look, next_look ? words : words + "; a person must decide");
    // Absence is told only by a search that was made, of a folder that the server keeps copies in; else it stays with a
    // person whatever the policy says.
    if (!next_look && found && kept && policy == "resend")
        (void)store::resolve_resend(c, mail.id, words + "; sent again as the doubt-policy says");
}

std::optional<Duration> next_look_after(std::string_view delays, int looks)
{
    auto const parts = split(delays, ',');
    if (looks < 0 || static_cast<std::size_t>(looks) >= parts.size()) return std::nullopt;
    auto const part = trim(parts[static_cast<std::size_t>(looks)]);
    std::int64_t number = 0;
    auto const [stop, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{} || number < 0 || number > 100'000) return std::nullopt;
    std::string_view const unit(stop, static_cast<std::size_t>(part.data() + part.size() - stop));
    if (unit == "ms") return Duration(number);
    if (unit == "s") return std::chrono::seconds(number);
    if (unit == "m") return std::chrono::minutes(number);
    if (unit == "h") return std::chrono::hours(number);
    return std::nullopt;
}

net::awaitable<Turn> settle_doubts(Ground ground, model::Account account, std::string sent_folder)
{
    auto read = [id = account.id, sent_folder](store::Connection& c) {
        Work work{store::in_doubt(c, id, 100),
                  {},
                  store::setting(c, "doubt-delays"),
                  store::setting(c, "doubt-policy"),
                  sent_folder};
        for (auto const& each : store::mailboxes_of(c, id)) work.mailboxes.emplace(each.id, each);
        return work;
    };
    auto const work = co_await ground.store->read(std::move(read));
    if (!grants::submits_as_mailbox(account)) {
        if (!work.mails.empty()) co_await settle_those(ground, account, std::nullopt, work.mails, work);
        co_return Turn{};
    }
    std::map<model::MailboxId, std::vector<model::Outbound>> by_mailbox;
    for (auto const& mail : work.mails) by_mailbox[mail.mailbox].push_back(mail);
    for (auto const& [id, mails] : by_mailbox) {
        auto const mailbox = work.mailboxes.find(id);
        auto who = mailbox == work.mailboxes.end() ? std::nullopt : std::optional(mailbox->second);
        co_await settle_those(ground, account, std::move(who), mails, work);
    }
    co_return Turn{};
}

}  // namespace postroom::dispatcher
