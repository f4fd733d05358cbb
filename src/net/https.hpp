// Calls to identity providers, by libcurl on the event loop (multi, socket_action). https only, verified.
#pragma once

#include "base/clock.hpp"
#include "base/wire.hpp"
#include "net/proxy.hpp"
#include "net/tls.hpp"
#include "net/transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace postroom::net {

struct HttpsCall {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    Wire body;  ///< with its secrets marked
    Duration limit{30'000};
    std::size_t most_bytes = 1024 * 1024;  ///< a longer answer is Trouble::limit
};

struct HttpsAnswer {
    unsigned status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

class Https {
public:
    /// Calls go through `proxy` where it leads to their server; there may be none.
    Https(asio::any_io_executor executor, std::shared_ptr<TlsContext> tls, std::shared_ptr<Proxy const> proxy = {});
    ~Https();
    /// Any status is an answer; redirects are not followed. Throws Broken: unreachable, timed_out, tls, limit,
    /// protocol.
    [[nodiscard]] awaitable<HttpsAnswer> call(HttpsCall request);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::net
