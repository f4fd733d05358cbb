// What an IMAP server says (RFC 3501 section 7), as values: a struct a kind. parse() is total: every input gives one.
#pragma once

#include "base/clock.hpp"
#include "imap/codec/uid-set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postroom::imap {

/// The code in brackets ahead of a text: [UIDVALIDITY 42]. Name in upper case, argument as sent; both empty: none.
struct Code {
    std::string name;
    std::string argument;

    friend bool operator==(Code const&, Code const&) = default;
};

enum class Status { ok, no, bad };

/// The end of a command: `A1 NO [CODE] text`.
struct Tagged {
    std::string tag;
    Status status = Status::bad;
    Code code;
    std::string text;

    friend bool operator==(Tagged const&, Tagged const&) = default;
};

/// `+ text`: the server waits for more.
struct Continue {
    std::string text;

    friend bool operator==(Continue const&, Continue const&) = default;
};

/// `* OK|NO|BAD|PREAUTH|BYE [CODE] text`
struct Condition {
    enum class Kind { ok, no, bad, preauth, bye };
    Kind kind = Kind::ok;
    Code code;
    std::string text;

    friend bool operator==(Condition const&, Condition const&) = default;
};

struct Capability {
    std::vector<std::string> names;  ///< upper case

    friend bool operator==(Capability const&, Capability const&) = default;
};

struct Flags {
    std::vector<std::string> flags;

    friend bool operator==(Flags const&, Flags const&) = default;
};

struct Exists {
    std::uint32_t count = 0;

    friend bool operator==(Exists const&, Exists const&) = default;
};

struct Recent {
    std::uint32_t count = 0;

    friend bool operator==(Recent const&, Recent const&) = default;
};

struct Expunge {
    std::uint32_t sequence = 0;

    friend bool operator==(Expunge const&, Expunge const&) = default;
};

/// `BODY[]` or `BODY[]<0>` of a FETCH, as it came.
struct Body {
    enum class Kind {
        absent,    ///< not in this response
        nil,       ///< the server has none (Exchange, for mail that it can't render)
        held,      ///< in `bytes`
        streamed,  ///< handed out ahead of this response; `size` says how much
    };
    Kind kind = Kind::absent;
    std::string bytes;
    std::uint64_t size = 0;

    friend bool operator==(Body const&, Body const&) = default;
};

/// `* n FETCH (…)`: the attributes that Postroom knows, in whatever order they came; others are skipped.
struct Fetch {
    std::uint32_t sequence = 0;
    std::optional<Uid> uid;
    std::optional<std::vector<std::string>> flags;
    std::optional<Instant> internal_date;
    std::optional<std::uint64_t> size;  ///< RFC822.SIZE: Exchange's is an estimate
    Body body;

    friend bool operator==(Fetch const&, Fetch const&) = default;
};

struct Search {
    std::vector<std::uint32_t> numbers;

    friend bool operator==(Search const&, Search const&) = default;
};

struct List {
    std::vector<std::string> attributes;  ///< \Noselect, \Sent …, as sent
    std::optional<char> delimiter;
    std::string name;  ///< as sent, modified UTF-7

    friend bool operator==(List const&, List const&) = default;
};

/// Untagged data that Postroom has no use for: NAMESPACE, ID, STATUS, LSUB …
struct Other {
    std::string name;  ///< upper case
    std::string text;  ///< what followed, cut to 200 bytes: a server may say its last words in an odd form

    friend bool operator==(Other const&, Other const&) = default;
};

struct Malformed {
    std::string why;  ///< with the start of its first line, printable

    friend bool operator==(Malformed const&, Malformed const&) = default;
};

using Response = std::variant<Tagged, Continue, Condition, Capability, Flags, Exists, Recent, Expunge, Fetch, Search,
                              List, Other, Malformed>;

/// One whole response without its final CRLF, literals in place. `streamed` are the places of the `{` of literals
/// whose bytes were handed out and are not here.
struct Frame {
    std::string bytes;
    std::vector<std::size_t> streamed;

    friend bool operator==(Frame const&, Frame const&) = default;
};

[[nodiscard]] Response parse(Frame const& frame);

/// [COPYUID validity from to] (RFC 4315). The sets may be empty.
struct CopyUid {
    std::uint32_t validity = 0;
    std::vector<UidRange> from;
    std::vector<UidRange> to;

    friend bool operator==(CopyUid const&, CopyUid const&) = default;
};
[[nodiscard]] std::optional<CopyUid> copyuid(Code const& code);

/// [APPENDUID validity uid] (RFC 4315).
struct AppendUid {
    std::uint32_t validity = 0;
    Uid uid = 0;

    friend bool operator==(AppendUid const&, AppendUid const&) = default;
};
[[nodiscard]] std::optional<AppendUid> appenduid(Code const& code);

/// `(\Seen \*)`, as it stands in PERMANENTFLAGS; nothing where it is no list.
[[nodiscard]] std::optional<std::vector<std::string>> flag_list(std::string_view text);

}  // namespace postroom::imap
