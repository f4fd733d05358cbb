#include "store/bodies.hpp"

#include "store/rows.hpp"

#include <zstd.h>

#include <memory>

namespace postroom::store {

namespace {

constexpr int level = 1;  // on mails 1 % larger than with 3, the default, in two thirds of the time

std::string unpack(std::string_view zstd, std::int64_t size)
{
    if (size < 0 || size > static_cast<std::int64_t>(chunk_bytes))
        throw Damaged("a chunk in the store has an impossible size");
    // A context is made once a thread: it is larger than most mails.
    thread_local std::unique_ptr<ZSTD_DCtx, decltype([](ZSTD_DCtx* context) { ZSTD_freeDCtx(context); })> const context(
        ZSTD_createDCtx());
    std::string octets(static_cast<std::size_t>(size), '\0');
    auto const got = ZSTD_decompressDCtx(context.get(), octets.data(), octets.size(), zstd.data(), zstd.size());
    if (ZSTD_isError(got) || got != octets.size()) throw Damaged("a chunk in the store is damaged");
    return octets;
}

}  // namespace

Chunk make_chunk(int number, std::string_view octets)
{
    if (octets.size() > chunk_bytes) throw Failure(Trouble::internal, "a chunk is larger than it may be");
    // A context is about a megabyte: one a thread, made once.
    thread_local std::unique_ptr<ZSTD_CCtx, decltype([](ZSTD_CCtx* context) { ZSTD_freeCCtx(context); })> const context(
        ZSTD_createCCtx());
    // As is its largest result, of which most mails need a little.
    thread_local std::string room;
    room.resize(ZSTD_compressBound(chunk_bytes));
    auto const size = ZSTD_compressCCtx(context.get(), room.data(), room.size(), octets.data(), octets.size(), level);
    if (ZSTD_isError(size)) throw Failure(Trouble::internal, ZSTD_getErrorName(size));
    return {number, static_cast<std::int64_t>(octets.size()), room.substr(0, size)};
}

void add_chunk(Connection& c, model::BodyId body, Chunk const& chunk)
{
    c.post("INSERT INTO body (id, begun) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", body, c.now());
    c.post("INSERT INTO body_chunk (body, number, size, zstd) VALUES (?, ?, ?, ?)", body, chunk.number, chunk.size,
           BytesView{chunk.zstd});
}

void add_body(Connection& c, model::BodyId body, Chunk const& chunk, model::Digest const& digest)
{
    auto const now = c.now();
    c.post("INSERT INTO body (id, begun, published, size, digest) VALUES (?, ?, ?, ?, ?)", body, now, now, chunk.size,
           to_view(digest));
    c.post("INSERT INTO body_chunk (body, number, size, zstd) VALUES (?, ?, ?, ?)", body, chunk.number, chunk.size,
           BytesView{chunk.zstd});
}

model::BodyId publish_body(Connection& c, model::BodyId body, std::int64_t size, model::Digest const& digest)
{
    if (auto const known = body_with(c, digest)) {
        if (*known != body) {
            c.post("DELETE FROM body_chunk WHERE body = ?", body);
            c.post("DELETE FROM body WHERE id = ?", body);
        }
        return *known;
    }
    auto const now = c.now();
    auto const stored = c.first(
        "SELECT coalesce(sum(size), 0) FROM body_chunk WHERE body = ?", [](Row const& row) { return row.integer(0); },
        body);
    if (stored != size)
        throw Failure(Trouble::store, fmt::format("a body of {} octets was to be published, and {} are stored: its "
                                                  "chunks were swept, or some never came",
                                                  size, stored.value_or(0)));
    c.post(
        "INSERT INTO body (id, begun, published, size, digest) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
        "SET published = excluded.published, size = excluded.size, digest = excluded.digest",
        body, now, now, size, to_view(digest));
    return body;
}

std::optional<model::BodyId> body_with(Connection& c, model::Digest const& digest)
{
    return c.first(
        "SELECT id FROM body WHERE digest = ?", [](Row const& row) { return row.id<model::BodyId>(0); },
        to_view(digest));
}

std::int64_t body_size(Connection& c, model::BodyId body)
{
    auto const size = c.first(
        "SELECT size FROM body WHERE id = ? AND published IS NOT NULL", [](Row const& row) { return row.integer(0); },
        body);
    if (!size) throw Failure(Trouble::not_found, "the body is not there");
    return *size;
}

std::string read_chunk(Connection& c, model::BodyId body, int number)
{
    return c
        .first(
            "SELECT size, zstd FROM body_chunk WHERE body = ? AND number = ?",
            [](Row const& row) { return unpack(row.bytes(1), row.integer(0)); }, body, number)
        .value_or("");
}

std::string read_body(Connection& c, model::BodyId body, std::size_t most)
{
    auto const size = static_cast<std::size_t>(body_size(c, body));
    if (size > most)
        throw Failure(Trouble::limit,
                      fmt::format("the body has {} octets, and at most {} are read at once", size, most));
    std::string octets;
    octets.reserve(size);
    c.run("SELECT size, zstd FROM body_chunk WHERE body = ? ORDER BY number", {value(body)},
          [&](Row const& row) { octets += unpack(row.bytes(1), row.integer(0)); });
    if (octets.size() != size) throw Failure(Trouble::store, "a body in the store is damaged: chunks are missing");
    return octets;
}

std::int64_t sweep_bodies(Connection& c, Instant before)
{
    auto const swept = c.execute(
        "DELETE FROM body_chunk WHERE body IN (SELECT id FROM body WHERE published IS NULL AND begun < ?)", before);
    c.post("DELETE FROM body WHERE published IS NULL AND begun < ?", before);
    return swept;
}

}  // namespace postroom::store
