#include "lab/lab.hpp"

#include "lab/api.hpp"
#include "lab/certificates.hpp"
#include "lab/graph.hpp"
#include "lab/identity-provider.hpp"
#include "lab/imap-session.hpp"
#include "lab/pop3-session.hpp"
#include "lab/proxy.hpp"
#include "lab/silent-port.hpp"
#include "lab/smtp-session.hpp"
#include "lab/tenant-json.hpp"
#include "net/http-server.hpp"
#include "net/listen.hpp"
#include "net/resolver.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/json/parse.hpp>

#include <openssl/ssl.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>

namespace postroom::lab {

namespace {

net::HttpResponse respond(State& state, IdentityProvider& provider, std::string_view host_name,
                          net::HttpRequest const& request)
{
    if (auto response = provider.answer(request)) return std::move(*response);
    if (auto response = answer_graph(state, request)) return std::move(*response);
    if (!is_from_here(request, host_name))
        return {
            net::http::status::forbidden, {{"content-type", "text/plain"}}, "the lab answers its own page only\n", {}};
    if (auto response = answer_api(state, request)) return std::move(*response);
    return {net::http::status::not_found, {{"content-type", "text/plain"}}, "there is no such page in the lab\n", {}};
}

net::awaitable<net::HttpResponse> handle(SharedState state, std::shared_ptr<IdentityProvider> provider,
                                         std::string host_name, net::HttpRequest request)
{
    auto response = respond(*state, *provider, host_name, request);
    // By the lab's clock, as Entra's answers are by its own.
    auto const seconds = std::chrono::system_clock::to_time_t(state->clock.now());
    std::tm parts{};
    char date[64] = "";
    if (::gmtime_r(&seconds, &parts) != nullptr) std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    response.headers.emplace_back("date", date);
    co_return response;
}

// What cuts a connection lets its beginning through.
net::awaitable<void> cut_after(std::string greeting, std::unique_ptr<net::Accepted> connection)
{
    if (greeting.empty()) co_return;
    Wire const wire(std::move(greeting));
    co_await connection->write(wire);
}

// Its passwords are published: it is nobody else's.
Result<void> check_loopback(Endpoint const& at)
{
    boost::system::error_code error;
    auto const address = boost::asio::ip::make_address(at.host, error);
    if (error ? at.host == "localhost" : address.is_loopback()) return {};
    return failure(Trouble::invalid, "the lab listens on this machine only, since its passwords protect nothing: " +
                                         to_string(at) + " is not 127.0.0.1, [::1] or localhost");
}

Result<void> read_tenant_file(State& state, std::string const& path)
{
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) return failure(Trouble::invalid, path + " can't be read");
    boost::system::error_code error;
    auto const value = boost::json::parse(text.str(), error);
    if (error || !value.is_object()) return failure(Trouble::invalid, path + " does not hold a JSON object");
    if (auto const done = apply_tenant(state, value.get_object()); !done)
        return failure(Trouble::invalid, path + ": " + done.error().message);
    return {};
}

}  // namespace

struct Lab::Impl {
    using Open = std::function<Result<std::unique_ptr<net::Listener>>(Endpoint, std::shared_ptr<net::TlsContext>)>;
    // A port that can be closed, and open with another certificate.
    struct Port {
        std::int64_t Settings::* setting;
        Endpoint* at;
        bool tls_at_once;
        Open open;
        std::string_view greeting;  // what is said where each connection is cut after it
        std::unique_ptr<net::Listener> listener{};
        std::unique_ptr<SilentPort> silent{};
    };

    SharedState state;
    std::shared_ptr<IdentityProvider> provider;
    Options options;
    Certificates certificates;
    std::vector<Port> ports;
    std::vector<std::unique_ptr<net::Listener>> always;  // those without TLS
    std::shared_ptr<ProxyPorts> leads;                   // where its proxy leads

    boost::asio::any_io_executor executor;
    [[nodiscard]] Result<std::shared_ptr<net::TlsContext>> tls_of(std::int64_t how) const;
    [[nodiscard]] Result<void> set_port(Port& port, std::int64_t how) const;
    [[nodiscard]] Result<void> set_ports(Settings const& settings);
};

