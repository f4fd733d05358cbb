// What a browser brings back to the redirect URL: one state and one code, or one refusal; and the code is in no words.
#include "base/text.hpp"
#include "net/http-server.hpp"
#include "oauth/code-flow.hpp"

#include "canary.hpp"

using namespace postroom;

namespace {

void look_at(std::string_view query)
{
    auto const back = oauth::read_return(query);
    if (!back) {
        fuzz::require(fuzz::is_telling(back.error()));
        return;
    }
    fuzz::require(!back->state.empty());
    fuzz::require(back->code.empty() != back->error.error.empty());
    fuzz::require(back->error.error.size() <= 128 && back->error.suberror.size() <= 128);
    if (back->code.empty()) fuzz::require(fuzz::is_telling(back->error.message()));
    // Nobody may slip a second one in behind an encoded name.
    auto const fields = net::parse_form(query);
    fuzz::require(fields && fields->count("state") == 1 && fields->count("code") + fields->count("error") >= 1);
    fuzz::require(fields->count("code") <= 1 && fields->count("error") <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view rest(reinterpret_cast<char const*>(data), size);
    if (fuzz::shows_canary(rest)) return 0;
    look_at(rest);
    auto const before = fuzz::take_line(rest);
    auto const query = std::string(before) + "&code=" + std::string(fuzz::canary) + std::string(rest);
    look_at(query);
    if (auto const back = oauth::read_return(query)) fuzz::require(fuzz::shows_canary(back->code.expose()));
    return 0;
}
