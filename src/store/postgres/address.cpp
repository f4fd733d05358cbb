#include "store/postgres/address.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <map>
#include <memory>

namespace postroom::store::postgres {

namespace {

Result<std::map<std::string, std::string>> parse(std::string const& url)
{
    char* words = nullptr;
    std::unique_ptr<PQconninfoOption, decltype([](PQconninfoOption* all) { PQconninfoFree(all); })> const all(
        PQconninfoParse(url.c_str(), &words));
    // libpq's words may quote the URL, and with it a password.
    if (words) PQfreemem(words);
    if (!all)
        return failure(Trouble::invalid,
                       "the URL of the PostgreSQL server is none; it should look like "
                       "postgresql://postroom@db.example.com/postroom");
    std::map<std::string, std::string> given;
    for (auto const* each = all.get(); each->keyword; ++each)
        if (each->val) given.emplace(each->keyword, each->val);
    return given;
}

std::string value_of(std::map<std::string, std::string> const& given, std::string const& key)
{
    auto const found = given.find(key);
    return found == given.end() ? "" : found->second;
}

// A Unix socket, or the loopback.
bool stays_here(std::string const& hosts)
{
    for (auto const host : split(hosts, ','))
        if (!host.empty() && host.front() != '/' && host.front() != '@' && host != "localhost" && host != "127.0.0.1" &&
            host != "::1")
            return false;
    return true;
}

}  // namespace

Result<Parameters> parameters_of(std::string const& url)
{
    auto given = parse(url);
    if (!given) return std::unexpected(given.error());
    auto const mode = value_of(*given, "sslmode");
    if (!stays_here(value_of(*given, "host")) || !stays_here(value_of(*given, "hostaddr"))) {
        if (!mode.empty() && mode != "verify-full")
            return failure(Trouble::invalid, fmt::format("sslmode={} would not verify the PostgreSQL server; leave it "
                                                         "out, or write verify-full, and name the authority of its "
                                                         "certificate with sslrootcert where it is your own",
                                                         printable(mode, 32)));
        given->emplace("sslmode", "verify-full");
        given->emplace("sslrootcert", "/etc/ssl/certs/ca-certificates.crt");
    }
    Parameters all;
    for (auto const& [key, value] : std::initializer_list<std::pair<char const*, char const*>>{
             {"connect_timeout", "5"},
             {"gssencmode", "disable"},
             {"target_session_attrs", "read-write"},
             // A process that was stopped in the middle of a transaction must not hold up all others.
             {"options", "-c statement_timeout=20s -c lock_timeout=18s -c idle_in_transaction_session_timeout=10s"},
             // A server that vanished without a word.
             {"keepalives_idle", "20"},
             {"keepalives_interval", "5"},
             {"keepalives_count", "4"},
             {"tcp_user_timeout", "30000"}})
        given->emplace(key, value);
    (*given)["client_encoding"] = "UTF8";
    given->erase("application_name");  // the store gives its own
    for (auto& [key, value] : *given) all.emplace_back(key, std::move(value));
    return all;
}

std::string for_people(std::string const& url)
{
    auto const given = parse(url);
    if (!given) return "postgresql://…";
    auto const port = value_of(*given, "port");
    return fmt::format("postgresql://{}{}{}/{}", printable(value_of(*given, "host"), 200), port.empty() ? "" : ":",
                       printable(port, 20), printable(value_of(*given, "dbname"), 100));
}

}  // namespace postroom::store::postgres
