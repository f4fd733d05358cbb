// Reads a mail and everything that reading leads to: each of its parts, its HTML made safe, its fingerprint.
#include "mime/html-tags.hpp"
#include "mime/html.hpp"
#include "mime/read.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace postroom;
    std::string_view const bytes(reinterpret_cast<char const*>(data), size);
    (void)mime::fingerprint(bytes);
    (void)mime::answer_to(bytes);
    auto const mail = mime::read(bytes);
    if (!mail) return 0;
    for (auto const* text : {&mail->text, &mail->html, &mail->subject})
        if (to_valid_utf8(*text) != *text) std::abort();
    // Each look parses anew: of hundreds of parts some are enough, or a mail takes a second.
    auto const step = mail->parts.size() / 5 + 1;
    for (std::size_t at = 0; at < mail->parts.size(); ++at) {
        auto const& part = mail->parts[at];
        if (to_valid_utf8(part.name) != part.name) std::abort();
        if (at % step == 0 && !mime::part(bytes, part.number)) std::abort();
    }
    if (mail->invitation)
        for (auto const* text : {&mail->invitation->method, &mail->invitation->summary, &mail->invitation->place,
                                 &mail->invitation->repeats})
            if (to_valid_utf8(*text) != *text) std::abort();
    if (mail->report)
        for (auto const& one : mail->report->recipients)
            for (auto const* text : {&one.address, &one.action, &one.diagnostic, &one.remote})
                if (to_valid_utf8(*text) != *text) std::abort();
    if (!mime::parts_by_id(bytes, 1024, [](std::string_view) { return true; })) std::abort();
    // Written anew once, there is nothing left that two readers could take for two things.
    if (auto const plain = mime::with_plain_tags(mail->html); mime::with_plain_tags(plain) != plain) std::abort();
    if (auto const shown = mime::shown_html(mail->html, {}))
        for (std::string_view const tag : {"<script", "<style", "<iframe", "<svg", "<form", "<object"})
            if (to_lower(shown->html).find(tag) != std::string::npos) std::abort();
    return 0;
}
