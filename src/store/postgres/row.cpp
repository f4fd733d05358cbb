#include "store/postgres/row.hpp"

#include "store/postgres/dialect.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cstring>

namespace postroom::store::postgres {

namespace {

// Of the types' own numbers, which never change (PostgreSQL's catalog/pg_type.dat).
constexpr Oid boolean_type = 16, bigint_type = 20, smallint_type = 21, integer_type = 23, numeric_type = 1700,
              uuid_type = 2950;

std::int64_t big_endian(std::string_view bytes)
{
    auto value = !bytes.empty() && (bytes.front() & 0x80) != 0 ? ~std::uint64_t(0) : 0;
    for (char const byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

// What sum() of BIGINTs is: count, weight, sign and scale, then digits to the base of 10,000.
std::int64_t whole_number(std::string_view numeric)
{
    auto const part = [&](std::size_t number) { return big_endian(numeric.substr(2 * number, 2)); };
    auto const digits = part(0);
    auto const weight = part(1);
    if (weight > 4 || part(3) != 0 || (part(2) != 0 && part(2) != 0x4000))
        throw Failure(Trouble::store, "the database answered a number that is not whole, or too large");
    std::int64_t value = 0;
    for (std::int64_t at = 0; at <= weight; ++at)
        if (__builtin_mul_overflow(value, 10'000, &value) ||
            __builtin_add_overflow(value, at < digits ? part(4 + static_cast<std::size_t>(at)) : 0, &value))
            throw Failure(Trouble::store, "the database answered a number that is too large");
    return part(2) == 0 ? value : -value;
}

}  // namespace

std::string_view PostgresRow::raw(int column) const
{
    return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

bool PostgresRow::is_null(int column) const
{
    return PQgetisnull(result_, row_, column) != 0;
}

std::int64_t PostgresRow::integer(int column) const
{
    if (is_null(column)) return 0;
    switch (auto const type = PQftype(result_, column)) {
        case boolean_type:
        case bigint_type:
        case smallint_type:
        case integer_type: return big_endian(raw(column));
        case numeric_type: return whole_number(raw(column));
        default: throw Failure(Trouble::internal, fmt::format("column {} of type {} is no number", column, type));
    }
}

std::string PostgresRow::text(int column) const
{
    return original(raw(column));
}

std::string PostgresRow::bytes(int column) const
{
    return std::string(raw(column));
}

Uuid PostgresRow::uuid(int column) const
{
    Uuid id;
    if (PQftype(result_, column) != uuid_type || raw(column).size() != id.bytes.size())
        throw Failure(Trouble::store, fmt::format("column {} holds no id", column));
    std::memcpy(id.bytes.data(), raw(column).data(), id.bytes.size());
    return id;
}

}  // namespace postroom::store::postgres
