#include "net/https.hpp"

#include "base/text.hpp"
#include "net/resolver.hpp"
#include "net/tls-verify.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <unordered_map>

namespace postroom::net {

namespace {

using Steady = std::chrono::steady_clock;
constexpr std::size_t most_header_bytes = 256 * 1024;

struct Target {
    bool tls = true;
    std::string host;  // without brackets
    std::string port;
};

struct UrlFree {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListFree>;

void append(List& list, std::string const& text)
{
    auto* const before = list.release();
    auto* const longer = curl_slist_append(before, text.c_str());
    list.reset(longer ? longer : before);
}

std::string part(CURLU* url, CURLUPart which)
{
    char* text = nullptr;
    if (curl_url_get(url, which, &text, which == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) != CURLUE_OK) return {};
    std::string const copy = text;
    curl_free(text);
    return copy;
}

bool is_loopback(std::string const& host)
{
    boost::system::error_code error;
    auto const address = asio::ip::make_address(host, error);
    return error ? host == "localhost" : address.is_loopback();
}

Target take_apart(std::string const& text)
{
    std::unique_ptr<CURLU, UrlFree> const url(curl_url());
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
        throw Broken(Trouble::protocol, fmt::format("\"{}\" is no URL", printable(text, 128)));
    Target target;
    auto const scheme = part(url.get(), CURLUPART_SCHEME);
    target.host = to_lower(part(url.get(), CURLUPART_HOST));
    target.port = part(url.get(), CURLUPART_PORT);
    target.tls = scheme == "https";
    if (target.host.starts_with('[')) target.host = target.host.substr(1, target.host.size() - 2);
    if (!target.tls && !(scheme == "http" && is_loopback(target.host)))
        throw Broken(Trouble::protocol,
                     fmt::format("\"{}\" is no https URL, and nothing else is called", printable(text, 128)));
    return target;
}

Trouble kind_of(CURLcode code)
{
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT: return Trouble::timed_out;
        case CURLE_COULDNT_CONNECT:
        case CURLE_COULDNT_RESOLVE_HOST: return Trouble::unreachable;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER: return Trouble::tls;
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_SEND_FAIL_REWIND:
        case CURLE_PARTIAL_FILE: return Trouble::closed;
        default: return Trouble::protocol;
    }
}

// One call under way.
struct Transfer {
    Transfer(asio::any_io_executor const& executor, std::shared_ptr<TlsContext> its_tls)
        : done(executor, Steady::time_point::max()), tls(std::move(its_tls)), easy(curl_easy_init())
    {
        if (!easy) throw Broken(Trouble::internal, "libcurl gives no handle: out of memory?");
    }
    ~Transfer() { curl_easy_cleanup(easy); }
    Transfer(Transfer const&) = delete;
    Transfer& operator=(Transfer const&) = delete;

    asio::steady_timer done;
    std::shared_ptr<TlsContext> tls;
    CURL* easy;
    std::optional<CURLcode> result;
    HttpsAnswer answer;
    std::string host;
    std::string refusal;  // of the certificate
    char words[CURL_ERROR_SIZE] = "";
    std::string_view unsent;  // of the body
    std::size_t most_bytes = 0;
    std::size_t header_bytes = 0;
    bool too_long = false;
};

// A body goes out once. Where a connection that was used before ends without an answer, libcurl sends the request
// again, up to five times, unless it can't have the body again; and who knows whether the server acted on it (RFC 9110
// section 9.2.2). A code or a refresh token that is shown twice may cost the grant.
std::size_t on_send(char* into, std::size_t, std::size_t room, void* context)
{
    auto& unsent = static_cast<Transfer*>(context)->unsent;
    auto const size = unsent.copy(into, room);
    unsent.remove_prefix(size);
    return size;
}

std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* context)
{
    auto& transfer = *static_cast<Transfer*>(context);
    if (transfer.answer.body.size() + size > transfer.most_bytes) {
        transfer.too_long = true;
        return 0;
    }
    transfer.answer.body.append(bytes, size);
    return size;
}

std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* context)
{
    auto& transfer = *static_cast<Transfer*>(context);
    transfer.header_bytes += size;
    if (transfer.header_bytes > most_header_bytes) {
        transfer.too_long = true;
        return 0;
    }
    std::string_view const line(bytes, size);
    if (line.starts_with("HTTP/")) transfer.answer.headers.clear();  // a 100 came before
    if (auto const colon = line.find(':'); colon != line.npos && !line.starts_with("HTTP/"))
        transfer.answer.headers.insert_or_assign(to_lower(trim(line.substr(0, colon))),
                                                 std::string(trim(line.substr(colon + 1))));
    return size;
}

// libcurl's own context gets what ours has: the anchors, loaded once, and words for a refusal.
CURLcode on_ssl_context(CURL*, void* context, void* user)
{
    auto& transfer = *static_cast<Transfer*>(user);
    auto* const ssl = static_cast<SSL_CTX*>(context);
    SSL_CTX_set1_cert_store(ssl, SSL_CTX_get_cert_store(transfer.tls->get()));
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
    verify_peer(ssl);
    report_refusal_to(ssl, &transfer.refusal);
    expect_name(ssl, transfer.host);
    return CURLE_OK;
}

}  // namespace

