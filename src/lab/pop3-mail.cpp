// The mails of the Inbox: what is listed, given and deleted (RFC 1939).
#include "base/text.hpp"
#include "lab/pop3-session.hpp"

#include <algorithm>

namespace postroom::lab {

Pop3Session::Listed* Pop3Session::named(std::string_view number)
{
    auto const at = to_number(number, 0);
    if (at < 1 || static_cast<std::size_t>(at) > list_.size()) return nullptr;
    auto& mail = list_[static_cast<std::size_t>(at) - 1];
    return mail.deleted ? nullptr : &mail;
}

std::string Pop3Session::unique_id(std::size_t at) const
{
    if (state_->faults.see(Fault::pop3_ids_by_position, {user_->mailbox->address, user_->upn}))
        return std::to_string(at + 1);
    // Opaque numbers, as Exchange Server's are; how they are made: invented.
    return std::to_string((std::uint64_t{inbox_->uid_validity} << 32U) + list_[at].uid);
}

std::uint64_t Pop3Session::octets(Listed const& mail) const
{
    // An estimate, as long as PopEnableExactRFC822Size is off; how far it is off: invented.
    auto const exact = mail.raw->size();
    return state_->settings.pop3_exact_size != 0 ? exact : exact * 9 / 8 + 700;
}

void Pop3Session::status()
{
    std::uint64_t count = 0, all = 0;
    for (auto const& mail : list_) {
        if (mail.deleted) continue;
        ++count;
        all += octets(mail);
    }
    say("+OK " + std::to_string(count) + ' ' + std::to_string(all));
}

void Pop3Session::list(std::string_view rest, bool unique_ids)
{
    auto const line = [&](std::size_t at) {
        return std::to_string(at + 1) + ' ' + (unique_ids ? unique_id(at) : std::to_string(octets(list_[at])));
    };
    if (!rest.empty()) {
        auto const* const mail = named(rest);
        if (mail == nullptr) return error("Protocol error. 14");  // of these words: invented
        return say("+OK " + line(static_cast<std::size_t>(mail - list_.data())));
    }
    std::uint64_t count = 0, all = 0;
    for (auto const& mail : list_) {
        if (mail.deleted) continue;
        ++count;
        all += octets(mail);
    }
    say(unique_ids ? "+OK" : "+OK " + std::to_string(count) + ' ' + std::to_string(all));
    if (unique_ids && fault(Fault::pop3_list_empty)) return say(".");
    bool const backwards = state_->faults.see(Fault::pop3_list_reordered, {user_->mailbox->address}).has_value();
    for (std::size_t i = 0; i < list_.size(); ++i) {
        auto const at = backwards ? list_.size() - 1 - i : i;
        if (!list_[at].deleted) say(line(at));
    }
    say(".");
}

void Pop3Session::say_lines(std::string_view text)
{
    bool line_start = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (line_start && text[i] == '.') out_ += '.';
        out_ += text[i];
        line_start = text[i] == '\n' && i > 0 && text[i - 1] == '\r';
    }
    // The dot that ends it stands on a line of its own.
    if (!text.ends_with("\r\n")) out_ += "\r\n";
    say(".");
}

net::awaitable<void> Pop3Session::retrieve(std::string_view rest)
{
    auto const* const mail = named(rest);
    if (mail == nullptr) {
        error("Protocol error. 14");  // of these words: invented
        co_return;
    }
    auto const& address = user_->mailbox->address;
    // The value lists what it plays for, by UID: numbers change from session to session.
    auto const plays = [&](Fault which) {
        auto const value = state_->faults.see(which, {address, user_->upn});
        if (!value) return false;
        auto const uids = split(*value, ',');
        bool const this_one = value->empty() || std::ranges::any_of(uids, [&](std::string_view each) {
                                  return trim(each) == std::to_string(mail->uid);
                              });
        return this_one && fault(which).has_value();
    };
    if (plays(Fault::pop3_retrieval_refused)) {
        error("Message is not available.");  // of these words: invented
        co_return;
    }
    if (plays(Fault::pop3_mail_breaks)) {
        over_ = true;
        co_await flush();
        co_return;
    }
    ++state_->counters.pop3_bodies;
    say("+OK");  // without a count of octets
    auto const begin = out_.size();
    auto const raw = mail->raw;
    say_lines(*raw);
    if (auto const cut = fault(Fault::pop3_cut_mail)) {
        out_.resize(std::min(out_.size(), begin + static_cast<std::size_t>(to_number(*cut, 0))));
        over_ = true;
    }
    co_await flush();
}

void Pop3Session::top(std::string_view rest)
{
    auto const words = split(rest, ' ');
    auto const* const mail = named(words.front());
    auto const lines = words.size() == 2 ? to_number(words[1], -1) : -1;
    if (mail == nullptr || lines < 0) return error("Protocol error. 14");  // of these words: invented
    auto const header = header_of(*mail->raw);
    std::size_t end = header.size();
    for (std::int64_t left = lines; left > 0 && end < mail->raw->size(); --left) {
        auto const newline = mail->raw->find('\n', end);
        end = newline == std::string::npos ? mail->raw->size() : newline + 1;
    }
    say("+OK");
    say_lines(std::string_view(*mail->raw).substr(0, end));
}

void Pop3Session::remove(std::string_view rest)
{
    auto* const mail = named(rest);
    if (mail == nullptr) return error("Protocol error. 14");  // of these words: invented
    if (fault(Fault::pop3_deletion_refused)) return error("Command is not valid in this state.");  // likewise
    mail->deleted = true;
    say("+OK");
}

void Pop3Session::reset()
{
    for (auto& mail : list_) mail.deleted = false;
    say("+OK");
}

void Pop3Session::quit()
{
    over_ = true;
    if (user_) {
        if (fault(Fault::pop3_lost_before_deleting)) return;
        bool any = false;
        for (auto const& mail : list_) {
            if (!mail.deleted) continue;
            inbox_->remove(mail.uid);
            any = true;
        }
        if (any) user_->mailbox->changed();
        if (fault(Fault::pop3_lost_after_deleting)) return;
    }
    say("+OK Microsoft Exchange Server POP3 server signing off.");
}

}  // namespace postroom::lab
