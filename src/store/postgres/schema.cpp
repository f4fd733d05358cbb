#include "store/postgres/schema.hpp"

#include "store/migrations.hpp"
#include "store/postgres/dialect.hpp"

#include <chrono>
#include <thread>

namespace postroom::store::postgres {

namespace {

constexpr auto turn_limit = std::chrono::minutes(10);

class Transaction {
public:
    // Beginning waits for every other writer, so that only one migrates.
    explicit Transaction(Driver& driver) : driver_(driver) { wait_for_turn(); }
    ~Transaction()
    {
        if (!committed_) driver_.roll_back();
    }
    Transaction(Transaction const&) = delete;
    Transaction& operator=(Transaction const&) = delete;
    void commit()
    {
        driver_.commit();
        committed_ = true;
    }

private:
    // A migration of another server may last longer than writers wait for a lock.
    void wait_for_turn()
    {
        for (auto const until = std::chrono::steady_clock::now() + turn_limit;;) {
            try {
                driver_.begin_group(1);
                driver_.execute("SELECT 1");
                return;
            } catch (Failure const& failure) {
                driver_.roll_back();
                if (!failure.is_standstill() || std::chrono::steady_clock::now() >= until) throw;
            }
            std::this_thread::sleep_for(std::chrono::seconds(1));
        }
    }

    Driver& driver_;
    bool committed_ = false;
};

std::int64_t schema_version(Driver& driver)
{
    auto const known = driver.first("SELECT to_regclass('schema_migration') IS NOT NULL",
                                    [](Row const& row) { return row.boolean(0); });
    if (!known.value_or(false)) return 0;
    return driver
        .first("SELECT coalesce(max(version), 0) FROM schema_migration", [](Row const& row) { return row.integer(0); })
        .value_or(0);
}

}  // namespace

void bring_up_to_date(Driver& driver)
{
    for (auto const& migration : migrations()) {
        Transaction transaction(driver);
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

}  // namespace postroom::store::postgres
