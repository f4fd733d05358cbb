// One thin connection with a driver for each database. SQL is written once, in the subset that both speak, with ? for
// parameters; it lives in this folder only.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace postroom::store {

/// The store failed, or a statement broke one of its rules. Thrown only inside read() and write(), and rethrown by
/// them.
class Failure : public std::runtime_error {
public:
    Failure(Trouble kind, std::string const& why) : std::runtime_error(why), kind_(kind) {}
    /// Trouble::conflict for a unique or foreign key that was broken; Trouble::limit for what is too large; otherwise
    /// Trouble::store.
    [[nodiscard]] Trouble kind() const { return kind_; }
    [[nodiscard]] Error error() const { return {kind_, what()}; }

    /// Trouble::store that whoever asks would meet: a full disk, a server that is away. Waiting helps, and it says
    /// nothing of what was to be written.
    [[nodiscard]] static Failure standstill(std::string const& why)
    {
        Failure failure(Trouble::store, why);
        failure.standstill_ = true;
        return failure;
    }
    [[nodiscard]] bool is_standstill() const { return standstill_; }

    /// A standstill in the middle of committing: what was written may be there, or not.
    [[nodiscard]] static Failure unknown(std::string const& why)
    {
        auto failure = standstill(why);
        failure.unknown_ = true;
        return failure;
    }
    [[nodiscard]] bool is_unknown() const { return unknown_; }

private:
    Trouble kind_;
    bool standstill_ = false;
    bool unknown_ = false;
};

struct Bytes {
    std::string bytes;
};
/// Bytes that whoever asks keeps until the statement was run: for what is too large to be copied for it.
struct BytesView {
    std::string_view bytes;
};

using Value = std::variant<std::nullptr_t, std::int64_t, std::string, Bytes, Uuid, BytesView>;

[[nodiscard]] inline Value value(std::int64_t number)
{
    return number;
}
[[nodiscard]] inline Value value(int number)
{
    return std::int64_t(number);
}
[[nodiscard]] inline Value value(std::uint32_t number)
{
    return std::int64_t(number);
}
[[nodiscard]] inline Value value(bool yes)
{
    return std::int64_t(yes ? 1 : 0);
}
[[nodiscard]] inline Value value(std::string_view text)
{
    return std::string(text);
}
[[nodiscard]] inline Value value(std::string const& text)
{
    return text;
}
[[nodiscard]] inline Value value(char const* text)
{
    return std::string(text);
}
[[nodiscard]] inline Value value(Instant at)
{
    return std::int64_t(at.time_since_epoch().count());
}
[[nodiscard]] inline Value value(Duration length)
{
    return std::int64_t(length.count());
}
[[nodiscard]] inline Value value(Uuid const& id)
{
    return id;
}
[[nodiscard]] inline Value value(Bytes bytes)
{
    return Value(std::move(bytes));
}
[[nodiscard]] inline Value value(BytesView bytes)
{
    return bytes;
}
template <class Tag>
[[nodiscard]] Value value(Id<Tag> const& id)
{
    return id.value;
}
template <class T>
[[nodiscard]] Value value(std::optional<T> const& maybe)
{
    return maybe ? value(*maybe) : Value(nullptr);
}

/// Not an initializer list, which would copy each of them.
template <class... Args>
[[nodiscard]] std::vector<Value> values(Args const&... args)
{
    std::vector<Value> all;
    all.reserve(sizeof...(args));
    (all.push_back(value(args)), ...);
    return all;
}

/// Where a list in the order of time was left.
struct Moment {
    Instant at{};
    Uuid id{};
};

/// One row, read by column number.
class Row {
public:
    virtual ~Row() = default;
    [[nodiscard]] virtual bool is_null(int column) const = 0;
    [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
    [[nodiscard]] virtual std::string text(int column) const = 0;
    [[nodiscard]] virtual std::string bytes(int column) const = 0;
    [[nodiscard]] virtual Uuid uuid(int column) const = 0;

    [[nodiscard]] bool boolean(int column) const { return integer(column) != 0; }
    [[nodiscard]] Instant instant(int column) const { return Instant(Duration(integer(column))); }
    template <class IdType>
    [[nodiscard]] IdType id(int column) const
    {
        return {uuid(column)};
    }
    template <class IdType>
    [[nodiscard]] std::optional<IdType> maybe_id(int column) const
    {
        if (is_null(column)) return std::nullopt;
        return IdType{uuid(column)};
    }
    [[nodiscard]] std::optional<Instant> maybe_instant(int column) const
    {
        if (is_null(column)) return std::nullopt;
        return instant(column);
    }
};

/// Inside a transaction of its store. Statements are prepared once and kept. A statement that failed ends the
/// operation: PostgreSQL carries out nothing more in it.
class Connection {
public:
    virtual ~Connection() = default;

    /// Calls `each` for every row. Returns the number of rows changed by an INSERT, UPDATE or DELETE.
    virtual std::int64_t run(std::string_view sql, std::vector<Value> const& parameters,
                             std::function<void(Row const&)> const& each) = 0;
    /// The same, for a statement whose rows and number nobody needs: where statements are sent over a network, it
    /// travels with the next one. Throws at the latest when the operation ends.
    virtual void post_run(std::string_view sql, std::vector<Value> const& parameters)
    {
        run(sql, parameters, [](Row const&) {});
    }
    /// The store's own clock, which leases and jobs go by.
    [[nodiscard]] virtual Instant now() = 0;

    template <class... Args>
    std::int64_t execute(std::string_view sql, Args const&... args)
    {
        return run(sql, values(args...), [](Row const&) {});
    }
    template <class... Args>
    void post(std::string_view sql, Args const&... args)
    {
        post_run(sql, values(args...));
    }
    /// The first row made into a T by `make`, or nothing.
    template <class Make, class... Args>
    auto first(std::string_view sql, Make make, Args const&... args)
    {
        std::optional<decltype(make(std::declval<Row const&>()))> found;
        run(sql, values(args...), [&](Row const& row) {
            if (!found) found = make(row);
        });
        return found;
    }
    template <class Make, class... Args>
    auto all(std::string_view sql, Make make, Args const&... args)
    {
        std::vector<decltype(make(std::declval<Row const&>()))> found;
        run(sql, values(args...), [&](Row const& row) { found.push_back(make(row)); });
        return found;
    }
};

}  // namespace postroom::store