Result<std::shared_ptr<net::TlsContext>> Lab::Impl::tls_of(std::int64_t how) const
{
    auto const& file = how == 2   ? certificates.untrusted_file
                       : how == 3 ? certificates.expired_file
                       : how == 4 ? certificates.another_name_file
                       : how == 5 ? certificates.ends_soon_file
                       : how == 7 ? certificates.middlebox_file
                                  : certificates.chain_file;
    auto tls = net::TlsContext::server(file, certificates.key_file);
    if (tls && how == 6) {
        auto* const context = (*tls)->get();
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
        SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0");
    }
    return tls;
}

Result<void> Lab::Impl::set_port(Port& port, std::int64_t how) const
{
    port.listener.reset();
    port.silent.reset();
    if (how == 1) return {};
    if (how == 8) {
        auto silent = SilentPort::open(executor, *port.at);
        if (!silent) return std::unexpected(silent.error());
        port.silent = std::make_unique<SilentPort>(std::move(*silent));
        return {};
    }
    auto tls = tls_of(how);
    if (!tls) return std::unexpected(tls.error());
    auto opened = how == 9
                      ? net::Listener::open(executor, {.at = *port.at, .tls = *tls, .tls_at_once = port.tls_at_once},
                                            [greeting = port.greeting](std::unique_ptr<net::Accepted> each) {
                                                return cut_after(std::string(greeting), std::move(each));
                                            })
                      : port.open(*port.at, std::move(*tls));
    if (!opened) return std::unexpected(opened.error());
    port.at->port = (*opened)->port();
    port.listener = std::move(*opened);
    return {};
}

Result<void> Lab::Impl::set_ports(Settings const& settings)
{
    for (auto& port : ports)
        if (settings.*port.setting != state->settings.*port.setting)
            if (auto const done = set_port(port, settings.*port.setting); !done) return done;
    return {};
}

