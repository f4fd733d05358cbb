// Packing: what came is digested and compressed beside the loop, in the order in which it came, while the loop reads on
// and the store commits what came before.
#pragma once

#include "model/message.hpp"
#include "net/transport.hpp"
#include "store/bodies.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace postroom::retriever {

/// A chunk of a mail: first its octets, then what is stored of them.
struct Parcel {
    int number = 0;        ///< within its mail, from 0
    std::string octets{};  ///< let go of once they are packed
    store::Chunk chunk{};
    model::Digest digest{};        ///< of the mail, from its beginning to the end of this chunk
    std::exception_ptr trouble{};  ///< why it could not be packed
};

/// Parcels of one fetch. Used on the loop; what is under way when it goes is packed all the same.
class Packing {
public:
    explicit Packing(boost::asio::any_io_executor const& pool);
    /// Neither read nor changed by anybody else before packed() returned. A mail's come in their order, without
    /// another's between them.
    void pack(std::shared_ptr<Parcel> parcel);
    /// Returns once all that was given before is packed.
    [[nodiscard]] net::awaitable<void> packed();

private:
    struct Bench;
    void hand_over();

    std::shared_ptr<Bench> bench_;
    std::vector<std::shared_ptr<Parcel>> gathered_;  // not handed to the pool yet
    std::size_t gathered_bytes_ = 0;
};

}  // namespace postroom::retriever
