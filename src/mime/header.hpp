// The header of a mail, field by field, without decoding and without copying.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postroom::mime {

class Header {
public:
    /// Looks at `header_limit` octets at most. A first "From " line of an mbox is no field; lines that are no fields
    /// are passed over.
    explicit Header(std::string_view bytes);

    /// Unfolded, trimmed, as it stands otherwise; empty where there is none.
    [[nodiscard]] std::string first(std::string_view name) const;
    [[nodiscard]] std::string last(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
    /// All of them, joined by ", ": mail programs that write two To fields mean both.
    [[nodiscard]] std::string joined(std::string_view name) const;

    /// There is a field that only a mail would have, and no NUL.
    [[nodiscard]] bool is_of_a_mail() const;
    /// `header_limit` was reached before its end.
    [[nodiscard]] bool too_long() const { return too_long_; }

private:
    struct Field {
        std::string_view name;
        std::string_view raw;  ///< with its folding
    };
    std::vector<Field> fields_;
    bool too_long_ = false;
    bool has_nul_ = false;
};

}  // namespace postroom::mime
