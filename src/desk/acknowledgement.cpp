#include "desk/acknowledgement.hpp"

#include "base/text.hpp"
#include "desk/fields.hpp"
#include "desk/history.hpp"
#include "store/acknowledgements.hpp"
#include "store/cases.hpp"
#include "store/coordination.hpp"
#include "store/mailboxes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace postroom::desk {

namespace {

// Of a backlog nobody needs to hear that it has come.
constexpr Duration oldest{24 * 3'600'000LL};

// INTERNALDATE counts seconds (RFC 3501 section 2.3.3), by a clock that is not ours.
constexpr Duration clocks_differ{5 * 60'000LL};

constexpr std::string_view default_text =
    "Thank you for your mail. It has reached us as case {{number}}, and we answer as soon as we can.\n\n"
    "If you write to us about it again, please answer this mail, or keep the number in the subject.\n";

constexpr std::size_t references_sent = 20;

std::vector<mime::Address> const& answered_to(mime::Mail const& mail)
{
    return mail.reply_to.empty() ? mail.from : mail.reply_to;
}

// RFC 3834 section 2, and the names by which senders say that nobody reads there.
bool is_no_person(std::string_view address)
{
    constexpr std::array<std::string_view, 12> names{"mailer-daemon", "postmaster", "majordomo",  "listserv",
                                                     "listproc",      "noreply",    "no-reply",   "no_reply",
                                                     "do-not-reply",  "bounce",     "donotreply", "do_not_reply"};
    constexpr std::array<std::string_view, 3> begins{"owner-", "bounce-", "bounces+"};
    constexpr std::array<std::string_view, 5> ends{"-request", "-owner", "-bounces", "-noreply", "-no-reply"};
    auto const local = to_lower(address.substr(0, address.rfind('@')));
    return std::ranges::find(names, local) != names.end() || local == "bounces" ||
           std::ranges::any_of(begins, [&](auto each) { return local.starts_with(each); }) ||
           std::ranges::any_of(ends, [&](auto each) { return local.ends_with(each); });
}

// Exchange's way to say so: X-Auto-Response-Suppress ([MS-OXCMAIL] section 2.2.3.2.14).
bool wants_no_answer(std::string_view suppress)
{
    for (auto const part : split(suppress, ',')) {
        auto const word = to_lower(trim(part));
        if (word == "all" || word == "autoreply") return true;
    }
    return false;
}

bool is_ours(store::Connection& c, mime::Mail const& mail)
{
    std::vector<mime::Address> all = mail.from;
    all.insert(all.end(), mail.reply_to.begin(), mail.reply_to.end());
    if (mail.sender) all.push_back(*mail.sender);
    if (mail.return_path) all.push_back({.name = {}, .address = *mail.return_path});
    if (std::ranges::any_of(all, [&](auto const& each) { return store::mailbox_at(c, each.address).has_value(); }))
        return true;
    return !mail.message_id.empty() && store::sent_by_us(c, mail.message_id);
}

Fields fields_of(std::int64_t number, model::Mailbox const& mailbox, mime::Mail const& mail)
{
    auto const& who = answered_to(mail);
    std::string name;
    if (!who.empty()) name = who.front().name.empty() ? who.front().address : who.front().name;
    return {{"number", std::to_string(number)},
            {"subject", mail.subject},
            {"customer", name},
            {"mailbox", mailbox.address}};
}

Result<mime::Draft> draft_of(Terms const& terms, model::Acknowledgement const& how, model::Mailbox const& mailbox,
                             Arrived const& arrived)
{
    auto const& mail = arrived.mail;
    auto const fields = fields_of(arrived.filed.number, mailbox, mail);
    auto const subject =
        fill(how.subject.empty() ? std::string_view("Re: {{subject}}") : std::string_view(how.subject), fields);
    if (!subject) return std::unexpected(subject.error());
    auto text = fill(how.text.empty() ? default_text : std::string_view(how.text), fields);
    if (!text) return std::unexpected(text.error());
    mime::Draft draft{.to = {answered_to(mail).front()},
                      .subject = add_case_token(*subject, arrived.filed.number, terms.tokens),
                      .text = *std::move(text),
                      .auto_submitted = "auto-replied"};
    for (auto const& id : mail.references)
        if (mime::is_message_id(id)) draft.references.push_back(id);
    if (draft.references.size() >= references_sent)
        draft.references.erase(draft.references.begin(), draft.references.end() - (references_sent - 1));
    if (mime::is_message_id(mail.message_id)) {
        draft.in_reply_to = mail.message_id;
        draft.references.push_back(mail.message_id);
    }
    return draft;
}

// By counting: what machines say of themselves, they may leave out.
bool is_loop(store::Connection& c, Terms const& terms, model::Mailbox const& mailbox, Arrived const& arrived,
             Instant now)
{
    if (terms.loop_limit == 0 || answered_to(arrived.mail).empty()) return false;
    auto const limit = static_cast<int>(terms.loop_limit);
    auto const since = now - terms.loop_period;
    auto const& filed = arrived.filed;
    auto const& address = answered_to(arrived.mail).front().address;
    std::string words;
    if (filed.new_case && store::opened_more_than(c, address, limit, since))
        words = fmt::format("{} opened more than {} cases in {} minutes, the last one being {}",
                            printable(address, 320), limit, terms.loop_period.count() / 60'000, filed.number);
    else if (!filed.new_case && store::received_more_than(c, filed.case_id, limit, since))
        words = fmt::format("case {} got more than {} mails in {} minutes, the last one from {}", filed.number, limit,
                            terms.loop_period.count() / 60'000, printable(address, 320));
    if (words.empty()) return false;
    words += ": two machines may be answering each other. Nothing of it is acknowledged";
    store::raise_alarm(c, loop_alarm, mailbox.address, words, now);
    if (filed.new_case || !store::received_more_than(c, filed.case_id, limit + 1, since))
        add_event(c, filed.case_id, {}, "Not acknowledged: " + words, now);
    return true;
}

}  // namespace

std::string_view default_acknowledgement()
{
    return default_text;
}

Result<void> check_acknowledgement(model::Acknowledgement const& acknowledgement)
{
    auto const fields = fields_of(1, {}, {});
    for (auto const* text : {&acknowledgement.subject, &acknowledgement.text})
        if (auto const sound = fill(*text, fields); !sound) return std::unexpected(sound.error());
    if (acknowledgement.subject.find_first_of("\r\n") != std::string::npos)
        return failure(Trouble::invalid, tr("a subject has one line"));
    return {};
}

std::optional<std::string_view> why_not_acknowledged(store::Connection& c, Terms const& terms,
                                                     model::Acknowledgement const& how, Arrived const& arrived,
                                                     Instant now)
{
    auto const& mail = arrived.mail;
    auto const& to = answered_to(mail);
    if (!arrived.filed.new_case) return "it opened no case";
    if (!how.active) return "its mailbox acknowledges nothing";
    if (arrived.message.received + clocks_differ < how.since || arrived.message.received < now - oldest)
        return "it came long ago";
    if (arrived.shown == Shown::failed || arrived.shown == Shown::late) return "it is a report";
    if (mail.automatic != mime::Automatic::no) return "a machine sent it";
    if (wants_no_answer(mail.auto_response_suppress)) return "its sender wants no answer by a machine";
    if (arrived.message.possible_duplicate) return "it may be a duplicate";
    if (to.size() != 1 || !mime::check_address(to.front().address)) return "there is not one address to answer to";
    if (is_no_person(to.front().address) || (!mail.from.empty() && is_no_person(mail.from.front().address)))
        return "nobody reads at that address";
    if (is_ours(c, mail)) return "it is from ourselves";
    if (store::acknowledged_since(c, to.front().address, now - terms.acknowledgement_period) >=
        terms.acknowledgement_limit)
        return "its sender had enough of them";
    return std::nullopt;
}

bool acknowledge(store::Connection& c, Terms const& terms, model::Mailbox const& mailbox, Arrived const& arrived,
                 Instant now)
{
    auto const* const how = terms.acknowledgement_of(mailbox.id);
    if (how == nullptr || is_loop(c, terms, mailbox, arrived, now) ||
        why_not_acknowledged(c, terms, *how, arrived, now))
        return false;
    auto draft = draft_of(terms, *how, mailbox, arrived);
    auto const queued =
        draft ? queue_mail(c, mailbox, arrived.filed.case_id, arrived.filed.number, *std::move(draft), now)
              : Result<Queued>(std::unexpected(draft.error()));
    if (!queued) {
        add_event(c, arrived.filed.case_id, {}, "Not acknowledged: " + queued.error().message, now);
        return false;
    }
    store::note_acknowledged(c, answered_to(arrived.mail).front().address, arrived.filed.number, now,
                             now - terms.acknowledgement_period);
    return true;
}

std::vector<std::string> quiet_loops(store::Connection& c, Instant now)
{
    std::vector<std::string> quiet;
    auto const period = terms_of(c).loop_period;
    for (auto const& alarm : store::alarms(c))
        if (alarm.cause == loop_alarm && alarm.last + period < now) quiet.push_back(alarm.subject);
    return quiet;
}

}  // namespace postroom::desk
