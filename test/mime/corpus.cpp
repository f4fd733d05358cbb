#include "corpus.hpp"

#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/cms.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace postroom::mime {

namespace {

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

// Needs a key that nobody has.
std::string encrypted(std::string_view content)
{
    Bio const in(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    std::unique_ptr<CMS_ContentInfo, decltype(&CMS_ContentInfo_free)> const cms(
        CMS_encrypt(nullptr, nullptr, EVP_aes_128_cbc(), CMS_BINARY | CMS_PARTIAL), CMS_ContentInfo_free);
    auto* const key = static_cast<unsigned char*>(OPENSSL_zalloc(16));
    auto* const id = static_cast<unsigned char*>(OPENSSL_zalloc(4));
    CMS_add0_recipient_key(cms.get(), NID_id_aes128_wrap, key, 16, id, 4, nullptr, nullptr, nullptr);
    Bio const out(BIO_new(BIO_s_mem()));
    if (CMS_final(cms.get(), in.get(), nullptr, CMS_BINARY) != 1 || i2d_CMS_bio(out.get(), cms.get()) != 1)
        throw std::runtime_error("no CMS object");
    char* data = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string der(unsigned char tag, std::string_view content, bool streamed = false)
{
    std::string out(1, static_cast<char>(tag));
    if (streamed) return out + '\x80' + std::string(content) + std::string(2, '\0');
    if (content.size() < 128) return out + static_cast<char>(content.size()) + std::string(content);
    if (content.size() > 0xFFFF) throw std::runtime_error("too much to sign");
    return out + '\x82' + static_cast<char>(content.size() >> 8) + static_cast<char>(content.size() & 0xFF) +
           std::string(content);
}

// Signed by nobody, which OpenSSL refuses to write. Programs that sign as they send do not know any length before.
std::string signed_by_nobody(std::string_view content, bool streamed)
{
    auto const id = [](char last) { return der(0x06, std::string("\x2A\x86\x48\x86\xF7\x0D\x01\x07") + last); };
    auto const half = content.size() / 2;
    auto const words = streamed ? der(0x24, der(0x04, content.substr(0, half)) + der(0x04, content.substr(half)), true)
                                : der(0x04, content);
    auto const inner = der(0x30, id(1) + der(0xA0, words, streamed), streamed);
    auto const data = der(0x30, der(0x02, "\x01") + der(0x31, "") + inner + der(0x31, ""), streamed);
    return der(0x30, id(2) + der(0xA0, data, streamed), streamed);
}

std::string in_lines(std::string_view base64)
{
    std::string lines;
    for (std::size_t at = 0; at < base64.size(); at += 76) {
        if (at > 0) lines += "\r\n";
        lines += base64.substr(at, 76);
    }
    return lines;
}

std::string octets(std::string_view hex)
{
    std::string bytes;
    for (auto const pair : split(hex, ' ')) bytes += static_cast<char>(std::stoi(std::string(pair), nullptr, 16));
    return bytes;
}

// Everything between {{ and the }} that belongs to it is made into something else.
std::string expanded(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        auto const open = text.find("{{");
        out += text.substr(0, open);
        if (open == std::string_view::npos) break;
        std::size_t end = open + 2;
        for (int depth = 1; depth > 0; ++end) {
            if (end >= text.size()) throw std::runtime_error("{{ without }}");
            if (text.substr(end, 2) == "{{")
                ++depth, ++end;
            else if (text.substr(end, 2) == "}}")
                --depth, ++end;
        }
        out += made(text.substr(open + 2, end - open - 4));
        text.remove_prefix(end);
    }
    return out;
}

std::string unescaped(std::string_view value)
{
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        bool const line_end = value.substr(i, 2) == "\\n";
        text += line_end ? '\n' : value[i];
        if (line_end) ++i;
    }
    return text;
}

bool has_field(std::string_view header, std::string_view name)
{
    for (auto const line : split(header, '\n'))
        if (starts_ignoring_case(line, name)) return true;
    return false;
}

std::string mail_of(std::string_view source, bool raw)
{
    std::string text;
    auto const header_end = source.find("\n\n");
    if (!raw) {
        auto const header = source.substr(0, header_end);
        if (!has_field(header, "From:")) text += "From: a@example.com\n";
        if (!has_field(header, "MIME-Version:")) text += "MIME-Version: 1.0\n";
    }
    text += source;
    if (!raw && header_end == std::string_view::npos) text += "\n\nx";
    std::string lines;
    for (char const c : text) {
        if (c == '\n') lines += '\r';
        lines += c;
    }
    return expanded(lines);
}

}  // namespace

std::string made(std::string_view directive)
{
    auto const space = std::min(directive.find(' '), directive.size());
    auto const word = directive.substr(0, space);
    auto const rest = directive.substr(std::min(space + 1, directive.size()));
    if (word == "n") return "\r\n";
    if (word == "base64") return in_lines(to_base64(expanded(rest)));
    if (word == "winmail") return in_lines(to_base64(winmail(expanded(rest))));
    if (word == "signed") return in_lines(to_base64(signed_by_nobody(expanded(rest), false)));
    if (word == "streamed") return in_lines(to_base64(signed_by_nobody(expanded(rest), true)));
    if (word == "encrypted") return in_lines(to_base64(encrypted(expanded(rest))));
    if (word == "repeat") {
        auto const count_end = rest.find(' ');
        auto const piece = expanded(rest.substr(count_end + 1));
        std::string all;
        for (int i = std::stoi(std::string(rest.substr(0, count_end))); i > 0; --i) all += piece;
        return all;
    }
    return octets(directive);
}

std::vector<CorpusMail> corpus()
{
    std::vector<std::filesystem::path> files;
    for (auto const& entry : std::filesystem::directory_iterator(POSTROOM_SOURCE_DIR "/test/mime/corpus"))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<CorpusMail> mails;
    for (auto const& file : files) {
        std::ifstream stream(file, std::ios::binary);
        std::string source, line;
        bool in_mail = false, raw = false;
        auto const finish = [&] {
            if (in_mail) throw std::runtime_error(file.string() + ": a mail without ---: " + mails.back().name);
        };
        while (std::getline(stream, line)) {
            if (line.starts_with("=== ")) {
                finish();
                raw = line.ends_with(" raw");
                mails.push_back({.group = file.stem(), .name = line.substr(4)});
                source.clear();
                in_mail = true;
            } else if (in_mail && line == "---") {
                if (!source.empty()) source.pop_back();  // the line end before ---
                mails.back().bytes = mail_of(source, raw);
                in_mail = false;
            } else if (in_mail) {
                source += line + '\n';
            } else if (auto const colon = line.find(':'); !line.starts_with('#') && colon != std::string::npos) {
                mails.back().expected.emplace_back(line.substr(0, colon),
                                                   unescaped(trim(std::string_view(line).substr(colon + 1))));
            }
        }
        finish();
    }
    return mails;
}

}  // namespace postroom::mime
