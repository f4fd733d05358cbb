// A proxy's URL and its answers: no password in any words, no line slipped into the request, and the same answer
// however its bytes come in.
#include "net/proxy.hpp"
#include "base/text.hpp"

#include "canary.hpp"

#include <algorithm>

using namespace postroom;

namespace {

Endpoint const server{"outlook.office365.com", 993};

void look_at_url(std::string_view url)
{
    auto const proxy = net::parse_proxy(url);
    if (!proxy) {
        fuzz::require(fuzz::is_telling(proxy.error()));
        return;
    }
    fuzz::require(!proxy->at.host.empty() && proxy->at.port != 0);
    fuzz::require(proxy->user.find(':') == std::string::npos);
    auto const request = net::connect_request(*proxy, server);
    auto const bytes = request.bytes();
    fuzz::require(bytes.find("\r\n\r\n") == bytes.size() - 4);
    fuzz::require(std::ranges::count(bytes, '\n') == (proxy->user.empty() ? 3 : 4));
    for (unsigned const status : {301U, 401U, 403U, 407U, 502U}) {
        auto const refusal = net::proxy_refusal(*proxy, server, status, url.substr(0, 0));
        fuzz::require(fuzz::is_telling(refusal));
    }
    fuzz::require(!proxy->leads_to("localhost") && !proxy->leads_to("127.0.0.1") && !proxy->leads_to("::1"));
}

void look_at_answer(std::string_view answer)
{
    net::Proxy const proxy{{"proxy.example.com", 3128}, "user", Secret(std::string(fuzz::canary)), {}};
    bool decided = false;
    for (std::size_t end = 0; end <= std::min<std::size_t>(answer.size(), 512); ++end) {
        auto const so_far = answer.substr(0, end);
        auto const read = net::read_connect_answer(so_far, proxy, server);
        if (!read) {
            fuzz::require(fuzz::is_telling(read.error()));
            decided = true;
        } else if (*read) {
            fuzz::require(**read <= end && so_far.substr(0, **read).ends_with("\r\n\r\n") &&
                          so_far.starts_with("HTTP/1."));
            fuzz::require(so_far.find("\r\n\r\n") + 4 == **read);
            decided = true;
        } else {
            // Once it is told there is nothing to wait for any more.
            fuzz::require(!decided);
        }
    }
    auto const whole = net::read_connect_answer(answer, proxy, server);
    if (whole && !*whole) fuzz::require(answer.size() <= 16 * 1024);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    if (fuzz::shows_canary(text)) return 0;
    look_at_url(text);
    look_at_url("http://user:" + std::string(fuzz::canary) + std::string(text));
    look_at_answer(text);
    return 0;
}
