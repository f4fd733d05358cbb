#include "base/words.hpp"

#include <fmt/args.h>
#include <fmt/format.h>

namespace postroom {

std::string Words::english() const
{
    return said(nullptr);
}

std::string Words::in(Tongue const& tongue) const
{
    return said(&tongue);
}

std::string Words::said(Tongue const* tongue) const
{
    if (!id_) return text_;
    char const* const own = many_ && count_ != 1 ? many_ : id_;
    if (!tongue) return filled(own, nullptr);
    auto const pattern = many_ ? tongue->translated(id_, many_, count_) : tongue->translated(context_, id_);
    try {
        return filled(pattern, tongue);
    } catch (fmt::format_error const&) {
        // tools/lint-translations lets no such translation in; words in English are better than none.
        return filled(own, tongue);
    }
}

std::string Words::filled(std::string_view pattern, Tongue const* tongue) const
{
    fmt::dynamic_format_arg_store<fmt::format_context> parts;
    for (auto const& each : with_) parts.push_back(each.said(tongue));
    return fmt::vformat(pattern, parts);
}

}  // namespace postroom
