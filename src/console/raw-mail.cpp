#include "console/raw-mail.hpp"

#include "console/responses.hpp"
#include "store/bodies.hpp"

namespace postroom::console {

namespace {

net::awaitable<void> send_chunks(House& house, model::BodyId body, net::BodyStream& to)
{
    for (int number = 0;; ++number) {
        auto chunk =
            co_await house.store().read([&](store::Connection& c) { return store::read_chunk(c, body, number); });
        if (chunk.empty()) co_return;
        co_await to.write(std::move(chunk));
    }
}

}  // namespace

net::HttpResponse raw_mail(House& house, model::BodyId body, std::string const& file_name)
{
    net::HttpResponse response;
    response.headers = {{"Content-Type", "message/rfc822"},
                        {"Content-Disposition", disposition("attachment", file_name)},
                        {"Content-Security-Policy", "sandbox; default-src 'none'"},
                        {"Cache-Control", "private, no-cache"}};
    response.stream = [&house, body](net::BodyStream& to) { return send_chunks(house, body, to); };
    return response;
}

}  // namespace postroom::console
