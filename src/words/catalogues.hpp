// The catalogues as msgfmt made them from po/, put into the program by CMake (cmake/catalogues.cpp.in).
#pragma once

#include <span>
#include <string_view>

namespace postroom::words {

struct Catalogue {
    std::string_view code;  ///< "pt-BR"
    std::string_view bytes;
};
[[nodiscard]] std::span<Catalogue const> catalogues();

}  // namespace postroom::words
