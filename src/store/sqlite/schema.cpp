#include "store/sqlite/schema.hpp"

#include "store/migrations.hpp"

namespace postroom::store::sqlite {

namespace {

constexpr Dialect dialect{.uuid = "BLOB",
                          .text = "TEXT",
                          .blob = "BLOB",
                          .clustered = "WITHOUT ROWID",
                          .growing = "INTEGER PRIMARY KEY AUTOINCREMENT"};

class Transaction {
public:
    explicit Transaction(Driver& driver) : driver_(driver) { driver_.script("BEGIN IMMEDIATE"); }
    ~Transaction()
    {
        if (!driver_.in_transaction()) return;
        try {
            driver_.script("ROLLBACK");
        } catch (Failure const&) {  // what brought us here is thrown already
        }
    }
    Transaction(Transaction const&) = delete;
    Transaction& operator=(Transaction const&) = delete;
    void commit() { driver_.script("COMMIT"); }

private:
    Driver& driver_;
};

std::int64_t schema_version(Driver& driver)
{
    auto const number = [](Row const& row) { return row.integer(0); };
    auto const known = driver.first("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migration'", number);
    if (known.value_or(0) == 0) return 0;
    return driver.first("SELECT coalesce(max(version), 0) FROM schema_migration", number).value_or(0);
}

}  // namespace

void bring_up_to_date(Driver& driver)
{
    if (!must_migrate(schema_version(driver))) return;
    for (auto const& migration : migrations()) {
        Transaction transaction(driver);
        // Asked again under the lock: another process may have been faster.
        auto const found = schema_version(driver);
        if (!must_migrate(found)) return;
        if (found >= migration.version) continue;
        driver.script(
            "CREATE TABLE IF NOT EXISTS schema_migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied "
            "BIGINT NOT NULL)");
        driver.script(in_dialect(migration.sql, dialect));
        driver.execute("INSERT INTO schema_migration (version, name, applied) VALUES (?, ?, ?)", migration.version,
                       migration.name, driver.now());
        transaction.commit();
    }
}

}  // namespace postroom::store::sqlite
