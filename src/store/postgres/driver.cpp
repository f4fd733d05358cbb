#include "store/postgres/driver.hpp"

#include "base/text.hpp"
#include "store/postgres/dialect.hpp"
#include "store/postgres/row.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <random>

namespace postroom::store::postgres {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int oldest_server = 150'000;
// A server that has not answered by then never will: it ends a statement after 20 s itself (address.cpp). People wait
// for this where it has stopped in the middle of something.
constexpr auto answer_limit = 25s;
// A commit waits for the disk, and nothing at the server ends it: whoever is told that it failed does it again.
constexpr auto commit_limit = 90s;
constexpr auto script_limit = 24h;
// Of what was posted, before it is waited for: less than libpq sends by itself, so that hardly ever a process that is
// stopped leaves the server in the middle of something that it waits for without end.
constexpr std::size_t most_sent = 1000, most_sent_bytes = 32 * 1024;
// More statements than the program has; a bound all the same.
constexpr std::size_t most_prepared = 1000;

// What was committed must be there after a power cut, whatever the database was told to do otherwise.
constexpr auto const* on_connecting =
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

// "Postroom" in ASCII. An advisory lock is the database's own: others' databases on that server have theirs.
constexpr std::string_view wait_for_turn = "SELECT pg_advisory_xact_lock(5795978189422423917)";
constexpr std::string_view tell_time = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

std::string_view first_line(std::string_view words)
{
    return trim(words.substr(0, words.find('\n')));
}

double between_zero_and_one()
{
    thread_local std::minstd_rand random{std::random_device()()};
    return std::uniform_real_distribution<>(0, 1)(random);
}

}  // namespace

void Driver::Close::operator()(pg_conn* connection) const
{
    PQfinish(connection);
}

void Driver::Clear::operator()(pg_result* result) const
{
    PQclear(result);
}

// A statement's parameters as libpq takes them.
class Driver::Arguments {
public:
    explicit Arguments(std::vector<Value> const& parameters)
    {
        numbers_.resize(parameters.size());
        for (auto const& parameter : parameters) std::visit(*this, parameter);
    }
    Arguments(Arguments const&) = delete;
    Arguments& operator=(Arguments const&) = delete;

    void operator()(std::nullptr_t) { add('n', 0, nullptr, 0); }
    void operator()(std::int64_t number)
    {
        auto& big_endian = numbers_[types.size()];
        for (std::size_t i = 0; i < big_endian.size(); ++i)
            big_endian[i] = static_cast<char>(static_cast<std::uint64_t>(number) >> (56 - 8 * i));
        add('i', 20, big_endian.data(), big_endian.size());
    }
    void operator()(std::string const& text)
    {
        auto changed = storable(text);
        std::string const& stored = changed ? texts_.emplace_back(std::move(*changed)) : text;
        add('t', 25, stored.data(), stored.size());
    }
    void operator()(Bytes const& blob) { add('b', 17, blob.bytes.data(), blob.bytes.size()); }
    void operator()(BytesView blob) { add('b', 17, blob.bytes.data(), blob.bytes.size()); }
    void operator()(Uuid const& id) { add('u', 2950, reinterpret_cast<char const*>(id.bytes.data()), id.bytes.size()); }

