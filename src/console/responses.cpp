#include "console/responses.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace postroom::console {

using net::http::status;

net::HttpResponse json_response(net::http::status status, json::object const& body, std::string_view type)
{
    net::HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}};
    response.body = json::serialize(body);
    return response;
}

net::HttpResponse items_response(json::array items)
{
    json::object body;
    body["items"] = std::move(items);
    return json_response(status::ok, body);
}

net::HttpResponse no_content()
{
    net::HttpResponse response;
    response.status = status::no_content;
    return response;
}

std::string escape_html(std::string_view text)
{
    std::string escaped;
    escaped.reserve(text.size());
    for (char const c : text) switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&#39;"; break;
            default: escaped += c;
        }
    return escaped;
}

net::HttpResponse page_response(net::http::status status, std::string_view title, std::string_view body,
                                words::Language const& language)
{
    static constexpr std::string_view style =
        "body{font:16px/1.5 'Segoe UI',system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;"
        "color:#242424;background:#fff}h1{font-size:1.5rem}code,pre{background:#f5f5f5;padding:.1rem .3rem}"
        "@media(prefers-color-scheme:dark){body{color:#eee;background:#1f1f1f}code,pre{background:#333}a{color:#7ab8ff}"
        "}";
    auto const nonce = to_base64(random_bytes(18));
    net::HttpResponse response;
    response.status = status;
    response.headers = {
        {"Content-Type", "text/html; charset=utf-8"},
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy",
         fmt::format("default-src 'none'; style-src 'nonce-{}'; frame-ancestors 'none'; base-uri 'none'; form-action "
                     "'none'",
                     nonce)},
    };
    // A frame without words.  lint-strings: allow
    response.body = fmt::format(
        "<!doctype html>\n<html lang=\"{}\" dir=\"auto\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "  // lint-strings:
                                                                                                                  // allow
        "content=\"width=device-width\"><title>{}</title><style nonce=\"{}\">{}</style></head>\n"
        "<body><main><h1>{}</h1>\n{}\n</main></body></html>\n",
        language.code(), escape_html(title), nonce, style, escape_html(title), body);
    return response;
}

std::string disposition(std::string_view kind, std::string_view file_name)
{
    std::string const valid = to_valid_utf8(file_name.empty() ? "attachment" : file_name);
    std::string ascii;
    for (char const c : valid) {
        auto const byte = static_cast<unsigned char>(c);
        bool const plain = byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '%' && c != '/';
        ascii += plain ? c : '_';
    }
    return fmt::format("{}; filename=\"{}\"; filename*=UTF-8''{}", kind, ascii, net::percent_encode(valid));
}

void set_default(net::HttpResponse& response, std::string_view name, std::string_view value)
{
    bool const there = std::ranges::any_of(response.headers,
                                           [&](auto const& header) { return equal_ignoring_case(header.first, name); });
    if (!there) response.headers.emplace_back(name, value);
}

}  // namespace postroom::console
