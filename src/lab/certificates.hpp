// The lab's own certificates: a root, an intermediate and a leaf, as long a chain as Microsoft's servers send.
#pragma once

#include "base/result.hpp"

#include <string>

namespace postroom::lab {

struct Certificates {
    std::string anchor_file;  ///< ca.pem: the root, to be trusted by clients
    std::string chain_file;   ///< server.pem: leaf, then intermediate
    std::string key_file;     ///< server-key.pem, mode 0600
    // The same leaf otherwise, with the same key: for the ports that play a fault.
    std::string untrusted_file;     ///< by an authority of which nobody knows
    std::string expired_file;       ///< ended a day ago
    std::string another_name_file;  ///< for another host
    std::string ends_soon_file;     ///< within five days of its making
    std::string middlebox_file;     ///< by an authority that is trusted, and is not the one in Microsoft's place
};

/// For localhost, 127.0.0.1, ::1 and `host_name`. What is in `directory` (made where it is missing) is used again while
/// it is valid for 30 more days and names the host; otherwise all is made anew. The keys of root and intermediate are
/// never written, so nobody can sign anything else with them. Errors: Trouble::internal, with path and reason.
[[nodiscard]] Result<Certificates> load_or_make_certificates(std::string const& directory,
                                                             std::string const& host_name);

/// Writes a file of mode 0600 in place of whatever was there. Errors: Trouble::internal.
[[nodiscard]] Result<void> write_private(std::string const& path, std::string const& content);

}  // namespace postroom::lab
