// GET /metrics: what is counted, in Prometheus' text format. docs/metrics.md describes every figure, and a test
// compares.
#include "base/version.hpp"
#include "console/api.hpp"
#include "model/grant.hpp"
#include "model/outbound.hpp"
#include "store/figures.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace postroom::console {

namespace {

using Numbers = std::map<std::string, std::int64_t>;

std::string label(std::string_view value)
{
    std::string safe;
    for (char const c : value) {
        if (c == '\\' || c == '"') safe += '\\';
        if (c == '\n')
            safe += "\\n";
        else
            safe += c;
    }
    return safe;
}

class Page {
public:
    /// What follows, up to the next family, are its samples.
    void family(std::string_view name, std::string_view type, std::string_view help)
    {
        name_ = name;
        // lint-strings: allow
        fmt::format_to(std::back_inserter(text_), "# HELP postroom_{0} {2}\n# TYPE postroom_{0} {1}\n", name, type,
                       help);
    }
    template <class Number>
    void sample(Number value)
    {
        fmt::format_to(std::back_inserter(text_), "postroom_{} {}\n", name_, value);
    }
    template <class Number>
    void sample(std::string_view key, std::string_view of, Number value)
    {
        fmt::format_to(std::back_inserter(text_), "postroom_{}{{{}=\"{}\"}} {}\n", name_, key, label(of), value);
    }
    /// A counter without labels.
    template <class Number>
    void total(std::string_view name, std::string_view help, Number value)
    {
        family(name, "counter", help);
        sample(value);
    }
    /// One sample a word, with 0 for those that don't occur: what is absent raises no alarm.
    void samples(std::string_view key, std::span<std::string_view const> words, Numbers const& found)
    {
        for (auto const word : words) {
            auto const at = found.find(std::string(word));
            sample(key, word, at == found.end() ? 0 : at->second);
        }
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::string_view name_;
};

double seconds(Instant at)
{
    return static_cast<double>(at.time_since_epoch().count()) / 1000;
}

constexpr std::array<std::string_view, 6> mailbox_states{"waiting", "connecting",  "retrieving",
                                                         "idle",    "backing-off", "stopped"};
constexpr std::array<std::string_view, 3> account_states{"new", "ready", "needs-authorization"};
constexpr std::array<std::string_view, 3> grant_states{"renewed", "refused", "failed"};
constexpr std::array<std::string_view, 7> outbound_states{"queued", "claimed",  "committing", "sent",
                                                          "failed", "in-doubt", "cancelled"};
constexpr std::array<std::string_view, 16> troubles{"needs-authorization",
                                                    "sign-in-refused",
                                                    "protocol-off",
                                                    "no-right",
                                                    "throttled",
                                                    "unavailable",
                                                    "refused",
                                                    "cut",
                                                    "no-answer",
                                                    "no-progress",
                                                    "nonsense",
                                                    "tls",
                                                    "dns",
                                                    "unreachable",
                                                    "store",
                                                    "internal"};

void add_mailboxes(Page& page, store::Totals const& totals)
{
    page.family("mailboxes", "gauge", "Mailboxes by where the retriever stands with them.");
    page.samples("state", mailbox_states, totals.mailboxes);
    page.family("mailbox_failures_total", "counter",
                "Times that a mailbox was kept from its server, by kind of trouble.");
    page.samples("trouble", troubles, totals.failures);
    auto const& all = totals.figures;
    page.total("retrieved_mails_total", "Mails whose bytes came whole, whatever became of them.", all.retrieved);
    page.total("filed_mails_total", "Mails filed.", all.filed);
    page.total("duplicate_mails_total", "Mails retrieved that had been filed before.", all.duplicates);
    page.total("skipped_mails_total", "Mails older than their mailbox's baseline.", all.skipped);
    page.total("refused_mails_total", "Mails that a server lists and does not give.", all.refused);
    page.total("retrieved_bytes_total", "Bytes of the mails that were retrieved.", all.octets);
    page.total("retrieval_connections_total", "Connections that were signed in and brought a look.", all.connections);
    page.family("mailbox_last_success_timestamp_seconds", "gauge",
                "When a mailbox was last compared with its server; absent where it never was.");
    for (auto const& each : totals.each)
        if (each.last_success) page.sample("mailbox", each.address, seconds(*each.last_success));
    page.family("mailbox_filed_mails_total", "counter", "Mails filed, by mailbox.");
    for (auto const& each : totals.each) page.sample("mailbox", each.address, each.filed);
    page.family("mailbox_retrieved_bytes_total", "counter", "Bytes retrieved, by mailbox.");
    for (auto const& each : totals.each) page.sample("mailbox", each.address, each.octets);
}

void add_queues(Page& page, store::Totals const& totals)
{
    page.family("queue_length", "gauge", "What waits, by queue.");
    page.sample("queue", "triage", totals.triage_waiting);
    page.sample("queue", "exceptions", totals.exceptions);
    page.sample("queue", "not-retrieved", totals.unreadable);
    page.sample("queue", "after-actions", totals.after_actions_due);
    page.sample("queue", "jobs", totals.jobs_waiting);
    page.family("outbound_mails", "gauge", "Mails to be sent, and sent, by state; those in doubt may have left.");
    page.samples("state", outbound_states, totals.outbound);
    page.family("alarms", "gauge", "Alarms that are raised.");
    page.sample(totals.alarms);
}

void add_grants(Page& page, store::Totals const& totals, grants::Renewals const& renewals)
{
    page.family("accounts", "gauge", "Accounts by state.");
    page.samples("state", account_states, totals.accounts);
    page.family("grants", "gauge", "Grants by how their last renewal ended.");
    page.samples("state", grant_states, totals.grants);
    page.family("renewals_total", "counter", "Renewals by this process, by how they ended.");
    page.sample("outcome", "renewed", renewals.renewed.load());
    page.sample("outcome", "refused", renewals.refused.load());
    page.sample("outcome", "failed", renewals.failed.load());
}

void add_store(Page& page, store::Store& store)
{
    auto const counts = store.counts();
    page.total("store_commits_total", "Transactions that this process committed.", counts.commits);
    page.total("store_operations_total", "Operations in these transactions.", counts.operations);
    page.family("store_commit_seconds_total", "counter", "Time that these transactions took.");
    page.sample(static_cast<double>(counts.time.count()) / 1000);
    page.family("store_standstill", "gauge", "1 while the store takes nothing.");
    page.sample(store.standstill() ? 1 : 0);
}

}  // namespace

Answer get_metrics(House& house, Request const& request)
{
    request.only_parameters({});
    auto const totals = co_await house.store().read([](store::Connection& c) { return store::totals(c); });
    Page page;
    page.family("build_info", "gauge", "1, with the version that runs.");
    page.sample("version", version, 1);
    add_mailboxes(page, totals);
    add_queues(page, totals);
    add_grants(page, totals, *house.ground.renewals);
    add_store(page, house.store());
    net::HttpResponse response;
    response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {"Cache-Control", "no-store"}};
    response.body = page.take();
    co_return response;
}

}  // namespace postroom::console