class Https::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::any_io_executor executor, std::shared_ptr<TlsContext> tls, std::shared_ptr<Proxy const> proxy)
        : executor_(std::move(executor)),
          tls_(std::move(tls)),
          proxy_(std::move(proxy)),
          resolver_(executor_),
          timer_(executor_)
    {
        static CURLcode const loaded = curl_global_init(CURL_GLOBAL_DEFAULT);
        multi_ = curl_multi_init();
        if (loaded != CURLE_OK || !multi_) throw Broken(Trouble::internal, "libcurl can't be started");
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 64L);
    }

    ~Impl()
    {
        closing_ = true;
        curl_multi_cleanup(multi_);
        for (auto const& [socket, watched] : watched_) watched->descriptor.release();
    }

    static awaitable<HttpsAnswer> call(std::shared_ptr<Impl> self, HttpsCall request)
    {
        auto const deadline = Steady::now() + request.limit;
        auto const target = take_apart(request.url);
        Proxy const* const way = self->proxy_ && self->proxy_->leads_to(target.host) ? self->proxy_.get() : nullptr;
        auto const& looked_up = way ? way->at.host : target.host;
        auto const addresses = co_await self->find(looked_up, request.limit, way);
        auto const left = std::chrono::duration_cast<Duration>(deadline - Steady::now());
        Transfer transfer(self->executor_, self->tls_);
        transfer.host = target.host;
        transfer.most_bytes = request.most_bytes;

        // libcurl's own resolver would be a thread a call, and waits for that thread when a call is given up.
        std::string known =
            (way ? way->at.host + ":" + std::to_string(way->at.port) : target.host + ":" + target.port) + ":";
        for (auto const& address : addresses) known += (known.ends_with(':') ? "" : ",") + address.to_string();
        List resolved, headers;
        append(resolved, known);
        for (auto const& [name, value] : request.headers) append(headers, name + ": " + value);
        append(headers, "Expect:");
        self->set_up(transfer, request, std::max(left, Duration(1)), resolved.get(), headers.get());
        if (way) lead_through(transfer.easy, *way);

        InMulti const in_multi(self->multi_, transfer);
        boost::system::error_code error;
        if (!transfer.result) co_await transfer.done.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (!transfer.result) throw Broken(Trouble::closed, "the call to " + target.host + " was given up");
        co_return outcome(transfer, request, target, way);
    }

