// The texts of HTTP: no target climbs or hides a line, what is encoded is decoded to the same, no header splits a head.
#include "net/http-text.hpp"
#include "base/text.hpp"

#include "canary.hpp"

#include <algorithm>

using namespace postroom;

namespace {

void look_at_target(std::string_view target)
{
    net::HttpRequest request;
    auto const read = net::read_target(target, request);
    if (!read) {
        fuzz::require(fuzz::is_telling(read.error()));
        return;
    }
    fuzz::require(request.path.starts_with('/'));
    for (char const c : request.path) fuzz::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    for (auto const segment : split(request.path, '/')) fuzz::require(segment != "..");
}

void look_at_form(std::string_view body)
{
    auto const fields = net::parse_form(body);
    if (!fields) {
        fuzz::require(fuzz::is_telling(fields.error()) && body.find('%') != std::string_view::npos);
        return;
    }
    std::string again;
    for (auto const& [name, value] : *fields)
        again += (again.empty() ? "" : "&") + net::percent_encode(name) + "=" + net::percent_encode(value);
    auto const same = net::parse_form(again);
    fuzz::require(same && *same == *fields);
}

void look_at_headers(std::string_view text)
{
    net::HttpResponse response;
    net::HttpRequest request;
    request.peer = "127.0.0.1:4711";
    while (!text.empty()) {
        auto const line = fuzz::take_line(text);
        auto const colon = std::min(line.find(':'), line.size());
        std::string const name(line.substr(0, colon));
        std::string const value(line.substr(std::min(colon + 1, line.size())));
        response.headers.emplace_back(name, value);
        request.headers.emplace(to_lower(name), value);
    }
    auto const head = net::response_head(response, std::nullopt, true);
    if (head) {
        fuzz::require(head->starts_with("HTTP/1.1 200 OK\r\n") && head->find("\r\n\r\n") == head->size() - 4);
        auto const lines = static_cast<std::size_t>(std::ranges::count(*head, '\n'));
        fuzz::require(lines == response.headers.size() + 3 &&
                      static_cast<std::size_t>(std::ranges::count(*head, '\r')) == lines);
    } else {
        fuzz::require(fuzz::is_telling(head.error()));
    }
    auto const address = net::address_of(request);
    fuzz::require(address.size() <= 45);
    if (auto const session = request.cookie("session"))
        fuzz::require(session->find(';') == session->npos && trim(*session) == *session);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    if (fuzz::shows_canary(text)) return 0;
    look_at_target(text);
    look_at_form(text);
    look_at_headers(text);
    auto const encoded = net::percent_encode(text);
    auto const decoded = net::parse_form("a=" + encoded);
    fuzz::require(decoded && decoded->find("a")->second == text);
    // A form holds passwords and codes, and it is refused in words that are logged.
    if (auto const form = net::parse_form(std::string(text) + std::string(fuzz::canary) + std::string(text)); !form)
        fuzz::require(fuzz::is_telling(form.error()));
    return 0;
}
