// postroom serve: the application server, the services server, or both in one process, over one store.
#include "base/text.hpp"
#include "base/version.hpp"
#include "checks/worker.hpp"
#include "cli/application-workers.hpp"
#include "cli/commands.hpp"
#include "cli/configuration.hpp"
#include "cli/mail-servers.hpp"
#include "cli/store-lock.hpp"
#include "console/server.hpp"
#include "grants/authorization-keeper.hpp"
#include "grants/credential-ends.hpp"
#include "grants/master-keys.hpp"
#include "net/http-server.hpp"
#include "store/people.hpp"
#include "store/settings.hpp"
#include "vault/vault.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace postroom::cli {

namespace {

namespace asio = boost::asio;

// For what is being committed to be answered. Longer than a call to an identity provider, whose answer may take the
// stored refresh token's place.
constexpr auto stop_limit = std::chrono::seconds(35);

void start_log(std::string const& level)
{
    auto const log = spdlog::stderr_logger_mt("postroom");
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    spdlog::set_default_logger(log);
    spdlog::set_level(spdlog::level::from_str(level));
}

void make_case_token_key(store::Store& store)
{
    store.write_now([](store::Connection& c) {
        if (store::setting(c, "case-token-key").empty())
            store::set_setting(c, "case-token-key", to_base64url(random_bytes(32)));
    });
}

// Never the link itself: a log is read by more people than may sign in.
void tell_who_is_missing(store::Store& store)
{
    bool anybody = false;
    store.read_now([&](store::Connection& c) { anybody = !store::users(c).empty(); });
    if (!anybody)
        spdlog::warn(
            "nobody can sign in to the console yet: `postroom user add NAME --role system-administrator` makes "
            "the first user, and prints the link under which they choose a password");
}

std::string address_for_people(Endpoint const& listen, bool tls)
{
    bool const any = listen.host == "0.0.0.0" || listen.host == "::" || listen.host == "127.0.0.1";
    return fmt::format("{}://{}/", tls ? "https" : "http",
                       to_string(Endpoint{any ? "localhost" : listen.host, listen.port}));
}

// What leases and attempts are held by. Whoever starts under this name takes up what it held before. Over a store that
// is shared, a machine may run several servers, each with a socket of its own.
std::string owner_of(Configuration const& configuration)
{
    if (configuration.store_url.empty()) return host_name();
    return host_name() + ":" + std::filesystem::absolute(configuration.socket).lexically_normal().string();
}

// On the disk that fills up: where the store is, or, where that is another machine's, the vault's key and transcripts.
std::string folder_of(Configuration const& configuration)
{
    auto const file = configuration.store_url.empty() ? configuration.store_location() : configuration.vault_key_file;
    return std::filesystem::absolute(file).parent_path().string();
}

// Which servers a process is. They never talk to each other: all that passes between them is in the store.
struct Role {
    bool application = true;  ///< the console, and what obtains grants
    bool services = true;     ///< retriever, triage, dispatcher, refresher, and whatever else asks mail servers
};

Role parse_role(std::string_view text)
{
    return {.application = text != "services", .services = text != "application"};
}

// Everything, in the order in which it needs each other.
class Servers {
public:
    Servers(Configuration const& configuration, Role role, vault::Keys keys)
        : configuration_(configuration),
          role_(role),
          lock_(or_exit(StoreLock::for_server(configuration))),
          tls_(or_exit(net::TlsContext::client(configuration.anchors), wrong_usage)),
          store_(or_exit(store::Store::open({.path = configuration.store_location()}))),
          vault_(or_exit(vault::Vault::open(std::move(keys), !grants::has_master_key(*store_)), wrong_usage)),
          signals_(loop_, SIGINT, SIGTERM),
          key_watch_(loop_.get_executor(), *store_, vault_, owner_of(configuration)),
          credential_watch_(loop_.get_executor(), *store_, system_clock())
    {
        or_exit(grants::take_master_key(*store_, *vault_), wrong_usage);
        make_case_token_key(*store_);
        grants::Ground ground{store_.get(), vault_,
                              std::make_shared<net::Https>(loop_.get_executor(), tls_, configuration.proxy),
                              &system_clock()};
        console::Hooks hooks;
        if (role_.services) {
            mail_ = std::make_unique<MailServers>(ground, tls_, configuration.proxy, configuration.transcripts,
                                                  owner_of(configuration), folder_of(configuration), role_.application);
            ground.trial_due = mail_->trial_due();
            hooks = mail_->hooks();
        }
        ground.stop = waits_;
        if (role_.application) {
            tell_who_is_missing(*store_);
            keeper_ =
                std::make_unique<grants::AuthorizationKeeper>(ground, owner_of(configuration), hooks.accounts_changed);
            hooks.authorization_begun = [this] { keeper_->nudge(); };
            if (!role_.services) {
                resolver_ = std::make_unique<net::Resolver>(loop_.get_executor());
                checks_ = std::make_unique<checks::CheckWorker>(
                    checks::Bench::Ground{ground, resolver_.get(), tls_, configuration.proxy, host_name(), nullptr,
                                          waits_},
                    loop_.get_executor(), owner_of(configuration), checks::Side::application);
                hooks.check_due = [this] { checks_->nudge(); };
            }
            workers_ = std::make_unique<ApplicationWorkers>(
                loop_, ground, grants::Roads{.tls = tls_, .host_name = host_name(), .proxy = configuration.proxy},
                owner_of(configuration), folder_of(configuration));
        }
        console_ = std::make_unique<console::Server>(ground, std::move(hooks), console::Options{configuration.web});
        listen();
    }