private:
    // However the call ends, the handle leaves before it is freed.
    struct InMulti {
        InMulti(CURLM* its_multi, Transfer& transfer) : multi(its_multi), easy(transfer.easy)
        {
            curl_multi_add_handle(multi, easy);
        }
        ~InMulti() { curl_multi_remove_handle(multi, easy); }
        InMulti(InMulti const&) = delete;
        InMulti& operator=(InMulti const&) = delete;
        CURLM* multi;
        CURL* easy;
    };
    struct Watched {
        Watched(asio::any_io_executor const& executor, curl_socket_t socket) : descriptor(executor, socket) {}
        asio::posix::stream_descriptor descriptor;
        bool read = false, write = false;
        bool reading = false, writing = false;
    };

    void set_up(Transfer& transfer, HttpsCall const& request, Duration limit, curl_slist* resolved, curl_slist* headers)
    {
        auto* const easy = transfer.easy;
        curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.words);
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limit.count()));
        curl_easy_setopt(easy, CURLOPT_RESOLVE, resolved);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &on_ssl_context);
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, &transfer);
        curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
        if (!request.body.empty() || request.method == "POST") {
            curl_easy_setopt(easy, CURLOPT_POST, 1L);
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.bytes().size()));
            transfer.unsent = request.body.bytes();
            curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_send);
            curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
        }
        if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }

    awaitable<std::vector<asio::ip::address>> find(std::string host, Duration limit, Proxy const* way)
    {
        try {
            co_return co_await resolver_.resolve(std::move(host), limit);
        } catch (Broken const& broken) {
            if (!way) throw;
            throw Broken(broken.kind(), fmt::format("the proxy {}: {}", to_string(way->at), broken.what()));
        }
    }

    static void lead_through(CURL* easy, Proxy const& proxy)
    {
        curl_easy_setopt(easy, CURLOPT_PROXY, ("http://" + to_string(proxy.at)).c_str());
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
        curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
        curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        if (proxy.user.empty()) return;
        curl_easy_setopt(easy, CURLOPT_PROXYAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy.user.c_str());
        std::string password(proxy.password.expose());
        curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, password.c_str());
        wipe(password);
    }

    // Throws where the trouble is the proxy's.
    static void tell_of_the_proxy(Transfer& transfer, Target const& target, Proxy const& proxy)
    {
        long status = 0;
        curl_easy_getinfo(transfer.easy, CURLINFO_HTTP_CONNECTCODE, &status);
        Endpoint server{target.host, 0};
        std::from_chars(target.port.data(), target.port.data() + target.port.size(), server.port);
        if (status / 100 == 2) return;
        if (status != 0) throw Broken(proxy_refusal(proxy, server, static_cast<unsigned>(status), {}));
        std::string const words = *transfer.words ? transfer.words : curl_easy_strerror(*transfer.result);
        throw Broken(kind_of(*transfer.result), fmt::format("the proxy {}, through which {} is reached: {}",
                                                            to_string(proxy.at), to_string(server), printable(words)));
    }

    static HttpsAnswer outcome(Transfer& transfer, HttpsCall const& request, Target const& target, Proxy const* way)
    {
        auto const server = target.host + ":" + target.port;
        if (transfer.too_long)
            throw Broken(Trouble::limit, fmt::format("the answer of {} is longer than the {} bytes that are taken",
                                                     server, request.most_bytes));
        if (!transfer.refusal.empty())
            throw Broken(Trouble::tls, fmt::format("{} is not trusted: {}", server, transfer.refusal));
        if (*transfer.result != CURLE_OK && way) tell_of_the_proxy(transfer, target, *way);
        if (*transfer.result != CURLE_OK) {
            std::string words = *transfer.words ? transfer.words : curl_easy_strerror(*transfer.result);
            if (*transfer.result == CURLE_SEND_FAIL_REWIND) words = "the connection ended without an answer";
            throw Broken(kind_of(*transfer.result), fmt::format("the call to {} failed: {}", server, printable(words)));
        }
        long status = 0;
        curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
        transfer.answer.status = static_cast<unsigned>(status);
        return std::move(transfer.answer);
    }

    static int on_socket(CURL*, curl_socket_t socket, int what, void* user, void*)
    {
        auto& self = *static_cast<Impl*>(user);
        auto found = self.watched_.find(socket);
        if (what == CURL_POLL_REMOVE) {
            if (found == self.watched_.end()) return 0;
            found->second->descriptor.release();
            self.watched_.erase(found);
            return 0;
        }
        if (self.closing_) return 0;
        if (found == self.watched_.end())
            found = self.watched_.emplace(socket, std::make_shared<Watched>(self.executor_, socket)).first;
        found->second->read = (what & CURL_POLL_IN) != 0;
        found->second->write = (what & CURL_POLL_OUT) != 0;
        self.listen(socket, found->second);
        return 0;
    }

    static int on_timer(CURLM*, long milliseconds, void* user)
    {
        auto& self = *static_cast<Impl*>(user);
        self.timer_.cancel();
        if (milliseconds < 0 || self.closing_) return 0;
        // libcurl must not be entered from here, so even 0 waits its turn.
        self.timer_.expires_after(std::chrono::milliseconds(milliseconds));
        self.timer_.async_wait([weak = self.weak_from_this()](boost::system::error_code error) {
            if (auto const impl = weak.lock(); impl && !error) impl->act(CURL_SOCKET_TIMEOUT, 0);
        });
        return 0;
    }

    void listen(curl_socket_t socket, std::shared_ptr<Watched> const& watched)
    {
        using asio::posix::descriptor_base;
        auto const start = [&](descriptor_base::wait_type what, bool Watched::* wanted, bool Watched::* under_way) {
            if (!((*watched).*wanted) || (*watched).*under_way) return;
            (*watched).*under_way = true;
            watched->descriptor.async_wait(what, [weak = weak_from_this(), watched, socket, what, wanted,
                                                  under_way](boost::system::error_code error) {
                (*watched).*under_way = false;
                auto const self = weak.lock();
                if (!self || error || !((*watched).*wanted)) return;
                self->act(socket, what == descriptor_base::wait_read ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
                if (auto const again = self->watched_.find(socket);
                    again != self->watched_.end() && again->second == watched)
                    self->listen(socket, watched);
            });
        };
        start(descriptor_base::wait_read, &Watched::read, &Watched::reading);
        start(descriptor_base::wait_write, &Watched::write, &Watched::writing);
    }

    void act(curl_socket_t socket, int events)
    {
        int running = 0;
        curl_multi_socket_action(multi_, socket, events, &running);
        int left = 0;
        while (auto const* const message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            char* context = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
            auto& transfer = *reinterpret_cast<Transfer*>(context);
            transfer.result = message->data.result;
            transfer.done.cancel();
        }
    }

    asio::any_io_executor executor_;
    std::shared_ptr<TlsContext> tls_;
    std::shared_ptr<Proxy const> proxy_;
    Resolver resolver_;
    asio::steady_timer timer_;
    CURLM* multi_ = nullptr;
    bool closing_ = false;
    std::unordered_map<curl_socket_t, std::shared_ptr<Watched>> watched_;
};

Https::Https(asio::any_io_executor executor, std::shared_ptr<TlsContext> tls, std::shared_ptr<Proxy const> proxy)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(tls), std::move(proxy)))
{
}

Https::~Https() = default;

awaitable<HttpsAnswer> Https::call(HttpsCall request)
{
    return Impl::call(impl_, std::move(request));
}

}  // namespace postroom::net
