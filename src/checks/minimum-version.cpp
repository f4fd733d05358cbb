// minimum-version: program and store are of one release, whatever server it is. Told by: the schema that the store
// has, beside the one that this program knows. Of Cisco ECE: its release and what is installed on it, by the
// vendor's list.
#include "checks/items.hpp"

#include "base/version.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "store/migrations.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const ours = store::migrations().back().version;
    auto words =
        fmt::format("Postroom {} knows schema {}; the store has schema {}", version, ours, bench->files().schema);
    co_return bench->files().schema == ours ? holds(std::move(words))
                                            : fails("schema-differs", std::move(words), target);
}

}  // namespace

Item item::minimum_version()
{
    return {.id = "minimum-version",
            .must = mark("This server's program is of the store's schema"),
            .about = About::partition,
            .side = Side::both,
            .look = look};
}

}  // namespace postroom::checks
