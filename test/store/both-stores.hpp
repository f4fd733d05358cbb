// The same tests over SQLite and over PostgreSQL.
#pragma once

#include "fixture.hpp"

#include "support/postgresql-server.hpp"

namespace postroom::store {

enum class Kind { sqlite, postgresql };

/// Where a new and empty store may be made.
inline std::string new_place(Kind kind, std::string const& file)
{
    if (kind == Kind::sqlite) return file;
    return test::PostgresqlServer::running().create();
}

class OnBothStores : public testing::TestWithParam<Kind>, public StoreFixture {
protected:
    OnBothStores() : StoreFixture(GetParam() == Kind::sqlite ? std::string() : new_place(GetParam(), {})) {}
};

inline std::string name_of(testing::TestParamInfo<Kind> const& info)
{
    return info.param == Kind::sqlite ? "Sqlite" : "Postgresql";
}

/// The tests of this fixture over both stores.
#define POSTROOM_ON_BOTH_STORES(fixture)                                                                            \
    INSTANTIATE_TEST_SUITE_P(Over, fixture,                                                                         \
                             testing::Values(::postroom::store::Kind::sqlite, ::postroom::store::Kind::postgresql), \
                             ::postroom::store::name_of)

}  // namespace postroom::store
