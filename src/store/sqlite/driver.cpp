#include "store/sqlite/driver.hpp"

#include "store/sqlite/gathering.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace postroom::store::sqlite {

namespace {

// More statements than the program has; a bound all the same.
constexpr std::size_t most_prepared = 512;
// Another process may be migrating, or writing: both are short.
constexpr int busy_milliseconds = 10'000;

class SqliteRow final : public Row {
public:
    explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

    [[nodiscard]] bool is_null(int column) const override
    {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }
    [[nodiscard]] std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
    [[nodiscard]] std::string text(int column) const override { return raw(column); }
    [[nodiscard]] std::string bytes(int column) const override { return raw(column); }
    [[nodiscard]] Uuid uuid(int column) const override
    {
        auto const found = raw(column);
        Uuid id;
        if (found.size() != id.bytes.size())
            throw Failure(Trouble::store, fmt::format("column {} holds {} bytes where an id of 16 should be: the "
                                                      "store's file is damaged",
                                                      column, found.size()));
        std::memcpy(id.bytes.data(), found.data(), id.bytes.size());
        return id;
    }

private:
    [[nodiscard]] std::string raw(int column) const
    {
        auto const* data = static_cast<char const*>(sqlite3_column_blob(statement_, column));
        auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
        return data ? std::string(data, size) : std::string();
    }

    sqlite3_stmt* statement_;
};

int bind(sqlite3_stmt* statement, int at, Value const& value)
{
    struct Visitor {
        sqlite3_stmt* statement;
        int at;
        int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, at); }
        int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, at, number); }
        int operator()(std::string const& text) const
        {
            return sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
        }
        int operator()(Bytes const& bytes) const { return (*this)(BytesView{bytes.bytes}); }
        int operator()(BytesView bytes) const
        {
            // Of a null pointer SQLite makes a NULL.
            char const* const data = bytes.bytes.data() ? bytes.bytes.data() : "";
            return sqlite3_bind_blob64(statement, at, data, bytes.bytes.size(), SQLITE_STATIC);
        }
        int operator()(Uuid const& id) const
        {
            return sqlite3_bind_blob64(statement, at, id.bytes.data(), id.bytes.size(), SQLITE_STATIC);
        }
    };
    return std::visit(Visitor{statement, at}, value);
}

Trouble kind_of(int extended)
{
    switch (extended) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
        case SQLITE_CONSTRAINT_FOREIGNKEY: return Trouble::conflict;
        default: return Trouble::store;
    }
}

// What people can do something about, in their words; empty for the rest, of which SQLite's words are all there is.
std::string what_to_do(int code, int system, std::string const& path)
{
    int const primary = code & 0xff;
    bool const outside = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
    if (primary == SQLITE_FULL || (outside && (system == ENOSPC || system == EDQUOT || system == EFBIG)))
        return fmt::format("the disk is full: make room for {}, and Postroom goes on by itself", path);
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
        return fmt::format(
            "another program has had {} locked for {} s: see which with fuser, and end it; then "
            "Postroom goes on by itself",
            path, busy_milliseconds / 1000);
    if (outside && (system == EMFILE || system == ENFILE))
        return fmt::format(
            "no file descriptor is left for {}: raise the limit (LimitNOFILE= of the service, or "
            "ulimit -n)",
            path);
    return {};
}

}  // namespace

void Driver::Finalize::operator()(sqlite3_stmt* statement) const
{
    sqlite3_finalize(statement);
}

void Driver::Close::operator()(sqlite3* database) const
{
    sqlite3_close_v2(database);
}

// A prepared statement while it runs: whoever runs the same SQL from inside `each` gets another one.
class Driver::Borrowed {
public:
    Borrowed(Driver& driver, std::string_view sql)
    {
        if (auto const found = driver.prepared_.find(sql); found != driver.prepared_.end())
            kept_ = &found->second;
        else if (driver.prepared_.size() < most_prepared)
            kept_ = &driver.prepared_.emplace(sql, Prepared{driver.prepare(sql)}).first->second;
        if (kept_ && kept_->runs) kept_ = nullptr;
        if (kept_)
            kept_->runs = true;
        else
            own_ = driver.prepare(sql);
    }
    ~Borrowed()
    {
        if (!kept_) return;
        sqlite3_reset(get());
        sqlite3_clear_bindings(get());
        kept_->runs = false;
    }
    Borrowed(Borrowed const&) = delete;
    Borrowed& operator=(Borrowed const&) = delete;

    [[nodiscard]] sqlite3_stmt* get() const { return kept_ ? kept_->statement.get() : own_.get(); }

private:
    Prepared* kept_ = nullptr;
    Statement own_;
};

Driver::Driver(std::string const& path, Mode mode, Clock const& clock) : clock_(clock)
{
    // Only where there is none: whoever closes a file gives up all locks that the process has on it (fcntl(2)), and
    // another program that no lock tells of us removes the WAL when it ends.
    if (mode == Mode::read_write)
        if (int const made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); made >= 0)
            ::close(made);
    sqlite3* database = nullptr;
    int const access = mode == Mode::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int const code = sqlite3_open_v2(path.c_str(), &database, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                     mode == Mode::read_write ? gathering_vfs() : nullptr);
    database_.reset(database);
    if (code != SQLITE_OK) fail(code, "open " + path);
    sqlite3_rollback_hook(database, [](void* ours) { forget_gathered(static_cast<sqlite3*>(ours)); }, database);
    sqlite3_busy_timeout(database, busy_milliseconds);
    // Defence against a file that somebody prepared (https://www.sqlite.org/security.html).
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    script("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON");
    if (mode == Mode::read_only) script("PRAGMA query_only = ON");
    // Its WAL is known from the first group on: until then another process may rightly take it away.
    if (struct stat found{}; ::stat(sqlite3_db_filename(database, "main"), &found) == 0)
        files_.front() = File{found.st_dev, found.st_ino};
}

