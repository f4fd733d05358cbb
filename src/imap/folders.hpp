// Folders by name or by special use (RFC 6154), as each server spells them.
#pragma once

#include "imap/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postroom::imap {

/// A use, such as \Junk, is written with the backslash that begins no name.
[[nodiscard]] bool is_use(std::string_view folder);

/// The folder that the server marks with that use; where none is marked, the one that has a name which Exchange gives
/// it in some language, since Exchange marks none. Nullptr where there is neither.
[[nodiscard]] Folder const* with_use(std::vector<Folder> const& folders, std::string_view use);

/// The folder that `name` means: with "/" between levels whatever the server has there, and without the prefix of the
/// personal namespace. Nullptr where there is none.
[[nodiscard]] Folder const* meant_by(std::vector<Folder> const& folders, std::string_view name, Namespace const& space);

/// How a folder that is to be made is spelled.
[[nodiscard]] std::string spelled(std::string_view name, Namespace const& space);

/// The names that are nearest to it, and may be opened; at most `most`. Nothing where none is near.
[[nodiscard]] std::vector<std::string> near(std::vector<Folder> const& folders, std::string_view name,
                                            std::size_t most = 5);

struct OpenFolder {
    std::string name;  ///< as the server has it, and INBOX in upper case: what the ledger knows it by
    Selected state;
};

/// SELECT (EXAMINE to look only) of what a mailbox is set to read: a name as people write it, or a use. Where there is
/// no such folder, the reply is NO and says so in words of ours, with the names that come near.
[[nodiscard]] awaitable<Answer<OpenFolder>> open_folder(Session& session, std::string folder, bool only_look = false);

}  // namespace postroom::imap
