#include "base/readable-time.hpp"

namespace postroom {

std::string to_readable(Instant at)
{
    auto text = to_rfc3339(std::chrono::floor<std::chrono::seconds>(at));
    text.replace(text.find('T'), 1, " ");
    return text.replace(text.find('.'), std::string::npos, " UTC");
}

}  // namespace postroom
