// One part of a mail that has bytes of its own: what its header says of it, and the bytes.
#pragma once

#include "mime/gmime.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postroom::mime {

struct Decoded {
    std::string bytes;
    std::int64_t size = 0;
};

/// Of GMime, or of winmail.dat, which knows no headers.
struct Leaf {
    std::string type;  ///< media type in lower case, without parameters
    std::string name;  ///< a file name without any folder, or an attached mail's subject; may be empty
    std::string content_id;
    std::string disposition;  ///< in lower case; empty where none is said
    std::string charset;      ///< as declared
    GMimeObject* object = nullptr;
    std::string_view unpacked;  ///< its bytes, where there is no object

    /// A parameter of the Content-Type; empty where there is none.
    [[nodiscard]] std::string parameter(char const* name) const;
    /// All of it is decoded, for its size; `keep` octets of it are kept.
    [[nodiscard]] Decoded decode(std::size_t keep) const;
};

[[nodiscard]] Leaf leaf_of(GMimeObject* object);
/// Of an object of any kind.
[[nodiscard]] std::string media_type(GMimeObject* object);
/// Only the last element, and nothing that turns the direction of writing: a name is never a way into a folder.
[[nodiscard]] std::string plain_file_name(std::string_view raw);

}  // namespace postroom::mime
