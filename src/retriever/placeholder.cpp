#include "retriever/placeholder.hpp"

#include "base/text.hpp"

#include <string>

namespace postroom::retriever {

namespace {

constexpr std::string_view subject = "Retrieval using the IMAP4 protocol failed for the following message:";
constexpr std::string_view sender = "Microsoft Exchange Server";

}  // namespace

bool is_placeholder(std::string_view head)
{
    bool said = false, theirs = false;
    std::string field;
    auto const take = [&] {
        auto const colon = field.find(':');
        if (colon == std::string::npos) return true;
        auto const name = std::string_view(field).substr(0, colon);
        auto value = trim(std::string_view(field).substr(colon + 1));
        // Every mail that was delivered has one; the server writes none into its own text.
        if (equal_ignoring_case(name, "Received")) return false;
        if (equal_ignoring_case(name, "Subject")) said = value.starts_with(subject);
        if (value.starts_with('"')) value.remove_prefix(1);
        if (equal_ignoring_case(name, "From")) theirs = value.starts_with(sender);
        return true;
    };
    while (!head.empty()) {
        auto const end = std::min(head.find('\n'), head.size());
        auto line = head.substr(0, end);
        head.remove_prefix(std::min(end + 1, head.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) break;
        bool const folded = line.front() == ' ' || line.front() == '\t';
        if (!folded) {
            if (!take()) return false;
            field.clear();
        }
        field += line;
    }
    return take() && said && theirs;
}

}  // namespace postroom::retriever