    int run()
    {
        if (mail_) mail_->start();
        asio::co_spawn(loop_, key_watch_.run(), asio::detached);
        if (role_.application) {
            asio::co_spawn(loop_, credential_watch_.run(), asio::detached);
            asio::co_spawn(loop_, keeper_->run(), asio::detached);
            if (checks_) asio::co_spawn(loop_, checks_->run(), asio::detached);
            workers_->start();
        }
        signals_.async_wait([this](boost::system::error_code error, int) {
            if (!error) stop();
        });
        loop_.run();
        // What still refers to the servers must not outlive them.
        if ((mail_ && !mail_->finish()) || !drain(loop_)) cut_off("something here did not end");
        spdlog::info("stopped");
        return done;
    }

private:
    // Commands find either server at its socket; people find the application server.
    void listen()
    {
        auto const handler = [this](net::HttpRequest request) { return console_->answer(std::move(request)); };
        auto const serve = [&](net::Listen const& where) {
            listeners_.push_back(
                or_exit(net::serve_http(loop_.get_executor(), where, handler, console::http_limits())));
        };
        serve({.at = net::UnixPath{configuration_.socket}});
        auto const store = store::for_people(configuration_.store_location());
        if (!role_.application) {
            spdlog::info("Postroom {}, services: commands find it at {}; the store is {}", version,
                         configuration_.socket, store);
            return;
        }
        std::shared_ptr<net::TlsContext> server_tls;
        if (!configuration_.certificate.empty())
            server_tls = or_exit(net::TlsContext::server(configuration_.certificate, configuration_.key), wrong_usage);
        serve({.at = configuration_.listen, .tls = server_tls});
        spdlog::info("Postroom {}: the console is at {}; commands find it at {}; the store is {}", version,
                     address_for_people(configuration_.listen, server_tls != nullptr), configuration_.socket, store);
    }

    void stop()
    {
        spdlog::info("stopping");
        key_watch_.stop();
        credential_watch_.stop();
        if (keeper_) keeper_->stop();
        if (checks_) checks_->stop();
        for (auto const& listener : listeners_) listener->stop();
        waits_->now();
        too_late_.expires_after(stop_limit);
        too_late_.async_wait([](boost::system::error_code error) {
            if (!error) cut_off("a mail server or an identity provider did not answer in time");
        });
        // A second signal ends the waiting.
        signals_.async_wait([](boost::system::error_code error, int) {
            if (!error) std::_Exit(failed);
        });
        still_ = (mail_ ? 1 : 0) + (workers_ ? 1 : 0);
        auto const ended = [this] { asio::post(loop_, [this] { stopped(); }); };
        if (workers_) workers_->stop(ended);
        if (mail_) mail_->stop(ended);
    }

