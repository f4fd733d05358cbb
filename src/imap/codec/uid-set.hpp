// Sets of UIDs as IMAP writes them (RFC 3501 section 9, sequence-set): 1:4,7,9:12
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::imap {

using Uid = std::uint32_t;

/// From `first` to `last`, both included. A server's ranges are never spelled out: 1:4294967295 is 14 bytes.
struct UidRange {
    Uid first = 0;
    Uid last = 0;

    friend bool operator==(UidRange const&, UidRange const&) = default;
};

/// UIDs as ranges that are kept joined: a folder all of whose mail is known is one range, however large it is.
class UidRanges {
public:
    /// In any order, overlapping or not.
    void add(UidRange range);
    void add(Uid uid) { add(UidRange{uid, uid}); }

    [[nodiscard]] bool contains(Uid uid) const;
    /// Those of `uids` (ascending) that are in none of the ranges.
    [[nodiscard]] std::vector<Uid> without(std::vector<Uid> const& uids) const;
    /// 0 where there is none.
    [[nodiscard]] Uid highest() const { return ranges_.empty() ? 0 : ranges_.back().last; }
    /// Ascending, with a gap between any two.
    [[nodiscard]] std::vector<UidRange> const& ranges() const { return ranges_; }

private:
    std::vector<UidRange> ranges_;
};

/// What `UID SEARCH` takes, command by command, for every UID that is in none of the ranges: `NOT UID 1:4,7` for a few;
/// of many, each command asks about its own part of the UIDs, so that no line gets longer than `longest_text`.
[[nodiscard]] std::vector<std::string> to_search_of_others(UidRanges const& known, std::size_t longest_text);

/// Exchange refuses command lines of about 10 kB (MailKit #1493: "command line limit exceeded").
inline constexpr std::size_t longest_command_line = 8'000;

/// One part of a set that fits a command line.
struct UidSet {
    std::vector<Uid> uids;  ///< ascending, each once
    std::string text;       ///< never empty
};

/// Sorts, drops doubles and zeroes, joins neighbours, and splits into sets whose text has at most `longest_text` bytes
/// (at least 21, the longest range) and which hold at most `most` UIDs.
[[nodiscard]] std::vector<UidSet> to_uid_sets(std::vector<Uid> uids,
                                              std::size_t longest_text = longest_command_line - 300,
                                              std::size_t most = SIZE_MAX);

/// Takes an empty text for an empty set, since Exchange sends COPYUID with such (MailKit #555). "*" is refused: a
/// server that answers with it says nothing. Errors: Trouble::protocol.
[[nodiscard]] Result<std::vector<UidRange>> parse_uid_set(std::string_view text);

/// How many UIDs the ranges hold.
[[nodiscard]] std::uint64_t count(std::vector<UidRange> const& ranges);

}  // namespace postroom::imap