    std::string letters;  // one a type, so that each combination of types is prepared by itself
    std::vector<Oid> types;
    std::vector<char const*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    std::size_t bytes = 0;

private:
    void add(char letter, Oid type, char const* data, std::size_t size)
    {
        if (size > 1'000'000'000) throw Failure(Trouble::limit, "a value of more than a gigabyte can't be stored");
        letters += letter;
        types.push_back(type);
        values.push_back(data);
        lengths.push_back(static_cast<int>(size));
        formats.push_back(1);
        bytes += size;
    }

    std::vector<std::array<char, 8>> numbers_;
    std::deque<std::string> texts_;
};

Driver::Driver(Parameters parameters, Clock const* clock) : parameters_(std::move(parameters)), clock_(clock)
{
    connect();
}

Driver::~Driver() = default;

void Driver::connect()
{
    auto const now = Steady::now();
    if (now < next_try_)
        throw Failure::standstill(fmt::format("PostgreSQL can't be reached: {}; it is tried again in {} ms", why_,
                                              std::chrono::ceil<Duration>(next_try_ - now).count()));
    std::vector<char const*> keys;
    std::vector<char const*> values;
    for (auto const& [key, value] : parameters_) {
        keys.push_back(key.c_str());
        values.push_back(value.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    std::unique_ptr<pg_conn, Close> made(PQconnectdbParams(keys.data(), values.data(), 0));
    bool ready = PQstatus(made.get()) == CONNECTION_OK;
    if (ready) {
        PQsetNoticeProcessor(made.get(), [](void*, char const*) {}, nullptr);
        Result const set(PQexec(made.get(), on_connecting));
        ready = PQresultStatus(set.get()) == PGRES_TUPLES_OK;
    }
    if (!ready) {
        why_ = first_line(PQerrorMessage(made.get()));
        next_try_ = Steady::now() + backoff_.before(++refused_, between_zero_and_one());
        throw Failure::standstill("PostgreSQL can't be reached: " + why_);
    }
    if (PQserverVersion(made.get()) < oldest_server)
        throw Failure(Trouble::store, "the PostgreSQL server is older than version 15");
    if (char const* const encoding = PQparameterStatus(made.get(), "server_encoding");
        !encoding || std::string_view(encoding) != "UTF8")
        throw Failure(Trouble::store, fmt::format("the database has the encoding {}, and must have UTF8",
                                                  encoding ? encoding : "of no name"));
    if (PQsetnonblocking(made.get(), 1) != 0 || PQenterPipelineMode(made.get()) != 1)
        throw Failure(Trouble::store, "libpq refuses its pipeline mode");
    connection_ = std::move(made);
    refused_ = 0;
}

// Also where the server went and came back while nothing was asked: that costs nobody an error.
void Driver::ensure_connected()
{
    if (connection_) {
        pollfd readable{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
        for (int looks = 0; looks < 8 && connection_ && ::poll(&readable, 1, 0) > 0; ++looks)
            if (PQconsumeInput(connection_.get()) == 0 || PQstatus(connection_.get()) == CONNECTION_BAD)
                connection_.reset();
    }
    if (connection_ && statements_.size() > most_prepared) connection_.reset();
    if (!connection_) {
        sent_.clear();
        statements_.clear();
        connect();
    }
    failed_.reset();
    now_.reset();
    posted_ = false;
    sent_bytes_ = 0;
}

void Driver::lose(std::string_view why)
{
    failed_ = Failure::standstill(fmt::format("the connection to PostgreSQL was lost: {}", first_line(why)));
    connection_.reset();
    sent_.clear();
    statements_.clear();
    throw Failure(*failed_);
}

Failure Driver::failure_of(pg_result const* result, std::string_view sql) const
{
    auto const field = [&](int which) {
        char const* const text = PQresultErrorField(result, which);
        return std::string_view(text ? text : "");
    };
    auto const state = field(PG_DIAG_SQLSTATE);
    if (state == "53100")
        return Failure::standstill(
            fmt::format("the PostgreSQL server's disk is full: make room there, and Postroom goes on by itself "
                        "(PostgreSQL: {})",
                        field(PG_DIAG_MESSAGE_PRIMARY)));
    // Not the detail: it quotes values.
    auto const words = fmt::format("{}, in: {}", field(PG_DIAG_MESSAGE_PRIMARY), sql);
    return is_the_servers(state) ? Failure::standstill(words) : Failure(kind_of(state), words);
}

void Driver::wait(bool for_writing)
{
    pollfd ready{.fd = PQsocket(connection_.get()),
                 .events = static_cast<short>(for_writing ? POLLIN | POLLOUT : POLLIN),
                 .revents = 0};
    auto const left = std::chrono::ceil<Duration>(deadline_ - Steady::now()).count();
    int const found = left > 0 ? ::poll(&ready, 1, static_cast<int>(std::min<Duration::rep>(left, 1'000'000))) : 0;
    if (found == 0) lose("it did not answer in time");
    if (found < 0 && errno != EINTR) lose("poll() failed");
    if (found > 0 && (ready.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_.get()) == 0)
        lose(PQerrorMessage(connection_.get()));
}

void Driver::flush()
{
    for (;;) {
        int const left = PQflush(connection_.get());
        if (left == 0) return;
        if (left < 0) lose(PQerrorMessage(connection_.get()));
        wait(true);
    }
}

// Nothing where libpq says that what was asked is answered to the end.
Driver::Result Driver::answer()
{
    while (PQisBusy(connection_.get()) != 0) wait(false);
    Result result(PQgetResult(connection_.get()));
    if (PQstatus(connection_.get()) == CONNECTION_BAD)
        lose(result ? PQresultErrorMessage(result.get()) : PQerrorMessage(connection_.get()));
    return result;
}

void Driver::send(std::string_view sql, std::vector<Value> const& parameters, bool tells_time)
{
    if (failed_) throw Failure(*failed_);
    if (!connection_) throw Failure(Trouble::internal, "a statement outside of a transaction");
    Arguments const arguments(parameters);
    std::string key;
    key.reserve(sql.size() + 1 + arguments.letters.size());
    key.append(sql).append(1, '\0').append(arguments.letters);
    auto const [at, made] = statements_.try_emplace(std::move(key));
    auto& statement = at->second;
    auto const count = static_cast<int>(parameters.size());
    if (made) {
        statement.name = fmt::format("s{}", statements_.size());
        statement.sql = std::string_view(at->first).substr(0, sql.size());
    }
    if (!statement.prepared) {
        auto const ours = numbered(sql);
        if (ours.parameters != count)
            throw Failure(Trouble::internal, fmt::format("{} parameters for: {}", count, sql));
        if (PQsendPrepare(connection_.get(), statement.name.c_str(), ours.sql.c_str(), count, arguments.types.data()) !=
            1)
            lose(PQerrorMessage(connection_.get()));
        statement.prepared = true;
        sent_.push_back({&statement, true, false});
    }
    if (PQsendQueryPrepared(connection_.get(), statement.name.c_str(), count, arguments.values.data(),
                            arguments.lengths.data(), arguments.formats.data(), 1) != 1)
        lose(PQerrorMessage(connection_.get()));
    sent_.push_back({&statement, false, tells_time});
    sent_bytes_ += arguments.bytes;
}

// Returns what the last statement was answered; throws what the first that failed was.
Driver::Result Driver::settle()
{
    return settle_within(answer_limit);
}

Driver::Result Driver::settle_within(std::chrono::seconds limit)
{
    if (failed_) throw Failure(*failed_);
    // Not a flush: only after a synchronisation does the server take the session for idle, and ends it in time.
    if (PQpipelineSync(connection_.get()) != 1) lose(PQerrorMessage(connection_.get()));
    deadline_ = Steady::now() + limit;
    flush();
    std::optional<Failure> error;
    Result last;
    while (!sent_.empty()) {
        auto const what = sent_.front();
        sent_.pop_front();
        last = answer();
        auto const status = PQresultStatus(last.get());
        bool const well = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (!well && what.prepares) what.statement->prepared = false;
        if (!well && !error) {
            char const* const severity = PQresultErrorField(last.get(), PG_DIAG_SEVERITY_NONLOCALIZED);
            error = failure_of(last.get(), what.statement->sql);
            if (severity && std::string_view(severity) != "ERROR") lose(PQresultErrorMessage(last.get()));
        }
        if (well && what.tells_time) now_ = PostgresRow(last.get(), 0).instant(0);
        while (answer()) {  // the end of this one's answer
        }
    }
    for (Result end = answer(); PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC; end = answer()) {
    }
    posted_ = false;
    sent_bytes_ = 0;
    if (error) {
        failed_ = error;
        throw Failure(*failed_);
    }
    return last;
}

void Driver::drain()
{
    try {
        failed_.reset();
        (void)settle();
    } catch (Failure const&) {
        if (!connection_) throw;
    }
    failed_.reset();
}

std::int64_t Driver::run(std::string_view sql, std::vector<Value> const& parameters,
                         std::function<void(Row const&)> const& each)
{
    send(sql, parameters);
    auto const result = settle();
    int const rows = PQntuples(result.get());
    for (int row = 0; row < rows; ++row) each(PostgresRow(result.get(), row));
    if (std::string_view(PQcmdStatus(result.get())).starts_with("SELECT")) return 0;
    std::string_view const changed = PQcmdTuples(result.get());
    std::int64_t count = 0;
    std::from_chars(changed.data(), changed.data() + changed.size(), count);
    return count;
}

void Driver::post_run(std::string_view sql, std::vector<Value> const& parameters)
{
    send(sql, parameters);
    posted_ = true;
    if (sent_.size() >= most_sent || sent_bytes_ >= most_sent_bytes) (void)settle();
}

Instant Driver::now()
{
    if (clock_) return clock_->now();
    if (!now_) {
        if (!std::ranges::any_of(sent_, &Sent::tells_time)) send(tell_time, {}, true);
        (void)settle();
    }
    return now_.value();
}

void Driver::begin_group(std::size_t)
{
    ensure_connected();
    send("BEGIN ISOLATION LEVEL READ COMMITTED", {});
    send(wait_for_turn, {});
    if (!clock_) send(tell_time, {}, true);
}

void Driver::begin_operation()
{
    send("SAVEPOINT operation", {});
}

void Driver::end_operation()
{
    // A failure that the work kept to itself.
    if (failed_) throw Failure(*failed_);
    if (posted_) (void)settle();
    send("RELEASE SAVEPOINT operation", {});
}

bool Driver::undo_operation()
{
    if (!connection_) return false;
    try {
        drain();
        send("ROLLBACK TO SAVEPOINT operation", {});
        send("RELEASE SAVEPOINT operation", {});
        (void)settle();
        return true;
    } catch (Failure const&) {
        return false;
    }
}

void Driver::commit()
{
    send("COMMIT", {});
    Result result;
    try {
        result = settle_within(commit_limit);
    } catch (Failure const& failure) {
        if (connection_) throw;
        throw Failure::unknown(failure.what());
    }
    // A transaction in which something failed is rolled back, and that is no error to PostgreSQL.
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT")
        throw Failure(Trouble::store, "the transaction was rolled back");
}

void Driver::roll_back() noexcept
{
    if (!connection_) return;
    try {
        drain();
        send("ROLLBACK", {});
        (void)settle();
    } catch (Failure const&) {
        connection_.reset();
    }
}

void Driver::begin_reading()
{
    ensure_connected();
    send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {});
}

void Driver::end_reading() noexcept
{
    roll_back();
}

void Driver::script(std::string const& sql)
{
    (void)settle();
    auto const text = "SET LOCAL statement_timeout = 0; " + sql;
    if (PQexitPipelineMode(connection_.get()) != 1 || PQsendQuery(connection_.get(), text.c_str()) != 1)
        lose(PQerrorMessage(connection_.get()));
    deadline_ = Steady::now() + script_limit;
    flush();
    std::optional<Failure> error;
    while (auto const result = answer())
        if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR && !error)
            error = failure_of(result.get(), sql.substr(0, 200));
    if (PQenterPipelineMode(connection_.get()) != 1) lose(PQerrorMessage(connection_.get()));
    if (error) {
        failed_ = error;
        throw Failure(*failed_);
    }
}

}  // namespace postroom::store::postgres
