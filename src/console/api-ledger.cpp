// What became of each mail that a mailbox's server ever showed, and comparing the two.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/names.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "model/reconciliation.hpp"
#include "store/coordination.hpp"
#include "store/ledger.hpp"
#include "store/mailboxes.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace postroom::console {

namespace {

json::string text(std::string_view any)
{
    auto const valid = to_valid_utf8(any);
    return json::string(valid.data(), valid.size());
}

// In one word, for people: where it is now.
std::string_view became(store::LedgerEntry const& entry)
{
    using enum model::LedgerState;
    if (entry.row.state == skipped) return mark_in("what became of a mail", "skipped");
    if (entry.row.state == duplicate) return mark_in("what became of a mail", "duplicate");
    if (entry.row.state == unreadable) return mark_in("what became of a mail", "unreadable");
    if (!entry.message) return mark_in("what became of a mail", "deleted");
    if (entry.message->triage == model::TriageState::pending) return mark_in("what became of a mail", "pending");
    if (entry.message->triage == model::TriageState::exception) return mark_in("what became of a mail", "exception");
    if (entry.a_case) return mark_in("what became of a mail", "case");
    bool const screened = entry.message->screen != model::Screen::none;
    return screened ? mark_in("what became of a mail", "screened") : mark_in("what became of a mail", "no-case");
}

json::object to_json(store::LedgerEntry const& entry)
{
    json::object shown{{"folder", text(entry.row.place.folder)},
                       {"uid_validity", entry.row.place.uid_validity},
                       {"uid", entry.row.place.uid},
                       {"unique_id", text(entry.row.unique_id)},
                       {"state", text(to_string(entry.row.state))},
                       {"became", text(became(entry))},
                       {"seen", text(to_rfc3339(entry.seen))},
                       {"changed", text(to_rfc3339(entry.changed))},
                       {"gone", entry.gone},
                       {"due", text(to_string(entry.row.due))},
                       {"tries", entry.row.tries},
                       {"note", text(entry.row.note)},
                       {"message", nullptr},
                       {"received", nullptr},
                       {"size", nullptr},
                       {"possible_duplicate", false},
                       {"exception", ""},
                       {"screen", ""},
                       {"screen_rule", ""},
                       {"case", nullptr},
                       {"activity", nullptr},
                       {"from", text(entry.from)},
                       {"subject", text(entry.subject)}};
    if (entry.message) {
        shown["message"] = text(to_string(entry.message->id));
        shown["received"] = text(to_rfc3339(entry.message->received));
        shown["size"] = entry.message->size;
        shown["possible_duplicate"] = entry.message->possible_duplicate;
        shown["exception"] = text(entry.message->exception);
        shown["screen"] = text(to_string(entry.message->screen));
        shown["screen_rule"] = text(entry.message->screen_rule);
    }
    if (entry.a_case) shown["case"] = *entry.a_case;
    if (entry.activity) shown["activity"] = text(to_string(*entry.activity));
    return shown;
}

std::string to_cursor(store::LedgerEntry const& entry)
{
    auto const& place = entry.row.place;
    return fmt::format("{}.{}.{}", place.uid_validity, place.uid, place.folder);
}

std::optional<store::LedgerMark> mark_after(Page const& page)
{
    if (page.after.empty()) return std::nullopt;
    store::LedgerMark mark;
    char const* const end = page.after.data() + page.after.size();
    auto const validity = std::from_chars(page.after.data(), end, mark.uid_validity);
    bool right = validity.ec == std::errc() && validity.ptr != end && *validity.ptr == '.';
    if (right) {
        auto const uid = std::from_chars(validity.ptr + 1, end, mark.uid);
        right = uid.ec == std::errc() && uid.ptr != end && *uid.ptr == '.';
        if (right) mark.folder.assign(uid.ptr + 1, end);
    }
    if (!right)
        throw Problem(
            Trouble::invalid,
            tr("after={} is no place in this list: it must be the next of the page before", printable(page.after, 64)),
            "after");
    return mark;
}

store::LedgerFilter filter_of(Request const& request)
{
    store::LedgerFilter filter;
    auto const given = request.http.parameter("state");
    if (!given) return filter;
    if (*given == "due")
        filter.only_due = true;
    else if (*given == "possible-duplicate")
        filter.only_possible_duplicates = true;
    else
        filter.state = or_problem(model::parse_ledger_state(*given), "state");
    return filter;
}

json::object object_in(std::string const& words)
{
    boost::system::error_code error;
    auto const value = json::parse(words, error);
    return !error && value.is_object() ? value.get_object() : json::object();
}

json::object reconciliation_to_json(store::Job const& job, std::string const& address)
{
    auto output = object_in(job.output);
    auto const* const words = output.if_contains("words");
    bool const failed = job.state == "failed";
    json::object shown{{"id", to_string(job.id)},
                       {"mailbox", text(address)},
                       {"state", job.state == "claimed" ? "working" : job.state},
                       {"reason", failed && words && words->is_string() ? words->get_string() : json::string()},
                       {"begun", to_rfc3339(job.created)},
                       {"result", nullptr}};
    if (job.state == "done") shown["result"] = std::move(output);
    return shown;
}

}  // namespace

Answer list_ledger(House& house, Request const& request)
{
    request.only_parameters({"state", "limit", "after"});
    auto const filter = filter_of(request);
    auto const page = page_of(request, 50, 200);
    auto const after = mark_after(page);
    std::optional<std::string> next;
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        auto entries = store::ledger_page(c, mailbox.id, filter, page.limit + 1, after);
        next = cut(entries, page, [](auto const& last) { return to_cursor(last); });
        json::array found;
        for (auto const& each : entries) found.emplace_back(to_json(each));
        return found;
    });
    co_return page_response(std::move(items), next);
}

Answer begin_reconciliation(House& house, Request const& request)
{
    bool const bytes = Members(request.http, {"bytes"}).flag_or("bytes", false);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        auto const input = json::serialize(json::object{{"mailbox", to_string(mailbox.id)}, {"bytes", bytes}});
        // Whoever asks for the same meanwhile waits for the same.
        if (auto const waits = store::waiting_job(c, model::reconcile_job, input))
            return reconciliation_to_json(*waits, mailbox.address);
        auto const id = model::JobId::make();
        store::add_job(c, {.id = id, .kind = std::string(model::reconcile_job), .input = input});
        note(c, request.caller, "mailbox.reconcile", mailbox.address, {{"bytes", bytes}}, house.now());
        return reconciliation_to_json(*store::job(c, id), mailbox.address);
    });
    house.hooks.reconciliation_due();
    co_return json_response(net::http::status::accepted, body);
}

Answer show_reconciliation(House& house, Request const& request)
{
    auto const id = request.id<model::JobId>("id");
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const job = store::job(c, id);
        std::optional<model::Mailbox> mailbox;
        if (job && job->kind == model::reconcile_job) {
            auto const input = object_in(job->input);
            auto const* const named = input.if_contains("mailbox");
            if (named && named->is_string())
                if (auto const its = parse_uuid(std::string(named->get_string())))
                    mailbox = seen(request.caller.sight, store::mailbox(c, {*its}));
        }
        if (!mailbox) throw Problem(Trouble::not_found, tr("there is no such comparison"));
        return reconciliation_to_json(*job, mailbox->address);
    });
    co_return json_response(net::http::status::ok, body);
}

}  // namespace postroom::console
