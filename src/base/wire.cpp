#include "base/wire.hpp"

namespace postroom {

std::string Wire::masked() const
{
    std::string shown;
    std::size_t at = 0;
    for (auto const& span : secrets_) {
        shown.append(bytes_, at, span.begin - at);
        shown += "[secret, " + std::to_string(span.size) + " bytes]";
        at = span.begin + span.size;
    }
    shown.append(bytes_, at);
    return shown;
}

}  // namespace postroom
