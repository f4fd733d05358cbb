// A connection to a PostgreSQL server, in libpq's pipeline mode: what nobody waits for travels with the next statement
// that somebody does wait for. Values travel in binary. One that was lost is made anew when the next transaction
// begins.
#pragma once

#include "base/backoff.hpp"
#include "store/postgres/address.hpp"
#include "store/session.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct pg_conn;
struct pg_result;

namespace postroom::store::postgres {

class Driver final : public Session {
public:
    /// Throws Failure where the server can't be reached, or has a database that can't be used. `clock` is there for
    /// tests: nothing means the server's.
    Driver(Parameters parameters, Clock const* clock);
    ~Driver() override;
    Driver(Driver const&) = delete;
    Driver& operator=(Driver const&) = delete;

    std::int64_t run(std::string_view sql, std::vector<Value> const& parameters,
                     std::function<void(Row const&)> const& each) override;
    void post_run(std::string_view sql, std::vector<Value> const& parameters) override;
    /// Of the moment at which the transaction got its turn.
    [[nodiscard]] Instant now() override;

    /// Waits until no other transaction of Postroom writes to this database: two never wait for each other's rows.
    void begin_group(std::size_t operations) override;
    void begin_operation() override;
    void end_operation() override;
    [[nodiscard]] bool undo_operation() override;
    void commit() override;
    void roll_back() noexcept override;
    void begin_reading() override;
    void end_reading() noexcept override;

    /// Several statements without parameters or results, within a transaction; they may take as long as they need.
    void script(std::string const& sql);

private:
    struct Close {
        void operator()(pg_conn* connection) const;
    };
    struct Clear {
        void operator()(pg_result* result) const;
    };
    using Result = std::unique_ptr<pg_result, Clear>;
    struct Statement {
        std::string name;
        std::string_view sql;  // within its key
        int parameters = 0;
        bool prepared = false;
    };
    struct TextHash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    // What was sent and not answered yet.
    struct Sent {
        Statement* statement;
        bool prepares;
        bool tells_time;
    };
    class Arguments;

    void connect();
    void ensure_connected();
    void send(std::string_view sql, std::vector<Value> const& parameters, bool tells_time = false);
    [[nodiscard]] Result settle();
    [[nodiscard]] Result settle_within(std::chrono::seconds limit);
    [[nodiscard]] Result answer();
    void drain();
    void flush();
    void wait(bool for_writing);
    [[nodiscard]] Failure failure_of(pg_result const* result, std::string_view sql) const;
    [[noreturn]] void lose(std::string_view why);

    Parameters const parameters_;
    Clock const* const clock_;
    std::unique_ptr<pg_conn, Close> connection_;
    std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
    std::deque<Sent> sent_;
    std::size_t sent_bytes_ = 0;
    bool posted_ = false;            // by the operation, and not answered yet
    std::optional<Failure> failed_;  // the transaction carries out nothing more
    std::optional<Instant> now_;
    std::chrono::steady_clock::time_point deadline_;
    Backoff const backoff_{.first = Duration(200), .most = Duration(10'000)};
    unsigned refused_ = 0;
    std::chrono::steady_clock::time_point next_try_;
    std::string why_;  // it can't be reached
};

}  // namespace postroom::store::postgres
