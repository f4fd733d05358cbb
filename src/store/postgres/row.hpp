// One row of what PostgreSQL answered, in its binary formats.
#pragma once

#include "store/connection.hpp"

struct pg_result;

namespace postroom::store::postgres {

class PostgresRow final : public Row {
public:
    PostgresRow(pg_result const* result, int row) : result_(result), row_(row) {}

    [[nodiscard]] bool is_null(int column) const override;
    /// 0 for NULL, as everywhere.
    [[nodiscard]] std::int64_t integer(int column) const override;
    [[nodiscard]] std::string text(int column) const override;
    [[nodiscard]] std::string bytes(int column) const override;
    [[nodiscard]] Uuid uuid(int column) const override;

private:
    [[nodiscard]] std::string_view raw(int column) const;

    pg_result const* result_;
    int row_;
};

}  // namespace postroom::store::postgres
