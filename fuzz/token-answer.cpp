// Whatever a token endpoint answers is tokens or a refusal that can be told; and no token is in the words, wherever the
// answer was cut off.
#include "oauth/token-answer.hpp"

#include "canary-answer.hpp"

using namespace postroom;
using namespace std::chrono_literals;

namespace {

void look_at(unsigned status, std::string_view body)
{
    auto const answer = oauth::read_token_answer(status, {{"retry-after", std::string(body)}}, body);
    if (answer) {
        fuzz::require(status == 200 && !answer->access_token.empty());
        fuzz::require(answer->expires_in >= 0s && answer->expires_in <= 24h * 366 * 10);
        for (auto const& scope : answer->scopes) fuzz::require(!scope.empty() && scope.find(' ') == std::string::npos);
        return;
    }
    auto const& error = answer.error();
    fuzz::require(error.status == status && fuzz::is_telling(error.message()));
    fuzz::require(!error.retry_after || (*error.retry_after >= 0s && *error.retry_after <= 24h));
    fuzz::require(error.codes.size() <= 16 && error.error.size() <= 128 && error.suberror.size() <= 128);
    fuzz::require(error.trace_id.size() <= 64 && error.correlation_id.size() <= 64 && error.timestamp.size() <= 64);
    if (status >= 500) fuzz::require(error.is_transient());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const body(reinterpret_cast<char const*>(data), size);
    for (unsigned const status : {200U, 400U, 503U}) look_at(status, body);
    fuzz::look_with_canary(body, {"access_token", "refresh_token", "id_token"}, [](std::string_view text) {
        for (unsigned const status : {200U, 400U})
            if (auto const answer = oauth::read_token_answer(status, {}, text); !answer)
                fuzz::require(!fuzz::shows_canary(answer.error().message()));
    });
    return 0;
}
