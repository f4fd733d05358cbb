#include "console/pages.hpp"

#include "base/text.hpp"
#include "console/problem.hpp"
#include "console/responses.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace postroom::console {

namespace {

namespace fs = std::filesystem;
using net::http::status;

constexpr std::uintmax_t most_bytes = 32 * 1024 * 1024;

std::string_view media_type(std::string_view extension)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> types{{
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".webp", "image/webp"},
        {".woff2", "font/woff2"},
        {".woff", "font/woff"},
        {".txt", "text/plain; charset=utf-8"},
        {".webmanifest", "application/manifest+json"},
    }};
    for (auto const& [known, type] : types)
        if (known == extension) return type;
    return "application/octet-stream";
}

// Nothing for what is no regular file in the folder, links out of it included.
std::optional<std::string> content(fs::path const& folder, std::string_view path)
{
    std::error_code error;
    auto const root = fs::canonical(folder, error);
    if (error) return std::nullopt;
    auto const file = fs::canonical(root / fs::path(path).relative_path(), error);
    if (error || !fs::is_regular_file(file, error) || fs::file_size(file, error) > most_bytes) return std::nullopt;
    if (!file.native().starts_with(root.native() + "/")) return std::nullopt;
    std::ifstream stream(file, std::ios::binary);
    // A browser would keep an empty page.
    if (!stream)
        throw Problem(status::service_unavailable, tr("{} can't be read: {}; try again", path, std::strerror(errno)));
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

net::HttpResponse index(std::string const& html)
{
    constexpr std::string_view mark = "__NONCE__";
    auto const nonce = to_base64(random_bytes(18));
    net::HttpResponse response;
    for (std::size_t at = 0;;) {
        auto const next = html.find(mark, at);
        response.body.append(html, at, next - at);
        if (next == html.npos) break;
        response.body += nonce;
        at = next + mark.size();
    }
    response.headers = {
        {"Content-Type", "text/html; charset=utf-8"},
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy",
         fmt::format("default-src 'self'; script-src 'self' 'nonce-{0}'; style-src 'self' 'nonce-{0}'; img-src 'self' "
                     "data:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; "
                     "object-src 'none'; base-uri 'none'; form-action 'self'",
                     nonce)}};
    return response;
}

net::HttpResponse missing(std::string_view path, words::Language const& language)
{
    return page_response(status::not_found, language.say(tr("Not found")),
                         language.say(tr("<p>There is no <code>{}</code> here. <a href=\"/\">To the console</a></p>",
                                         escape_html(printable(path, 200)))),
                         language);
}

net::HttpResponse not_built(std::string const& folder, words::Language const& language)
{
    return page_response(
        status::ok, language.say(tr("The console's pages are not built")),
        language.say(
            tr("<p>Postroom works; its pages were not found in <code>{}</code>.</p><p>In the source tree, "
               "<code>make web</code> builds them (<code>make run</code> does so by itself). Where they lie "
               "elsewhere, say so in the configuration file: <code>[console] web = \"…\"</code>.</p><p>Meanwhile "
               "the <code>postroom</code> command does all that the pages do, and the API is described in <a "
               "href=\"/api/v1/openapi.yaml\">openapi.yaml</a>.</p>",
               escape_html(folder))),
        language);
}

// A mailbox's address, or another name, as the last part of a page's path: /mailboxes/sales@contoso.com. Files lie at
// the root, and among the assets.
bool is_named_so(std::string_view path)
{
    auto const last = path.rfind('/');
    return last != 0 && last != path.npos && path.substr(0, last).find_first_of("./", 1) == path.npos;
}

}  // namespace

net::HttpResponse page(std::string const& folder, std::string_view path, words::Language const& language)
{
    auto const extension = fs::path(path).extension().string();
    bool const hashed = path.starts_with("/assets/");  // Vite puts a hash of the content into these names
    if (hashed || (!extension.empty() && path != "/index.html" && !is_named_so(path))) {
        auto found = content(folder, path);
        if (!found) return missing(path, language);
        net::HttpResponse response;
        response.body = std::move(*found);
        response.headers = {{"Content-Type", std::string(media_type(extension))},
                            {"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"}};
        return response;
    }
    auto const html = content(folder, "/index.html");
    return html ? index(*html) : not_built(folder, language);
}

}  // namespace postroom::console
