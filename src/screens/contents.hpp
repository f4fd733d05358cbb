// What a file is, by its bytes and its name: a program that calls itself a picture is a program.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::screens {

enum class Content : std::uint8_t {
    program,         ///< runs when it is opened: by magic bytes, by its name, or named so in a ZIP archive
    double_name,     ///< a program whose name pretends to be a document: invoice.pdf.exe
    archive,         ///< ZIP, RAR, 7z, tar … but no document that only is packed as one
    locked_archive,  ///< one with a password: nobody can look into it
    macros,          ///< an Office document with macros
    disk_image,
};
[[nodiscard]] std::string_view to_string(Content content);
[[nodiscard]] Result<Content> parse_content(std::string_view text);
[[nodiscard]] std::vector<Content> all_contents();

/// What was found out about one file of a mail.
struct SeenFile {
    std::string name;  ///< as the mail has it
    std::vector<Content> contents;
    std::vector<std::string> inner;  ///< names of the files in a ZIP archive, without their folders

    [[nodiscard]] bool is(Content content) const;
};

/// Of each file this much is looked at.
inline constexpr std::size_t looked_at = 16 * 1024 * 1024;

/// `bytes` are the first of it, `looked_at` at most. For any bytes, in time that grows with their number.
[[nodiscard]] SeenFile look_at(std::string_view name, std::string_view bytes);

/// The files of a mail, those of mails embedded in it as well. At most a thousand, and 20,000 names in archives; what
/// is beyond them is not looked at.
[[nodiscard]] std::vector<SeenFile> look_into(std::string_view mail);

}  // namespace postroom::screens