Driver::~Driver() = default;

Driver::Statement Driver::prepare(std::string_view sql)
{
    sqlite3_stmt* statement = nullptr;
    int const code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) fail(code, sql);
    return Statement(statement);
}

std::int64_t Driver::run(std::string_view sql, std::vector<Value> const& parameters,
                         std::function<void(Row const&)> const& each)
{
    Borrowed const statement(*this, sql);
    if (std::cmp_not_equal(sqlite3_bind_parameter_count(statement.get()), parameters.size()))
        throw Failure(Trouble::internal, fmt::format("{} parameters for: {}", parameters.size(), sql));
    int at = 0;
    for (auto const& parameter : parameters)
        if (int const code = bind(statement.get(), ++at, parameter); code != SQLITE_OK) fail(code, sql);
    SqliteRow const row(statement.get());
    int code = SQLITE_OK;
    while ((code = sqlite3_step(statement.get())) == SQLITE_ROW) each(row);
    if (code != SQLITE_DONE) fail(code, sql);
    return sqlite3_stmt_readonly(statement.get()) ? 0 : sqlite3_changes64(database_.get());
}

void Driver::begin_group(std::size_t operations)
{
    must_be_in_place();
    execute("BEGIN IMMEDIATE");
    alone_ = operations == 1;
}

// A savepoint copies every page before it changes; the transaction itself is one for an operation that is alone.
void Driver::begin_operation()
{
    if (!alone_) execute("SAVEPOINT operation");
}

void Driver::end_operation()
{
    if (!alone_) execute("RELEASE operation");
}

// SQLite would go on with a file that was removed, or replaced by a backup, and all of it would be gone with the
// process: no name leads there any more.
void Driver::must_be_in_place()
{
    char const* const path = sqlite3_db_filename(database_.get(), "main");
    if (!path || *path == '\0') return;
    std::size_t at = 0;
    for (auto const* const suffix : {"", "-wal"}) {
        auto& known = files_.at(at++);
        auto const name = std::string(path) + suffix;
        struct stat found{};
        bool const there = ::stat(name.c_str(), &found) == 0;
        if (!there && errno != ENOENT) continue;  // what it is can't be told: SQLite will see
        if (known && (!there || *known != File{found.st_dev, found.st_ino}))
            throw Failure::standstill(
                fmt::format("{} was {} while Postroom had it open, so nothing more is written: put it back, "
                            "or stop Postroom, and start it when the right file is there",
                            name, there ? "replaced by another file" : "removed"));
        if (there && !known) known = File{found.st_dev, found.st_ino};
    }
}

bool Driver::undo_operation()
{
    // On some errors SQLite rolls back the whole transaction by itself.
    if (!in_transaction()) return false;
    if (alone_) {
        execute("ROLLBACK");
        execute("BEGIN");
        return true;
    }
    execute("ROLLBACK TO operation");
    execute("RELEASE operation");
    return true;
}

void Driver::roll_back() noexcept
{
    try {
        if (in_transaction()) execute("ROLLBACK");
    } catch (Failure const&) {
        return;  // the next BEGIN will say so to whoever comes next
    }
}

void Driver::script(std::string const& sql)
{
    if (int const code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK)
        fail(code, sql.substr(0, 200));
}

// Who asks for it while another turns the same new file to WAL has a reader's lock already, and is refused at once:
// SQLite waits only for the first lock of a transaction.
void Driver::use_wal()
{
    auto const until = std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_milliseconds);
    for (;;) {
        int const code = sqlite3_exec(database_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
        if (code == SQLITE_OK) return;
        if ((code & 0xff) != SQLITE_BUSY || std::chrono::steady_clock::now() >= until) fail(code, "turn to WAL");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void Driver::watch_wal(std::function<void(int pages)> committed)
{
    committed_ = std::move(committed);
    auto const hook = [](void* driver, sqlite3*, char const*, int pages) {
        static_cast<Driver*>(driver)->committed_(pages);
        return SQLITE_OK;
    };
    sqlite3_wal_hook(database_.get(), hook, this);
}

bool Driver::checkpoint() noexcept
{
    return sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) ==
           SQLITE_OK;
}

bool Driver::in_transaction() const
{
    return sqlite3_get_autocommit(database_.get()) == 0;
}

void Driver::fail(int code, std::string_view doing) const
{
    std::string words = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code);
    if (int const system = database_ ? sqlite3_system_errno(database_.get()) : 0;
        system != 0 && (code & 0xff) != SQLITE_CONSTRAINT)
        words += fmt::format(" ({})", std::strerror(system));
    if (database_) {
        char const* const path = sqlite3_db_filename(database_.get(), "main");
        auto const remedy = what_to_do(code, sqlite3_system_errno(database_.get()), path ? path : "the store");
        if (!remedy.empty()) throw Failure::standstill(fmt::format("{} (SQLite: {})", remedy, words));
    }
    auto const all = fmt::format("{}, in: {}", words, doing);
    if ((code & 0xff) == SQLITE_IOERR) throw Failure::standstill(all);
    throw Failure(kind_of(code), all);
}

}  // namespace postroom::store::sqlite
