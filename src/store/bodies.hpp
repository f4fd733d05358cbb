// Bodies in chunks of 256 KiB, each compressed. A body exists once it was published, by the transaction that files its
// message; chunks that never were are swept. Bodies with the same digest are stored once.
#pragma once

#include "model/ids.hpp"
#include "model/message.hpp"
#include "store/connection.hpp"

namespace postroom::store {

inline constexpr std::size_t chunk_bytes = 256 * 1024;

/// What is stored is not what was written: no other look finds it otherwise.
class Damaged : public Failure {
public:
    explicit Damaged(std::string const& why) : Failure(Trouble::store, why) {}
};

/// A chunk, compressed by the caller's thread (the store thread only writes it).
struct Chunk {
    int number = 0;         ///< from 0
    std::int64_t size = 0;  ///< octets before compression
    std::string packed;
};
[[nodiscard]] Chunk make_chunk(int number, std::string_view octets);

void add_chunk(Connection& c, model::BodyId body, Chunk const& chunk);
/// A body of one chunk, published at once. Throws Failure (Trouble::conflict) where the same bytes were published
/// before: body_with() tells.
void add_body(Connection& c, model::BodyId body, Chunk const& chunk, model::Digest const& digest);
/// Returns the body to refer to from now on: this one, or the one that was published before with the same bytes; then
/// this one's chunks are gone.
[[nodiscard]] model::BodyId publish_body(Connection& c, model::BodyId body, std::int64_t size,
                                         model::Digest const& digest);
/// A published body of the same bytes, if there is one.
[[nodiscard]] std::optional<model::BodyId> body_with(Connection& c, model::Digest const& digest);

[[nodiscard]] std::int64_t body_size(Connection& c, model::BodyId body);
/// One chunk's octets; empty past the last. Throws Damaged.
[[nodiscard]] std::string read_chunk(Connection& c, model::BodyId body, int number);
/// The whole of it. Throws Failure (Trouble::limit) above `most` octets.
[[nodiscard]] std::string read_body(Connection& c, model::BodyId body, std::size_t most = 160 * 1024 * 1024);

/// Removes chunks of bodies that were begun before `before` and never published; how many.
std::int64_t sweep_bodies(Connection& c, Instant before);

}  // namespace postroom::store
