#include "cli/configuration.hpp"

#include "base/text.hpp"
#include "cli/speech.hpp"
#include "console/external-url.hpp"
#include "store/store.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

namespace postroom::cli {

namespace {

namespace fs = std::filesystem;

// Where a value goes. What is wrong with it comes back in words.
struct Reader {
    fs::path folder;
    // Put together when all of it is known.
    std::optional<net::Proxy> proxy;
    std::string proxy_password_file;
    std::vector<std::string> no_proxy;

    // Relative paths begin at the file, not at wherever somebody stands.
    [[nodiscard]] std::string path(std::string const& given) const
    {
        return fs::path(given).is_absolute() ? given : (folder / given).lexically_normal().string();
    }
};

using Set = std::function<std::string(Reader&, Configuration&, toml::node const&)>;

Set file_path(std::string Configuration::* member)
{
    return [member](Reader& reader, Configuration& into, toml::node const& node) -> std::string {
        auto const text = node.value_exact<std::string>();
        if (!text || text->empty()) return say("must be a path in quotes");
        into.*member = reader.path(*text);
        return {};
    };
}

std::string set_listen(Reader&, Configuration& into, toml::node const& node)
{
    auto const text = node.value_exact<std::string>();
    if (!text) return say("must be an address and a port in quotes, for example \"127.0.0.1:8080\"");
    auto endpoint = parse_endpoint(*text, 8080);
    if (!endpoint) return say("is wrong: {}", endpoint.error().words);
    into.listen = std::move(*endpoint);
    return {};
}

std::string set_store_url(Reader&, Configuration& into, toml::node const& node)
{
    auto const text = node.value_exact<std::string>();
    if (!text || !store::is_postgresql(*text))
        return say(
            "must be the URL of a PostgreSQL database in quotes, for example "
            "\"postgresql://postroom@db.example.com/postroom\"");
    into.store_url = *text;
    return {};
}

std::string set_anchors(Reader& reader, Configuration& into, toml::node const& node)
{
    auto const* const list = node.as_array();
    if (!list) return say("must be a list of paths, for example [\"/etc/postroom/ca.pem\"]");
    for (auto const& each : *list) {
        auto const text = each.value_exact<std::string>();
        if (!text || text->empty()) return say("must be a list of paths in quotes");
        into.anchors.push_back(reader.path(*text));
    }
    return {};
}

std::string set_log_level(Reader&, Configuration& into, toml::node const& node)
{
    auto const text = node.value_exact<std::string>();
    for (auto const* const known : {"debug", "info", "warning", "error"})
        if (text == known) {
            into.log_level = known;
            return {};
        }
    return say("must be \"debug\", \"info\", \"warning\" or \"error\"");
}

std::string set_proxy(Reader& reader, Configuration&, toml::node const& node)
{
    auto const text = node.value_exact<std::string>();
    auto proxy = net::parse_proxy(text.value_or(""));
    if (!proxy) return say(proxy.error().words);
    reader.proxy = std::move(*proxy);
    return {};
}

std::string set_proxy_password(Reader& reader, Configuration&, toml::node const& node)
{
    auto const text = node.value_exact<std::string>();
    if (!text || text->empty()) return say("must be a path in quotes");
    reader.proxy_password_file = reader.path(*text);
    return {};
}

std::string set_no_proxy(Reader& reader, Configuration&, toml::node const& node)
{
    auto const* const list = node.as_array();
    auto const wrong = [] {
        return say("must be a list of names and addresses, for example [\".example.com\", \"192.0.2.7\"]");
    };
    if (!list) return wrong();
    for (auto const& each : *list) {
        auto const text = each.value_exact<std::string>();
        if (!text || text->empty() || text->find_first_of(" ,/") != std::string::npos) return wrong();
        reader.no_proxy.push_back(*text);
    }
    return {};
}

// The whole proxy, from the keys of [net].
Result<void> take_proxy(Reader& reader, Configuration& into)
{
    if (!reader.proxy) {
        if (reader.proxy_password_file.empty()) return {};
        return failure(Trouble::invalid, tr("{}: [net] has a proxy-password-file, and no proxy", into.file));
    }
    if (auto const& file = reader.proxy_password_file; !file.empty()) {
        if (reader.proxy->user.empty())
            return failure(Trouble::invalid,
                           tr("{}: [net] proxy names no user for the password: http://user@proxy:3128", into.file));
        std::error_code error;
        auto const rights = fs::status(file, error).permissions();
        if (!error && (rights & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
            return failure(Trouble::invalid,
                           tr("the proxy's password file {} is open to others. Run: chmod 600 {}", file, file));
        std::ifstream stream(file);
        std::string line;
        if (!std::getline(stream, line) || trim(line).empty())
            return failure(Trouble::invalid, tr("the proxy's password file {} can't be read, or is empty", file));
        reader.proxy->password = Secret(std::string(trim(line)));
        wipe(line);
    }
    reader.proxy->direct = std::move(reader.no_proxy);
    into.proxy = std::make_shared<net::Proxy const>(std::move(*reader.proxy));
    return {};
}

struct Known {
    std::string_view section, key;
    Set set;
};

std::vector<Known> const& known_keys()
{
    static std::vector<Known> const all{
        {"store", "path", file_path(&Configuration::store_path)},
        {"store", "url", set_store_url},
        {"console", "listen", set_listen},
        {"console", "socket", file_path(&Configuration::socket)},
        {"console", "web", file_path(&Configuration::web)},
        {"console", "certificate", file_path(&Configuration::certificate)},
        {"console", "key", file_path(&Configuration::key)},
        {"vault", "key-file", file_path(&Configuration::vault_key_file)},
        {"tls", "anchors", set_anchors},
        {"net", "proxy", set_proxy},
        {"net", "proxy-password-file", set_proxy_password},
        {"net", "no-proxy", set_no_proxy},
        {"log", "level", set_log_level},
        {"transcripts", "directory", file_path(&Configuration::transcripts)},
    };
    return all;
}

// The keys of a section, or the sections where it is empty.
std::string those_there_are(std::string_view section)
{
    std::vector<std::string> names;
    for (auto const& each : known_keys()) {
        auto name = section.empty() ? fmt::format("[{}]", each.section) : std::string(each.key);
        if (section.empty() || each.section == section)
            if (names.empty() || names.back() != name) names.push_back(std::move(name));
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

std::unexpected<Error> wrong(std::string const& file, toml::source_region const& where, std::string const& words)
{
    return failure(Trouble::invalid, say("{}, line {}: {}", file, where.begin.line, words));
}

Result<void> take_section(Reader& reader, Configuration& into, std::string_view section, toml::table const& keys)
{
    for (auto const& [key, node] : keys) {
        Known const* found = nullptr;
        for (auto const& each : known_keys())
            if (each.section == section && each.key == key.str()) found = &each;
        if (!found)
            return wrong(
                into.file, key.source(),
                say("[{}] has no key \"{}\"; those there are: {}", section, key.str(), those_there_are(section)));
        if (auto const words = found->set(reader, into, node); !words.empty())
            return wrong(into.file, node.source(), fmt::format("[{}] {} {}", section, key.str(), words));
    }
    return {};
}

// Of the program as built in the source tree, or as installed.
std::string default_web()
{
    std::error_code error;
    return fs::exists("web/dist", error) || !fs::exists("/usr/share/postroom/web", error) ? "web/dist"
                                                                                          : "/usr/share/postroom/web";
}

}  // namespace

Result<Configuration> parse_configuration(std::string_view text, std::string const& file)
{
    Configuration read;
    read.file = file;
    Reader reader{.folder = fs::path(file).parent_path()};
    toml::table document;
    try {
        document = toml::parse(text, file);
    } catch (toml::parse_error const& error) {
        return wrong(file, error.source(), say("this is not TOML: {}", error.description()));
    }
    for (auto const& [key, node] : document) {
        auto const* const section = node.as_table();
        bool known = false;
        for (auto const& each : known_keys()) known = known || each.section == key.str();
        if (!known)
            return wrong(file, key.source(),
                         say("there is no section [{}]; those there are: {}", key.str(), those_there_are("")));
        if (!section) return wrong(file, key.source(), say("\"{}\" is a section: write [{}]", key.str(), key.str()));
        if (auto taken = take_section(reader, read, key.str(), *section); !taken) return std::unexpected(taken.error());
    }
    if (!read.store_url.empty() && document["store"]["path"])
        return failure(Trouble::invalid, say("{}: [store] has a path and a url: one of them is too much", file));
    if (read.certificate.empty() != read.key.empty())
        return failure(Trouble::invalid,
                       read.key.empty()
                           ? say("{}: [console] certificate and key go together: the key is missing", file)
                           : say("{}: [console] certificate and key go together: the certificate is missing", file));
    if (read.certificate.empty() && !console::is_loopback(read.listen.host))
        return failure(Trouble::invalid,
                       say("{}: [console] listen {} is reached from other machines, and without TLS passwords "
                           "could be read on their way: give certificate and key, or listen on 127.0.0.1 "
                           "behind a proxy that speaks TLS",
                           file, to_string(read.listen)));
    if (auto const proxy = take_proxy(reader, read); !proxy) return std::unexpected(proxy.error());
    if (read.web.empty()) read.web = default_web();
    return read;
}

Result<Configuration> read_configuration(std::string const& path)
{
    std::string file = path;
    std::error_code error;
    if (file.empty())
        for (auto const* const usual : {"postroom.toml", "/etc/postroom/postroom.toml"})
            if (file.empty() && fs::exists(usual, error)) file = usual;
    if (file.empty()) {
        Configuration defaults;
        defaults.web = default_web();
        return defaults;
    }
    std::ifstream stream(file, std::ios::binary);
    if (!stream || !fs::is_regular_file(file, error))
        return failure(Trouble::invalid, say("the configuration file {} can't be read", file));
    std::string const text{std::istreambuf_iterator<char>(stream), {}};
    return parse_configuration(text, file);
}

}  // namespace postroom::cli
