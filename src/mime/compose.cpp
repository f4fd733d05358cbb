#include "mime/compose.hpp"

#include "base/text.hpp"
#include "mime/gmime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace postroom::mime {

namespace {

constexpr std::size_t id_limit = 900;  // a line of 998 octets has room for it, whatever the field
constexpr std::size_t words_limit = 4'000;

bool is_utf8(std::string_view text)
{
    return g_utf8_validate_len(text.data(), text.size(), nullptr) != 0;
}

bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool has_control(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::unexpected<Error> wrong(std::string_view field, std::string_view why)
{
    return failure(Trouble::invalid, fmt::format("{}: {}", field, why));
}

// Nothing that ends a header line may stand in a header.
Result<void> check_words(std::string_view field, std::string_view words)
{
    if (has_control(words)) return wrong(field, "has a line break or another control character in it");
    if (!is_utf8(words)) return wrong(field, "is not UTF-8");
    if (words.size() > words_limit) return wrong(field, fmt::format("is longer than {} octets", words_limit));
    return {};
}

Result<void> check_id(std::string_view field, std::string_view id)
{
    if (!is_message_id(id)) return wrong(field, fmt::format("\"{}\" is no Message-ID", printable(id, 80)));
    return {};
}

bool is_token(std::string_view word)
{
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return g_ascii_isalnum(c) || std::strchr("!#$&-^_.+", c) != nullptr;  // RFC 6838 section 4.2
    });
}

// Encoded as it is not allowed to be for message/*, or as what it is not for multipart/*: an attachment of these is
// bytes.
std::string attachment_type(AttachedFile const& file)
{
    auto const slash = file.type.find('/');
    bool const sound = slash != std::string::npos && is_token(std::string_view(file.type).substr(0, slash)) &&
                       is_token(std::string_view(file.type).substr(slash + 1)) && file.type.size() <= 127;
    bool const composite = starts_ignoring_case(file.type, "message/") || starts_ignoring_case(file.type, "multipart/");
    return sound && !composite ? file.type : "application/octet-stream";
}

void add_addresses(InternetAddressList* list, std::vector<Address> const& addresses)
{
    for (auto const& address : addresses) {
        Owned<InternetAddress> const mailbox(internet_address_mailbox_new(
            address.name.empty() ? nullptr : address.name.c_str(), address.address.c_str()));
        internet_address_list_add(list, mailbox.get());
    }
}

// GMime leaves ASCII as it is, and what only looks like an encoded word would be read as one.
std::string subject_on_the_wire(std::string const& subject)
{
    constexpr std::size_t most = 45;  // octets of an encoded word, which has 75 characters (RFC 2047 section 2)
    if (subject.find("=?") == std::string::npos) return subject;
    std::string words;
    for (std::size_t at = 0; at < subject.size();) {
        auto end = std::min(at + most, subject.size());
        while (end < subject.size() && (static_cast<unsigned char>(subject[end]) & 0xC0) == 0x80) --end;
        words += (words.empty() ? "" : " ") +
                 fmt::format("=?utf-8?B?{}?=", to_base64(std::string_view(subject).substr(at, end - at)));
        at = end;
    }
    return words;
}

std::string bracketed(std::vector<std::string> const& ids)
{
    std::string all;
    for (auto const& id : ids) {
        if (!all.empty()) all += ' ';
        all += '<' + id + '>';
    }
    return all;
}

