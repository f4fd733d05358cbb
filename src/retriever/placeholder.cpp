#include "retriever/placeholder.hpp"

#include "base/text.hpp"

#include <string>

namespace postroom::retriever {

namespace {

constexpr std::string_view subject_begins = "Retrieval using the ";
constexpr std::string_view subject_goes_on = " protocol failed for the following message:";
constexpr std::string_view sender = "Microsoft Exchange Server";

// Over POP3 nobody has shown one; it could differ in no more than the protocol's name.
bool is_their_subject(std::string_view value)
{
    if (!value.starts_with(subject_begins)) return false;
    value.remove_prefix(subject_begins.size());
    for (std::string_view const protocol : {"IMAP4", "POP3"})
        if (value.starts_with(protocol) && value.substr(protocol.size()).starts_with(subject_goes_on)) return true;
    return false;
}

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
        if (equal_ignoring_case(name, "Subject")) said = is_their_subject(value);
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
