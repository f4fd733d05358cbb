#include "mime/body.hpp"

#include "base/text.hpp"
#include "mime/charset.hpp"
#include "mime/flowed.hpp"
#include "mime/header.hpp"
#include "mime/html.hpp"
#include "mime/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace postroom::mime {

namespace {

void say(std::vector<Cut>& all, Cut cut)
{
    if (std::find(all.begin(), all.end(), cut) == all.end()) all.push_back(cut);
}

bool cut_words(std::string& text)
{
    if (text.size() <= shown_limit) return false;
    auto end = shown_limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    return true;
}

bool is_signature(std::string_view type)
{
    return type == "application/pgp-signature" || type == "application/pkcs7-signature" ||
           type == "application/x-pkcs7-signature";
}

bool is_calendar(Leaf const& leaf)
{
    return leaf.type == "text/calendar" || leaf.type == "application/ics" || leaf.type == "text/x-vcalendar" ||
           to_lower(leaf.name).ends_with(".ics");
}

// The mail that a report is about, or its header.
bool is_reported_mail(std::string_view type)
{
    return type == "message/rfc822" || type == "message/global" || type == "text/rfc822-headers" ||
           type == "message/rfc822-headers" || type == "message/global-headers";
}

// RFC 2392: the id is percent-encoded in the address.
std::string as_in_addresses(std::string_view content_id)
{
    std::string address = "cid:";
    for (char const c : content_id) {
        if (std::string_view(" %\"<>#").find(c) == std::string_view::npos)
            address += c;
        else
            address += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return address;
}

class Reader final : public Walker {
public:
    Body body;
    Words beside;  ///< of winmail.dat

private:
    Words leaf(Leaf const& leaf, int number, bool unpacked) override
    {
        Part part{.number = number, .type = leaf.type, .name = leaf.name, .content_id = leaf.content_id};
        bool const attached = !leaf.disposition.empty() && leaf.disposition != "inline";
        part.inline_ = !attached;
        bool const html = part.type == "text/html";
        bool const worded = (html || part.type == "text/plain") && !unpacked;
        // A named text is a file, unless it is the first words of the mail and nobody says that it is attached.
        bool const words = worded && !attached && (part.name.empty() || (!any_words_ && leaf.disposition.empty()));
        auto const kind = report_kind(part.type);
        bool const reported = is_reported_mail(part.type) && body.report && body.report->original_message_id.empty();
        bool const calendar = is_calendar(leaf) && !body.invitation;
        auto const keep = words ? room_ : kind ? report_limit : reported ? header_limit : calendar ? calendar_limit : 0;
        auto decoded = leaf.decode(keep);
        part.size = decoded.size;
        part.shown = words || unpacked || (is_signature(part.type) && body.protection != Protection::none);
        Words said;
        if (words) said = read_words(leaf, decoded, html);
        if (kind && !body.report) {
            body.report = read_report(*kind, decoded.bytes);
            part.shown = body.report.has_value();
        }
        if (reported) body.report->original_message_id = message_id_in(decoded.bytes);
        if (calendar)
            body.invitation = read_calendar(to_utf8(decoded.bytes, leaf.charset.empty() ? "utf-8" : leaf.charset));
        body.parts.push_back(std::move(part));
        return said;
    }

    Words read_words(Leaf const& leaf, Decoded const& decoded, bool html)
    {
        if (!any_words_) body.charset = leaf.charset;
        any_words_ = true;
        if (static_cast<std::size_t>(decoded.size) > decoded.bytes.size()) say(Cut::words);
        room_ -= std::min(room_, decoded.bytes.size());
        auto const charset = leaf.charset.empty() && html ? charset_in_html(decoded.bytes) : leaf.charset;
        auto utf8 = to_utf8(decoded.bytes, charset);
        if (html) return {.html = std::move(utf8)};
        if (equal_ignoring_case(leaf.parameter("format"), "flowed"))
            utf8 = unflowed(utf8, equal_ignoring_case(leaf.parameter("delsp"), "yes"));
        if (auto const armour = armoured(utf8); armour != Protection::none) protects(armour);
        return {.text = std::move(utf8)};
    }

    static std::string message_id_in(std::string_view bytes)
    {
        Header const header(bytes);
        // Outlook.com gives mail an id of its own, and keeps ours beside it.
        auto id = header.first("x-microsoft-original-message-id");
        if (id.empty()) id = header.first("message-id");
        if (id.starts_with('<')) id = id.substr(1, id.find('>') - 1);
        return id.size() <= 998 ? header_to_utf8(id) : std::string();
    }

    // What is encrypted may be signed as well; nobody here can tell.
    void protects(Protection protection) override
    {
        bool const encrypted = protection == Protection::smime_encrypted || protection == Protection::pgp_encrypted;
        if (body.protection == Protection::none || encrypted) body.protection = protection;
    }

    void wrapped(Words words) override
    {
        if (beside.empty()) beside = std::move(words);
    }

    bool any_words_ = false;
    std::size_t room_ = 2 * shown_limit;
};

PartBytes bytes_of(Leaf const& leaf)
{
    return {
        .type = leaf.type, .name = leaf.name, .bytes = leaf.decode(std::string::npos).bytes, .charset = leaf.charset};
}

class Finder final : public Walker {
public:
    explicit Finder(int wanted) : wanted_(wanted) {}
    std::optional<PartBytes> found;

private:
    Words leaf(Leaf const& leaf, int number, bool) override
    {
        if (number == wanted_) found = bytes_of(leaf);
        return {};
    }

    int wanted_;
};

class Gatherer final : public Walker {
public:
    Gatherer(std::size_t most, bool (*wanted)(std::string_view)) : left_(most), wanted_(wanted) {}
    std::map<std::string, PartBytes> found;

private:
    Words leaf(Leaf const& leaf, int, bool) override
    {
        if (leaf.content_id.empty() || !wanted_(leaf.type) || found.contains(leaf.content_id)) return {};
        auto part = bytes_of(leaf);
        if (part.bytes.size() > left_) return {};
        left_ -= part.bytes.size();
        found.emplace(leaf.content_id, std::move(part));
        return {};
    }

    std::size_t left_;
    bool (*wanted_)(std::string_view);
};

}  // namespace

Body body_of(Parsed const& parsed)
{
    auto* const root = parsed.root.get();
    Reader reader;
    auto words = reader.walk(root);
    Body body = std::move(reader.body);
    body.text = std::move(words.text);
    body.html = std::move(words.html);
    if (trim(body.text).empty()) body.text = std::move(reader.beside.text);
    if (body.html.empty()) body.html = std::move(reader.beside.html);
    for (auto const cut : parsed.cut) say(body.cut, cut);
    for (auto const cut : reader.cut()) say(body.cut, cut);
    if (cut_words(body.html)) say(body.cut, Cut::words);
    if (trim(body.text).empty() && !body.html.empty()) {
        body.text = text_of_html(body.html);
        body.text_from_html = true;
    }
    if (cut_words(body.text)) say(body.cut, Cut::words);
    for (auto& part : body.parts)
        part.in_html = !part.content_id.empty() && !part.shown &&
                       (body.html.find("cid:" + part.content_id) != std::string::npos ||
                        body.html.find(as_in_addresses(part.content_id)) != std::string::npos);
    body.is_report = media_type(root) == "multipart/report" || body.report;
    return body;
}

Result<PartBytes> part(std::string_view bytes, int number)
{
    auto const parsed = parse(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    Finder finder(number);
    finder.walk(parsed->root.get());
    if (!finder.found) return failure(Trouble::not_found, fmt::format("the mail has no part {}", number));
    return *std::move(finder.found);
}

Result<std::map<std::string, PartBytes>> parts_by_id(std::string_view bytes, std::size_t most,
                                                     bool (*wanted)(std::string_view type))
{
    auto const parsed = parse(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    Gatherer gatherer(most, wanted);
    gatherer.walk(parsed->root.get());
    return std::move(gatherer.found);
}

}  // namespace postroom::mime
