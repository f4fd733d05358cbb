// A connection as the store's threads use it: a transaction holds a group of operations, each of which can be undone by
// itself.
#pragma once

#include "store/connection.hpp"

#include <cstddef>

namespace postroom::store {

/// Functions that aren't noexcept throw Failure where the database refuses or is gone.
class Session : public Connection {
public:
    /// Of so many operations.
    virtual void begin_group(std::size_t operations) = 0;
    virtual void begin_operation() = 0;
    /// Throws what statements of the operation failed with that were only posted, too.
    virtual void end_operation() = 0;
    /// After the operation failed. False where the whole group is lost with it.
    [[nodiscard]] virtual bool undo_operation() = 0;
    /// Returns once the group is durable.
    virtual void commit() = 0;
    /// Whatever became of the transaction: afterwards there is none.
    virtual void roll_back() noexcept = 0;

    /// One view of what is committed, from here to end_reading(). That is always called, and begins anew after what
    /// failed.
    virtual void begin_reading() = 0;
    virtual void end_reading() noexcept = 0;
};

}  // namespace postroom::store
