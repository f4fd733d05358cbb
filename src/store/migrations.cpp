// An SQL file here is a raw string literal around plain SQL, so that the compiler (and ccache) see it as a source.
#include "store/migrations.hpp"

#include "base/version.hpp"
#include "store/connection.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace postroom::store {

namespace {

constexpr std::string_view start_sql =
#include "store/migrations/0001-start.sql"
    ;
constexpr std::string_view identity_sql =
#include "store/migrations/0002-identity.sql"
    ;

constexpr std::string_view changes_sql =
#include "store/migrations/0003-changes.sql"
    ;
constexpr std::string_view master_keys_sql =
#include "store/migrations/0004-master-keys.sql"
    ;

constexpr std::string_view unique_ids_sql =
#include "store/migrations/0005-unique-ids.sql"
    ;

constexpr std::string_view ways_in_sql =
#include "store/migrations/0006-ways-in.sql"
    ;

constexpr std::string_view unexpected_mail_sql =
#include "store/migrations/0007-unexpected-mail.sql"
    ;

constexpr std::string_view screens_sql =
#include "store/migrations/0008-screens.sql"
    ;

constexpr std::string_view reading_sql =
#include "store/migrations/0010-reading.sql"
    ;

constexpr std::string_view gone_sql =
#include "store/migrations/0011-gone.sql"
    ;

constexpr std::string_view mailbox_figures_sql =
#include "store/migrations/0009-mailbox-figures.sql"
    ;

constexpr std::string_view lean_indexes_sql =
#include "store/migrations/0012-lean-indexes.sql"
    ;

constexpr std::string_view withheld_sql =
#include "store/migrations/0013-withheld.sql"
    ;

constexpr std::string_view desk_sql =
#include "store/migrations/0014-desk.sql"
    ;

constexpr std::string_view alarms_sql =
#include "store/migrations/0016-alarms.sql"
    ;

constexpr std::string_view checks_sql =
#include "store/migrations/0017-checks.sql"
    ;

constexpr std::string_view reached_sql =
#include "store/migrations/0018-reached.sql"
    ;

constexpr std::string_view round_trips_sql =
#include "store/migrations/0019-round-trips.sql"
    ;

constexpr std::string_view sent_copies_sql =
#include "store/migrations/0020-sent-copies.sql"
    ;

constexpr std::string_view lean_dispatch_sql =
#include "store/migrations/0021-lean-dispatch.sql"
    ;

constexpr std::string_view clearing_sql =
#include "store/migrations/0022-clearing.sql"
    ;

constexpr std::string_view packed_chunks_sql =
#include "store/migrations/0023-packed-chunks.sql"
    ;

constexpr std::string_view sending_sql =
#include "store/migrations/0015-sending.sql"
    ;

constexpr std::array all{
    Migration{1, "start", start_sql},
    Migration{2, "identity", identity_sql},
    Migration{3, "changes", changes_sql},
    Migration{4, "master-keys", master_keys_sql},
    Migration{5, "unique-ids", unique_ids_sql},
    Migration{6, "ways-in", ways_in_sql},
    Migration{7, "unexpected-mail", unexpected_mail_sql},
    Migration{8, "screens", screens_sql},
    Migration{9, "mailbox-figures", mailbox_figures_sql},
    Migration{10, "reading", reading_sql},
    Migration{11, "gone", gone_sql},
    Migration{12, "lean-indexes", lean_indexes_sql},
    Migration{13, "withheld", withheld_sql},
    Migration{14, "desk", desk_sql},
    Migration{15, "sending", sending_sql},
    Migration{16, "alarms", alarms_sql},
    Migration{17, "checks", checks_sql},
    Migration{18, "reached", reached_sql},
    Migration{19, "round-trips", round_trips_sql},
    Migration{20, "sent-copies", sent_copies_sql},
    Migration{21, "lean-dispatch", lean_dispatch_sql},
    Migration{22, "clearing", clearing_sql},
    Migration{23, "packed-chunks", packed_chunks_sql},
};

}  // namespace

std::span<Migration const> migrations()
{
    return all;
}

std::int64_t schema_version(Connection& c)
{
    return c
        .first("SELECT coalesce(max(version), 0) FROM schema_migration", [](Row const& row) { return row.integer(0); })
        .value_or(0);
}

bool must_migrate(std::int64_t found)
{
    auto const ours = all.back().version;
    if (found > ours)
        throw Failure(Trouble::conflict,
                      fmt::format("the store has schema {}, and this is Postroom {}, which knows schemas up to {}: "
                                  "install the release that made it, or a later one",
                                  found, version, ours));
    return found < ours;
}

std::string in_dialect(std::string_view sql, Dialect const& dialect)
{
    std::array<std::pair<std::string_view, std::string_view>, 6> const words{{{"{uuid}", dialect.uuid},
                                                                              {"{text}", dialect.text},
                                                                              {"{blob}", dialect.blob},
                                                                              {"{sealed}", dialect.blob},
                                                                              {"{clustered}", dialect.clustered},
                                                                              {"{growing}", dialect.growing}}};
    std::string text;
    text.reserve(sql.size());
    while (!sql.empty()) {
        bool replaced = false;
        for (auto const& [word, by] : words) {
            if (!sql.starts_with(word)) continue;
            text += by;
            sql.remove_prefix(word.size());
            replaced = true;
            break;
        }
        if (replaced) continue;
        text += sql.front();
        sql.remove_prefix(1);
    }
    return text;
}

}  // namespace postroom::store
