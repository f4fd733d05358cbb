// A connection to an SQLite file. UUIDs are blobs of 16 bytes, instants integers.
#pragma once

#include "store/session.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace postroom::store::sqlite {

class Driver final : public Session {
public:
    enum class Mode { read_write, read_only };

    /// Throws Failure. A file that is made here is its owner's alone (0600), and so are its WAL and index.
    Driver(std::string const& path, Mode mode, Clock const& clock);
    ~Driver() override;
    Driver(Driver const&) = delete;
    Driver& operator=(Driver const&) = delete;

    std::int64_t run(std::string_view sql, std::vector<Value> const& parameters,
                     std::function<void(Row const&)> const& each) override;
    [[nodiscard]] Instant now() override { return clock_.now(); }

    /// Throws Failure also where the file is no longer the one that was opened.
    void begin_group(std::size_t operations) override;
    void begin_operation() override;
    void end_operation() override;
    [[nodiscard]] bool undo_operation() override;
    void commit() override { execute("COMMIT"); }
    void roll_back() noexcept override;
    void begin_reading() override { execute("BEGIN"); }
    void end_reading() noexcept override { roll_back(); }

    /// Several statements without parameters or results.
    void script(std::string const& sql);
    /// Of the file from now on. Waits for whoever does the same, as for any lock.
    void use_wal();
    /// `committed` is called with every commit, with the number of pages that the WAL then has; SQLite checkpoints
    /// nothing by itself any more.
    void watch_wal(std::function<void(int pages)> committed);
    /// Moves what it can from the WAL into the file, whoever reads or writes meanwhile. False: it could not.
    bool checkpoint() noexcept;
    /// False after SQLite itself rolled everything back (a full disk, an I/O error).
    [[nodiscard]] bool in_transaction() const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
    struct Close {
        void operator()(sqlite3* database) const;
    };
    struct TextHash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    struct Prepared {
        Statement statement;
        bool runs = false;
    };
    class Borrowed;

    [[nodiscard]] Statement prepare(std::string_view sql);
    [[noreturn]] void fail(int code, std::string_view doing) const;
    void must_be_in_place();

    Clock const& clock_;
    std::unique_ptr<sqlite3, Close> database_;
    std::unordered_map<std::string, Prepared, TextHash, std::equal_to<>> prepared_;
    struct File {
        std::uint64_t device = 0, node = 0;
        friend bool operator==(File const&, File const&) = default;
    };
    std::function<void(int)> committed_;
    bool alone_ = false;                        // the operation of this group
    std::array<std::optional<File>, 2> files_;  // the database and its WAL, as they were first seen
};

}  // namespace postroom::store::sqlite