Owned<GMimeObject> words_part(char const* subtype, std::string_view words)
{
    std::string text;
    text.reserve(words.size());
    for (std::size_t i = 0; i < words.size(); ++i)  // GMime makes CRLF of LF
        if (words[i] != '\r')
            text += words[i];
        else if (i + 1 == words.size() || words[i + 1] != '\n')
            text += '\n';
    if (!text.ends_with('\n')) text += '\n';
    auto const high = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
    bool const mostly_high = high * 3 > text.size();

    GMimePart* const part = g_mime_part_new_with_type("text", subtype);
    g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
    Owned<GMimeStream> const stream(g_mime_stream_mem_new_with_buffer(text.data(), text.size()));
    Owned<GMimeDataWrapper> const content(
        g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
    g_mime_part_set_content(part, content.get());
    g_mime_part_set_content_encoding(
        part, mostly_high ? GMIME_CONTENT_ENCODING_BASE64 : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    return Owned<GMimeObject>(GMIME_OBJECT(part));
}

Owned<GMimeObject> file_part(AttachedFile const& file, bool in_html)
{
    auto const type = attachment_type(file);
    auto const slash = type.find('/');
    GMimePart* const part = g_mime_part_new_with_type(type.substr(0, slash).c_str(), type.substr(slash + 1).c_str());
    g_mime_object_set_disposition(GMIME_OBJECT(part), in_html ? "inline" : "attachment");
    if (in_html) g_mime_part_set_content_id(part, file.content_id.c_str());
    if (!file.name.empty()) g_mime_part_set_filename(part, file.name.c_str());
    Owned<GMimeStream> const stream(g_mime_stream_mem_new_with_buffer(file.bytes.data(), file.bytes.size()));
    Owned<GMimeDataWrapper> const content(
        g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
    g_mime_part_set_content(part, content.get());
    g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
    return Owned<GMimeObject>(GMIME_OBJECT(part));
}

Owned<GMimeObject> multipart(char const* subtype, std::vector<Owned<GMimeObject>> const& parts)
{
    GMimeMultipart* const multipart = g_mime_multipart_new_with_subtype(subtype);
    // "=_" stands neither in base64 nor in quoted-printable (RFC 2045 section 6.7), so that no body can contain it.
    g_mime_multipart_set_boundary(multipart, ("=_" + to_hex(random_bytes(12))).c_str());
    for (auto const& part : parts) g_mime_multipart_add(multipart, part.get());
    return Owned<GMimeObject>(GMIME_OBJECT(multipart));
}

bool stands_in_html(Draft const& draft, AttachedFile const& file)
{
    return !draft.html.empty() && !file.content_id.empty();
}

Owned<GMimeObject> body(Draft const& draft)
{
    auto words = words_part("plain", draft.text);
    if (!draft.html.empty()) {
        std::vector<Owned<GMimeObject>> related;
        related.push_back(words_part("html", draft.html));
        for (auto const& file : draft.attachments)
            if (stands_in_html(draft, file)) related.push_back(file_part(file, true));
        std::vector<Owned<GMimeObject>> both;
        both.push_back(std::move(words));
        if (related.size() == 1) {
            both.push_back(std::move(related.front()));
        } else {
            auto html = multipart("related", related);
            g_mime_object_set_content_type_parameter(html.get(), "type", "text/html");  // RFC 2387 section 3.1
            both.push_back(std::move(html));
        }
        words = multipart("alternative", both);
    }
    std::vector<Owned<GMimeObject>> all;
    all.push_back(std::move(words));
    for (auto const& file : draft.attachments)
        if (!stands_in_html(draft, file)) all.push_back(file_part(file, false));
    return all.size() == 1 ? std::move(all.front()) : multipart("mixed", all);
}

// In the order in which body() puts them: the words, what stands in them, the rest.
void list_files(Draft const& draft, std::vector<ComposedFile>& files)
{
    int number = draft.html.empty() ? 1 : 2;
    for (bool const in_html : {true, false})
        for (auto const& file : draft.attachments)
            if (stands_in_html(draft, file) == in_html)
                files.push_back({.name = file.name,
                                 .type = attachment_type(file),
                                 .content_id = in_html ? file.content_id : std::string(),
                                 .size = static_cast<std::int64_t>(file.bytes.size()),
                                 .number = ++number});
}

// An international domain in its ASCII form (IDNA), so that only the local part can need SMTPUTF8.
std::string on_the_wire(std::string const& address)
{
    Owned<InternetAddress> const mailbox(internet_address_mailbox_new(nullptr, address.c_str()));
    char const* const wire = internet_address_mailbox_get_idn_addr(INTERNET_ADDRESS_MAILBOX(mailbox.get()));
    return wire == nullptr ? address : std::string(wire);
}

}  // namespace

bool is_message_id(std::string_view id)
{
    return !id.empty() && id.size() <= id_limit && is_ascii(id) && !has_control(id) &&
           id.find_first_of(" <>") == std::string_view::npos;
}

std::string make_message_id(std::string_view address)
{
    std::string domain(address.substr(address.rfind('@') + 1));
    GString8 const ascii(g_hostname_to_ascii(domain.c_str()));
    if (ascii) domain = ascii.get();
    auto id = to_hex(random_bytes(16)) + '@' + domain;
    return is_message_id(id) ? id : to_hex(random_bytes(16)) + "@postroom.invalid";
}

Result<void> check_address(std::string_view address)
{
    auto const no = [&](std::string_view why) {
        return failure(Trouble::invalid, fmt::format("\"{}\" is no mail address: {}", printable(address, 100), why));
    };
    auto const at = address.rfind('@');
    if (at == std::string_view::npos) return no("it has no @; name@example.com would be right");
    auto const local = address.substr(0, at);
    auto const domain = address.substr(at + 1);
    if (local.empty() || domain.empty()) return no("there is nothing on one side of the @");
    if (address.size() > 254 || local.size() > 64) return no("it is too long (RFC 5321 section 4.5.3.1)");
    if (!is_utf8(address)) return no("it is not UTF-8");
    if (has_control(address) || address.find_first_of(" \"(),:;<>@[\\]") < at ||
        domain.find_first_of(" \"(),:;<>[\\]!#$%&'*+/=?^_`{|}~") != std::string_view::npos)
        return no("it has a character in it that no address has");
    if (local.starts_with('.') || local.ends_with('.') || address.find("..") != std::string_view::npos ||
        domain.starts_with('.') || domain.ends_with('.') || domain.starts_with('-'))
        return no("it has a dot or a hyphen out of place");
    return {};
}

Result<Address> parse_address(std::string_view text)
{
    auto const whole = trim(text);
    Address address{.address = std::string(whole)};
    if (auto const open = whole.rfind('<'); open != std::string_view::npos && whole.ends_with('>')) {
        address.address = trim(whole.substr(open + 1, whole.size() - open - 2));
        auto name = trim(whole.substr(0, open));
        if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
        address.name = name;
    }
    if (auto const sound = check_address(address.address); !sound) return std::unexpected(sound.error());
    if (auto const sound = check_words("name", address.name); !sound) return std::unexpected(sound.error());
    return address;
}

Result<void> check(Draft const& draft)
{
    auto const addresses = [](std::string_view field, std::vector<Address> const& list) -> Result<void> {
        for (auto const& [name, address] : list) {
            if (auto const sound = check_words(field, name); !sound) return sound;
            if (auto const sound = check_address(address); !sound) return wrong(field, sound.error().message);
        }
        return {};
    };
    if (auto const sound = addresses("Reply-To", draft.reply_to); !sound) return sound;
    if (auto const sound = addresses("To", draft.to); !sound) return sound;
    if (auto const sound = addresses("Cc", draft.cc); !sound) return sound;
    if (auto const sound = addresses("Bcc", draft.bcc); !sound) return sound;
    if (draft.to.empty() && draft.cc.empty() && draft.bcc.empty()) return wrong("To", "nobody to send it to");
    if (auto const sound = check_words("Subject", draft.subject); !sound) return sound;
    if (!draft.in_reply_to.empty())
        if (auto const sound = check_id("In-Reply-To", draft.in_reply_to); !sound) return sound;
    for (auto const& id : draft.references)
        if (auto const sound = check_id("References", id); !sound) return sound;
    if (!draft.auto_submitted.empty() && !is_token(draft.auto_submitted)) return wrong("Auto-Submitted", "is no word");
    if (!draft.test_mark.empty() && !is_token(draft.test_mark)) return wrong("X-Postroom-Test", "is no word");
    if (!is_utf8(draft.text)) return wrong("text", "is not UTF-8, or has a NUL in it");
    if (!is_utf8(draft.html)) return wrong("HTML", "is not UTF-8, or has a NUL in it");
    for (auto const& file : draft.attachments) {
        if (auto const sound = check_words("attachment", file.name); !sound) return sound;
        if (file.content_id.empty()) continue;
        if (auto const sound = check_id("Content-ID", file.content_id); !sound) return sound;
    }
    return {};
}

Result<Composed> compose(Draft const& draft)
{
    use_gmime();
    if (auto const sound = check(draft); !sound) return std::unexpected(sound.error());
    if (auto const sound = check_words("From", draft.from.name); !sound) return std::unexpected(sound.error());
    if (auto const sound = check_address(draft.from.address); !sound) return wrong("From", sound.error().message);
    if (auto const sound = check_id("Message-ID", draft.message_id); !sound) return std::unexpected(sound.error());

    Composed composed;
    for (auto const* list : {&draft.to, &draft.cc, &draft.bcc})
        for (auto const& address : *list) {
            auto const wire = on_the_wire(address.address);
            bool const there = std::any_of(composed.recipients.begin(), composed.recipients.end(),
                                           [&](auto const& other) { return equal_ignoring_case(other, wire); });
            if (!there) composed.recipients.push_back(wire);
        }

    Owned<GMimeMessage> const message(g_mime_message_new(FALSE));
    add_addresses(g_mime_message_get_from(message.get()), {draft.from});
    add_addresses(g_mime_message_get_reply_to(message.get()), draft.reply_to);
    add_addresses(g_mime_message_get_to(message.get()), draft.to);
    add_addresses(g_mime_message_get_cc(message.get()), draft.cc);
    g_mime_message_set_subject(message.get(), subject_on_the_wire(draft.subject).c_str(), "utf-8");
    GDateTime* const date = g_date_time_new_from_unix_utc(
        std::chrono::duration_cast<std::chrono::seconds>(draft.date.time_since_epoch()).count());
    g_mime_message_set_date(message.get(), date);
    g_date_time_unref(date);
    g_mime_message_set_message_id(message.get(), draft.message_id.c_str());
    auto* const object = GMIME_OBJECT(message.get());
    if (!draft.in_reply_to.empty())
        g_mime_object_set_header(object, "In-Reply-To", bracketed({draft.in_reply_to}).c_str(), nullptr);
    if (!draft.references.empty())
        g_mime_object_set_header(object, "References", bracketed(draft.references).c_str(), nullptr);
    if (!draft.auto_submitted.empty())
        g_mime_object_set_header(object, "Auto-Submitted", draft.auto_submitted.c_str(), nullptr);
    if (!draft.test_mark.empty()) g_mime_object_set_header(object, "X-Postroom-Test", draft.test_mark.c_str(), nullptr);
    auto const content = body(draft);
    g_mime_message_set_mime_part(message.get(), content.get());

    Owned<GMimeStream> const memory(g_mime_stream_mem_new());
    GMimeFormatOptions* const format = g_mime_format_options_new();
    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(object, format, memory.get());
    g_mime_format_options_free(format);
    auto const* const bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory.get()));
    composed.bytes.assign(reinterpret_cast<char const*>(bytes->data), bytes->len);
    composed.needs_smtputf8 = !is_ascii(composed.bytes) || !is_ascii(on_the_wire(draft.from.address)) ||
                              std::any_of(composed.recipients.begin(), composed.recipients.end(),
                                          [](auto const& recipient) { return !is_ascii(recipient); });
    list_files(draft, composed.files);
    return composed;
}

}  // namespace postroom::mime