Lab::Lab(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Lab::~Lab()
{
    stop();
}

void Lab::stop()
{
    for (auto const& port : impl_->ports)
        if (port.listener) port.listener->stop();
    for (auto const& listener : impl_->always) listener->stop();
    impl_->state->set_ports = nullptr;
}

Endpoints const& Lab::endpoints() const
{
    return impl_->options.listen;
}

Facts Lab::facts() const
{
    return {impl_->state->base_url + '/' + impl_->state->tenant.id,
            impl_->state->tenant.id,
            std::string(default_client_id),
            std::string(default_secret),
            impl_->certificates.anchor_file,
            "sales@contoso.test",
            "support@contoso.test",
            "alex@contoso.test",
            "admin@contoso.test",
            std::string(default_password)};
}

Result<std::unique_ptr<Lab>> Lab::start(boost::asio::any_io_executor executor, Options options)
{
    auto const& asked = options.listen;
    for (auto const& at : {asked.https, asked.http, asked.imap, asked.pop3, asked.smtp, asked.inbound,
                           asked.proxy.value_or(Endpoint{"127.0.0.1", 0})})
        if (auto const ours = check_loopback(at); !ours) return std::unexpected(ours.error());
    auto certificates = load_or_make_certificates(options.directory, options.host_name);
    if (!certificates) return std::unexpected(certificates.error());
    auto keys = TokenKeys::load_or_make(options.directory);
    if (!keys) return std::unexpected(keys.error());

    auto impl = std::make_unique<Impl>();
    auto const state = std::make_shared<State>(std::move(*keys));
    // Folders are new with every start, and say so: a UIDVALIDITY that was never there before.
    state->next_uid_validity = static_cast<std::uint32_t>(to_seconds(state->clock.now()));
    fill_default_tenant(*state, options.redirect_uris);
    if (!options.tenant_file.empty())
        if (auto const read = read_tenant_file(*state, options.tenant_file); !read)
            return std::unexpected(read.error());
    auto const provider = std::make_shared<IdentityProvider>(state);
    impl->state = state;
    impl->provider = provider;
    impl->certificates = std::move(*certificates);

    impl->options = std::move(options);
    auto const handler = [state, provider, host = impl->options.host_name](net::HttpRequest request) {
        return handle(state, provider, host, std::move(request));
    };
    // A mail of 150 MiB can be put in by the API, too.
    net::HttpLimits const limits{.body = most_message_bytes};
    constexpr std::size_t most = 20'000;
    using Tls = std::shared_ptr<net::TlsContext>;
    auto const https = [=](Endpoint at, Tls tls) {
        return net::serve_http(executor, net::Listen{.at = std::move(at), .tls = std::move(tls)}, handler, limits);
    };
    auto const mail = [=](bool tls_at_once, net::Listener::Serve serve) {
        // The analyzer loses sight of the copy of `serve`.  NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
        return [=](Endpoint at, Tls tls) {
            net::Listen where{.at = std::move(at), .tls = std::move(tls), .tls_at_once = tls_at_once};
            where.most_connections = most;
            return net::Listener::open(executor, std::move(where), serve);
        };
    };
    auto const imap = [state](std::unique_ptr<net::Accepted> each) { return serve_imap(state, std::move(each)); };
    auto const pop3 = [state](std::unique_ptr<net::Accepted> each) { return serve_pop3(state, std::move(each)); };
    auto const smtp = [state](std::unique_ptr<net::Accepted> each) {
        return serve_smtp(state, std::move(each), SmtpRole::submission);
    };
    auto const inbound = [state](std::unique_ptr<net::Accepted> each) {
        return serve_smtp(state, std::move(each), SmtpRole::inbound);
    };
    auto& listen = impl->options.listen;
    impl->executor = executor;
    impl->ports.push_back({&Settings::https_port, &listen.https, true, https, ""});
    impl->ports.push_back({&Settings::imap_port, &listen.imap, true, mail(true, imap),
                           "* OK The Microsoft Exchange IMAP4 service is ready.\r\n"});
    impl->ports.push_back({&Settings::pop3_port, &listen.pop3, true, mail(true, pop3),
                           "+OK The Microsoft Exchange POP3 service is ready.\r\n"});
    impl->ports.push_back({&Settings::smtp_port, &listen.smtp, false, mail(false, smtp),
                           "220 lab.invalid Microsoft ESMTP MAIL Service ready\r\n"});
    if (listen.proxy) {
        auto const leads = std::make_shared<ProxyPorts>();
        leads->resolver = std::make_shared<net::Resolver>(executor);
        auto const proxy = [state, leads](std::unique_ptr<net::Accepted> each) {
            return serve_proxy(state, leads, std::move(each));
        };
        impl->ports.push_back({&Settings::proxy_port, &*listen.proxy, false,
                               [=](Endpoint at, Tls const& /*tls*/) {
                                   return net::Listener::open(executor, {.at = std::move(at)}, proxy);
                               },
                               ""});
        impl->leads = leads;
    }
    for (auto& port : impl->ports)
        if (auto const done = impl->set_port(port, 0); !done) return std::unexpected(done.error());
    if (impl->leads)
        for (auto const& [port, at] : {std::pair<std::uint16_t, Endpoint*>(443, &listen.https),
                                       {993, &listen.imap},
                                       {995, &listen.pop3},
                                       {587, &listen.smtp}})
            impl->leads->ways[port] = impl->leads->ways[at->port] = *at;
    auto const add = [&](Endpoint& at, Result<std::unique_ptr<net::Listener>> opened) -> Result<void> {
        if (!opened) return std::unexpected(opened.error());
        at.port = (*opened)->port();
        impl->always.push_back(std::move(*opened));
        return {};
    };
    Result<void> done = add(listen.http, net::serve_http(executor, {.at = listen.http}, handler, limits));
    if (done) done = add(listen.inbound, net::Listener::open(executor, {.at = listen.inbound}, inbound));
    if (!done) return std::unexpected(done.error());
    state->base_url = "https://" + to_string(Endpoint{impl->options.host_name, listen.https.port});
    state->set_ports = [its = impl.get()](Settings const& settings) { return its->set_ports(settings); };
    return std::unique_ptr<Lab>(new Lab(std::move(impl)));
}

}  // namespace postroom::lab
