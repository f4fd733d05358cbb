#include "base/result.hpp"

namespace postroom {

std::string_view to_string(Trouble kind)
{
    switch (kind) {
        case Trouble::invalid: return "invalid";
        case Trouble::refused: return "refused";
        case Trouble::not_found: return "not_found";
        case Trouble::conflict: return "conflict";
        case Trouble::forbidden: return "forbidden";
        case Trouble::unreachable: return "unreachable";
        case Trouble::timed_out: return "timed_out";
        case Trouble::closed: return "closed";
        case Trouble::tls: return "tls";
        case Trouble::protocol: return "protocol";
        case Trouble::limit: return "limit";
        case Trouble::store: return "store";
        case Trouble::internal: return "internal";
    }
    return "internal";
}

}  // namespace postroom
