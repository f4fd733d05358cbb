#include "desk/reports.hpp"

#include "base/text.hpp"
#include "store/cases.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace postroom::desk {

namespace {

constexpr std::size_t looked_at = 64 * 1024;  // octets of the words of a report without structure
constexpr std::size_t most_ids = 5, longest_id = 998;
constexpr std::size_t most_mails = 20;  // of a case, the newest, that a report without an id may be about
constexpr std::size_t most_words = 1'000;

bool is_among(std::vector<std::string> const& recipients, std::string_view address)
{
    return std::ranges::any_of(recipients, [&](auto const& each) { return equal_ignoring_case(each, address); });
}

std::vector<std::string> written_to(store::Connection& c, model::ActivityId activity)
{
    std::vector<std::string> all;
    for (auto const& part : store::parts_of(c, activity))
        all.insert(all.end(), part.recipients.begin(), part.recipients.end());
    for (auto const& each : store::recipients_of(c, activity))  // whom our server refused is in no part
        if (!is_among(all, each.address)) all.push_back(each.address);
    return all;
}

struct About {
    model::ActivityId activity;
    std::vector<std::string> recipients;
};

// By the ids that it names, else by whom it is about: a server that quotes nothing names them still.
std::optional<About> about_of(store::Connection& c, model::CaseId a_case, mime::Mail const& mail)
{
    auto ids = reported_ids(mail);
    ids.insert(ids.end(), mail.in_reply_to.begin(), mail.in_reply_to.end());
    if (!mail.references.empty()) ids.push_back(mail.references.back());
    if (ids.size() > most_ids * 2) ids.resize(most_ids * 2);
    for (auto const& id : ids)
        if (auto const found = store::sent_with_message_id(c, a_case, id)) return About{*found, written_to(c, *found)};
    if (!mail.report || mail.report->recipients.empty()) return std::nullopt;
    auto const activities = store::activities_of(c, a_case);
    std::size_t looked = 0;
    for (auto each = activities.rbegin(); each != activities.rend() && looked < most_mails; ++each) {
        if (each->kind != model::ActivityKind::sent) continue;
        ++looked;
        auto recipients = written_to(c, each->id);
        if (is_among(recipients, mail.report->recipients.front().address))
            return About{each->id, std::move(recipients)};
    }
    return std::nullopt;
}

std::optional<model::RecipientState> state_of(std::string_view action)
{
    if (action == "failed") return model::RecipientState::failed;
    if (action == "delayed") return model::RecipientState::delayed;
    if (action == "delivered") return model::RecipientState::delivered;
    return std::nullopt;  // relayed and expanded say nothing of the recipient
}

// The words of the server, ahead of the mail that it quotes.
std::string_view own_words(std::string_view text)
{
    constexpr std::array<std::string_view, 6> fields{
        "return-path:", "received:", "from:", "to:", "subject:", "message-id:"};
    text = text.substr(0, looked_at);
    for (std::size_t at = 0; at < text.size();) {
        auto const line = text.substr(at);
        if (std::ranges::any_of(fields, [&](auto field) { return starts_ignoring_case(line, field); }))
            return text.substr(0, at);
        auto const end = text.find('\n', at);
        if (end == std::string_view::npos) break;
        at = end + 1;
    }
    return text;
}

void note_structured(store::Connection& c, About const& about, mime::Report const& report, Instant now)
{
    for (auto const& each : report.recipients) {
        auto const state = state_of(each.action);
        if (!state) continue;
        auto words = each.status + (each.status.empty() || each.diagnostic.empty() ? "" : ", ") + each.diagnostic;
        auto address = each.address;
        // Where his mail is passed on to, the report may speak of that address alone.
        if (about.recipients.size() == 1 && !is_among(about.recipients, address)) {
            words += (words.empty() ? "" : " ") + ("(" + address + ")");
            address = about.recipients.front();
        }
        store::note_recipient(c, {.activity = about.activity,
                                  .address = std::move(address),
                                  .state = *state,
                                  .words = std::move(words),
                                  .at = now});
    }
}

}  // namespace

std::vector<std::string> reported_ids(mime::Mail const& mail)
{
    constexpr std::string_view field = "message-id: <";
    if (mail.report && !mail.report->original_message_id.empty()) return {mail.report->original_message_id};
    std::vector<std::string> found;
    auto const text = std::string_view(mail.text).substr(0, looked_at);
    auto const lower = to_lower(text);
    for (std::size_t at = 0; found.size() < most_ids && (at = lower.find(field, at)) != std::string::npos;) {
        at += field.size();
        auto const end = text.find_first_of("> \n", at);
        if (end != std::string_view::npos && text[end] == '>' && end - at <= longest_id)
            found.emplace_back(text.substr(at, end - at));
    }
    return found;
}

void note_report(store::Connection& c, model::CaseId a_case, mime::Mail const& mail, Tells tells,
                 std::string_view words, Instant now)
{
    if (mail.report && mail.report->kind != mime::Report::Kind::delivery) return;
    if (!mail.report && tells == Tells::nothing) return;
    auto const about = about_of(c, a_case, mail);
    if (!about) return;
    if (mail.report) {
        note_structured(c, *about, *mail.report, now);
        return;
    }
    auto const text = to_lower(own_words(mail.text));
    for (auto const& address : about->recipients) {
        if (about->recipients.size() > 1 && text.find(to_lower(address)) == std::string::npos) continue;
        store::note_recipient(
            c, {.activity = about->activity,
                .address = address,
                .state = tells == Tells::failed ? model::RecipientState::failed : model::RecipientState::delayed,
                .words = std::string(words.substr(0, most_words)),
                .at = now});
    }
}

}  // namespace postroom::desk
