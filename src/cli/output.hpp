// What commands print for people: tables and lines, with everything that a mail or a server said made safe for a
// terminal.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace postroom::cli {

namespace json = boost::json;

struct Column {
    std::string title;
    std::string_view member;        ///< of each item
    char const* word_of = nullptr;  ///< where its values are words of ours ("state of an account"): they are translated
};
/// One line an item, under titles; `nothing` where there is none.
[[nodiscard]] std::string table(json::array const& items, std::vector<Column> const& columns, std::string_view nothing);
/// "title: value", one line each, aligned.
[[nodiscard]] std::string fields(json::object const& item, std::vector<Column> const& columns);

/// A member as people read it: "" for what is absent or null, "yes" and "no", lists with commas.
[[nodiscard]] std::string member(json::object const& item, std::string_view name);
/// Control characters other than line breaks and tabs become U+FFFD, so that no mail can speak to the terminal.
[[nodiscard]] std::string for_terminal(std::string_view text);

/// The first of an account's or mailbox's causes, for below its state's reason; "" where there is none.
[[nodiscard]] std::string first_cause(json::object const& item, std::string_view indent = "");

void print(std::string_view text);

}  // namespace postroom::cli