    void stopped()
    {
        if (--still_ > 0) return;
        too_late_.cancel();
        signals_.cancel();
        loop_.stop();
    }

    // As a kill would: the store bears that.
    [[noreturn]] static void cut_off(std::string_view why)
    {
        spdlog::warn("stopped without waiting longer: {}", why);
        spdlog::shutdown();
        std::_Exit(done);
    }

    Configuration configuration_;
    Role role_;
    StoreLock lock_;
    std::shared_ptr<net::TlsContext> tls_;
    std::unique_ptr<store::Store> store_;
    std::shared_ptr<vault::Vault const> vault_;
    asio::io_context loop_{1};
    asio::signal_set signals_;
    grants::MasterKeyWatch key_watch_;
    grants::CredentialWatch credential_watch_;
    asio::steady_timer too_late_{loop_};
    std::shared_ptr<net::Stop> waits_ = std::make_shared<net::Stop>();  // of requests
    std::unique_ptr<MailServers> mail_;
    std::unique_ptr<grants::AuthorizationKeeper> keeper_;
    std::unique_ptr<ApplicationWorkers> workers_;
    int still_ = 0;                            // that have not ended, once they were told to
    std::unique_ptr<net::Resolver> resolver_;  // of an application server that is nothing else
    std::unique_ptr<checks::CheckWorker> checks_;
    std::unique_ptr<console::Server> console_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
};

struct Given {
    std::string config, role = "both", transcripts;
};

int serve(Given const& given)
{
    auto configuration = or_exit(read_configuration(given.config), wrong_usage);
    if (given.role != "both" && configuration.store_url.empty())
        throw Exit(wrong_usage,
                   say("--role {} shares its store with servers of the other role, which takes PostgreSQL: "
                       "name it by url in [store] of the configuration. Over SQLite one process is both",
                       given.role));
    if (!given.transcripts.empty()) configuration.transcripts = given.transcripts;
    std::error_code error;
    for (auto const& folder :
         {std::filesystem::path(configuration.transcripts), std::filesystem::path(configuration.socket).parent_path(),
          std::filesystem::path(configuration.vault_key_file).parent_path()})
        if (!folder.empty()) std::filesystem::create_directories(folder, error);
    start_log(configuration.log_level);
    // Before any thread begins: what was in the environment is wiped.
    auto keys = or_exit(vault::find_keys(configuration.vault_key_file), wrong_usage);
    Servers servers(configuration, parse_role(given.role), std::move(keys));
    return servers.run();
}

}  // namespace

void add_serve_command(Commands& commands)
{
    auto& leaf =
        commands.leaf(commands.root(), "serve", say("Run Postroom: console, retriever, triage and dispatcher"),
                      "postroom serve\n  postroom serve --config /etc/postroom/postroom.toml\n"
                      "  postroom serve --role services",
                      say("SIGINT and SIGTERM stop it in order. Without a configuration file all is kept under "
                          "./var."));
    auto const given = std::make_shared<Given>();
    leaf.add_option("--config", given->config,
                    say("The configuration file; otherwise ./postroom.toml or /etc/postroom/postroom.toml"))
        ->type_name(say("FILE"));
    leaf.add_option("--role", given->role,
                    say("application: the console, and what obtains grants; services: what asks mail servers; both "
                        "otherwise. Apart "
                        "they share a store in PostgreSQL, and there may be several of each"))
        ->check(CLI::IsMember({"both", "application", "services"}));
    leaf.add_option("--transcripts", given->transcripts,
                    say("The folder for transcripts of accounts that have theirs on, instead of the configuration's"))
        ->type_name(say("FOLDER"));
    commands.runs(leaf, [given] { return serve(*given); });
}

}  // namespace postroom::cli
