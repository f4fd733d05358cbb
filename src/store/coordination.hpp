// What servers tell each other: leases with fencing numbers, jobs, the audit trail, alarms raised. All by the store's
// clock.
#pragma once

#include "model/ids.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

namespace postroom::store {

struct Lease {
    std::string name;  ///< for example mailbox/018f…
    std::string owner;
    std::int64_t fence = 0;  ///< grows each time that the lease changes hands
};
/// Takes or renews the lease; nothing where somebody else holds it.
[[nodiscard]] std::optional<Lease> take_lease(Connection& c, std::string_view name, std::string_view owner,
                                              Duration length);
/// Throws Failure (Trouble::conflict) where the lease was lost: whoever writes on the strength of it calls this in the
/// same transaction.
void check_lease(Connection& c, Lease const& lease);
/// The same, and from now it holds for `length` more: for work that lasts longer than any one lease.
void renew_lease(Connection& c, Lease const& lease, Duration length);
void drop_lease(Connection& c, Lease const& lease);

struct Job {
    model::JobId id;
    std::string kind;
    std::string input;   ///< JSON
    std::string output;  ///< JSON, once done
    std::string state;   ///< waiting, claimed, done, failed
    Instant created{};
};
void add_job(Connection& c, Job const& job);
[[nodiscard]] std::optional<Job> job(Connection& c, model::JobId id);
[[nodiscard]] std::optional<Job> claim_job(Connection& c, std::string_view kind, std::string_view owner,
                                           Duration lease);
/// One of the kind with this very input that nobody has claimed yet; the oldest.
[[nodiscard]] std::optional<Job> waiting_job(Connection& c, std::string_view kind, std::string_view input);
/// One of the kind could be claimed now. For whoever looks often: it writes nothing.
[[nodiscard]] bool job_due(Connection& c, std::string_view kind);
/// One of the kind is worked on, under a lease that has not ended.
[[nodiscard]] bool job_worked_on(Connection& c, std::string_view kind);
/// The lease of one that is worked on begins anew. Throws Failure (Trouble::conflict) where it is somebody else's by
/// now, or finished.
void renew_job(Connection& c, model::JobId id, std::string_view owner, Duration lease);
/// For what it was given that nobody else may find in it any more.
void change_job_input(Connection& c, model::JobId id, std::string_view input);
/// What there is of it so far. Throws as renew_job().
void note_progress(Connection& c, model::JobId id, std::string_view owner, std::string_view output);
/// Throws as renew_job(): whatever else was done in the same transaction is undone with it.
void finish_job(Connection& c, model::JobId id, std::string_view owner, bool done, std::string_view output);
/// Forgets those that were added before `before` and have ended; and those for one server ("on NAME") that it left
/// for an hour, as it may be gone, and what it was given is not to lie here for ever.
void sweep_jobs(Connection& c, Instant before);

struct AuditEntry {
    Instant at{};
    std::string who;     ///< a user's name, "uid 1000" on the socket, or a worker
    std::string what;    ///< for example account.add
    std::string on;      ///< what it was done to
    std::string detail;  ///< JSON; never a secret
    Uuid id{};           ///< as it is read
};
void audit(Connection& c, AuditEntry const& entry);
/// The last one about `on` whose `what` begins so ("account."), among the last 20 about it.
[[nodiscard]] std::optional<AuditEntry> last_audit(Connection& c, std::string_view what, std::string_view on);
/// Newest first; those before the one of this id.
[[nodiscard]] std::vector<AuditEntry> audit_trail(Connection& c, int most, std::optional<Uuid> const& before = {});

/// What is wrong with one subject, once a cause, with a count of how often it is raised, and of how much there is of
/// it. True where it began now. People are called once a cause, whatever number of subjects (store/alarms.hpp).
bool raise_alarm(Connection& c, std::string_view cause, std::string_view subject, std::string_view words, Instant now,
                 std::int64_t amount = 1);
/// True where it was raised until now.
bool end_alarm(Connection& c, std::string_view cause, std::string_view subject, Instant now);
struct Alarm {
    std::string cause, subject, words;
    std::int64_t count = 0;
    Instant begun{}, last{};
    std::string why{};  ///< the catalogue's cause that its words lead to; or empty
    std::int64_t amount = 1;
};
/// Of a limited sight: those about accounts and mailboxes that it sees.
[[nodiscard]] std::vector<Alarm> alarms(Connection& c, model::Sight const& sight = {});

}  // namespace postroom::store
