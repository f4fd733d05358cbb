// What a mail holds: its HTML made safe, its bytes, its attachments. All of it is hostile until shown otherwise.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/names.hpp"
#include "console/raw-mail.hpp"
#include "console/responses.hpp"
#include "mime/html.hpp"
#include "mime/read.hpp"
#include "store/bodies.hpp"
#include "store/cases.hpp"

#include <fmt/format.h>

#include <array>

namespace postroom::console {

namespace {

// What a browser shows as a picture and never runs. SVG is not among them.
bool is_picture(std::string_view type)
{
    static constexpr std::array<std::string_view, 5> pictures{"image/png", "image/jpeg", "image/gif", "image/webp",
                                                              "image/bmp"};
    return std::ranges::find(pictures, type) != pictures.end();
}

model::Activity activity_or_problem(store::Connection& c, model::Sight const& sight, model::ActivityId id)
{
    auto found = store::activity(c, id);
    if (!found || !found->body || !seen(sight, store::case_by_id(c, found->case_id)))
        throw Problem(Trouble::not_found, tr("there is no mail of that id"));
    return std::move(*found);
}

net::awaitable<std::string> mail_of(House& house, model::Sight const& sight, model::ActivityId id)
{
    co_return co_await house.store().read(
        [&](store::Connection& c) { return store::read_body(c, *activity_or_problem(c, sight, id).body); });
}

// Pictures of the mail itself go into the page: a sandboxed frame has no session to fetch them with.
constexpr std::size_t most_pictures = 16 * 1024 * 1024;

std::string shown(std::string const& bytes)
{
    auto const mail = or_problem(mime::read(bytes));
    if (mail.html.empty()) throw Problem(Trouble::not_found, tr("this mail has no HTML"));
    auto const pictures = or_problem(mime::parts_by_id(bytes, most_pictures, is_picture));
    std::size_t left = most_pictures;  // a page may show one a thousand times
    mime::ShowOptions options;
    options.url_of = [&](std::string_view content_id) -> std::string {
        auto const found = pictures.find(std::string(content_id));
        if (found == pictures.end() || found->second.bytes.size() > left) return {};
        left -= found->second.bytes.size();
        return "data:" + found->second.type + ";base64," + to_base64(found->second.bytes);
    };
    return or_problem(mime::shown_html(mail.html, options)).html;
}

}  // namespace

Answer show_activity_html(House& house, Request const& request)
{
    auto bytes = co_await mail_of(house, request.caller.sight, request.id<model::ActivityId>("id"));
    auto show = [mail = std::move(bytes)] { return shown(mail); };
    net::HttpResponse response;
    response.body = co_await house.off_the_loop(std::move(show));
    response.headers = {
        {"Content-Type", "text/html; charset=utf-8"},
        {"Content-Security-Policy",
         // A link of the mail opens in a window of its own, free of the sandbox; nothing else is allowed.
         "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src "
         "'self' data:; "
         "frame-ancestors 'self'"},
        {"X-Frame-Options", "SAMEORIGIN"},
        {"Cache-Control", "private, no-cache"}};
    co_return response;
}

Answer show_activity_raw(House& house, Request const& request)
{
    auto const id = request.id<model::ActivityId>("id");
    auto const body = co_await house.store().read(
        [&](store::Connection& c) { return *activity_or_problem(c, request.caller.sight, id).body; });
    co_return raw_mail(house, body, to_string(id) + ".eml");
}

Answer show_activity_part(House& house, Request const& request)
{
    auto const number = static_cast<int>(std::min<std::int64_t>(request.number("part"), mime::part_limit + 1));
    auto bytes = co_await mail_of(house, request.caller.sight, request.id<model::ActivityId>("id"));
    auto find = [mail = std::move(bytes), number] { return mime::part(mail, number); };
    auto part = or_problem(co_await house.off_the_loop(std::move(find)));
    bool const picture = is_picture(part.type);
    net::HttpResponse response;
    response.headers = {{"Content-Type", picture ? part.type : "application/octet-stream"},
                        {"Content-Disposition", disposition(picture ? "inline" : "attachment", part.name)},
                        {"Content-Security-Policy", "sandbox; default-src 'none'"},
                        {"Cache-Control", "private, no-cache"}};
    response.body = std::move(part.bytes);
    co_return response;
}

}  // namespace postroom::console
