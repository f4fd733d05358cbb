// Whatever a token endpoint answers is tokens or a refusal that can be told.
#include "oauth/token-answer.hpp"
#include "oauth/authority.hpp"
#include "oauth/code-flow.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const body(reinterpret_cast<char const*>(data), size);
    for (unsigned const status : {200U, 400U, 503U}) {
        auto const answer = postroom::oauth::read_token_answer(status, {{"retry-after", std::string(body)}}, body);
        if (answer ? answer->access_token.empty() : answer.error().message().empty()) std::abort();
    }
    (void)postroom::oauth::read_configuration(body, "https://login.example.com/.well-known/openid-configuration");
    if (auto const back = postroom::oauth::read_return(body); back && back->code.empty() && back->error.error.empty())
        std::abort();
    return 0;
}
