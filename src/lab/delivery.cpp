#include "lab/delivery.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace postroom::lab {

Result<std::uint32_t> deliver_from_outside(State& state, std::vector<std::string> const& recipients, std::string raw,
                                           std::string_view folder)
{
    for (auto const& recipient : recipients) {
        auto const mailbox = state.tenant.mailbox(recipient);
        if (!mailbox)
            return failure(Trouble::not_found, "there is no mailbox " + printable(recipient, 128) + " in the lab");
        if (!mailbox->folder(folder)) return failure(Trouble::not_found, "it has no folder " + printable(folder, 128));
    }
    if (recipients.empty()) return failure(Trouble::invalid, "a mail needs a recipient");
    auto const body = state.bodies.keep(std::move(raw));
    if (!body) return std::unexpected(body.error());
    std::uint32_t uid = 0;
    for (auto const& recipient : recipients) {
        auto const mailbox = state.tenant.mailbox(recipient);
        uid = mailbox->folder(folder)->append(*body, state.clock.now(), 0).uid;
        mailbox->changed();
    }
    return uid;
}

std::string trace_header(State const& state, std::string_view sender, std::string_view peer, std::string_view hello)
{
    // The names of Exchange's own header fields are real; what they hold is made up.
    return fmt::format(
        "Return-Path: <{}>\r\n"
        "Received: from {} ({}) by {} with Microsoft SMTP Server; {}\r\n"
        "X-MS-Exchange-Organization-Network-Message-Id: {}\r\n",
        printable(sender, 320), printable(hello, 255), peer, state.host_name, mail_date(state.clock.now()),
        stable_guid(to_hex(random_bytes(16))));
}

Result<void> deliver_submission(State& state, Mailbox& submitter, std::string const& sender,
                                std::vector<std::string> const& recipients, std::string raw, std::string const& trace,
                                std::string const& message_id)
{
    auto const received = state.bodies.keep(trace + raw);
    if (!received) return std::unexpected(received.error());
    auto const sent = state.bodies.keep(std::move(raw));
    if (!sent) return std::unexpected(sent.error());

    auto const now = state.clock.now();
    // Saved since 2018, in the mailbox that user= names, not in that of From (Microsoft, SMTP submission improvements;
    // Notifuse #250).
    if (auto const folder = submitter.folder(submitter.sent_folder); folder && submitter.sent_copies) {
        folder->append(*sent, now, flag::seen);
        submitter.changed();
    }
    std::vector<std::string> away;
    bool const lost = state.faults.take(Fault::smtp_not_delivered, {submitter.address, sender}).has_value();
    for (auto const& recipient : recipients) {
        if (lost) break;
        auto const mailbox = state.tenant.mailbox(recipient);
        if (!mailbox) {
            away.push_back(recipient);
            continue;
        }
        mailbox->folder("INBOX")->append(*received, now, 0);
        mailbox->changed();
    }
    if (!away.empty()) {
        state.outside.push_back({++state.last_outside, sender, std::move(away), now, *received});
        if (state.outside.size() > most_outside_mails) state.outside.pop_front();
    }
    ++state.counters.accepted;
    auto& by_id = state.counters.accepted_by_message_id;
    if (by_id.size() < most_counted_ids || by_id.contains(message_id)) ++by_id[message_id];
    return {};
}

std::string mail_date(Instant at)
{
    std::time_t const seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", days[static_cast<std::size_t>(parts.tm_wday)],
                       parts.tm_mday, months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace postroom::lab
