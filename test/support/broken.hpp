// What a session or a call breaks off with.
#pragma once

#include "net/broken.hpp"

namespace postroom::test {

/// What `work` throws; where it throws nothing, a trouble that no test expects.
template <class Work>
net::Broken broken_by(Work work)
{
    try {
        work();
    } catch (net::Broken const& error) {
        return error;
    }
    return net::Broken(Trouble::internal, "nothing was thrown");
}

}  // namespace postroom::test
