// What a machine has to know before it can reach the store: one TOML file. Everything else is in the store.
#pragma once

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "net/proxy.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::cli {

struct Configuration {
    std::string file;  ///< empty: the defaults, under ./var

    std::string store_path = "var/postroom.db";
    std::string store_url;  ///< of PostgreSQL, instead of the path; it may hold a password
    Endpoint listen{"127.0.0.1", 8080};
    std::string socket = "var/postroom.sock";
    std::string web;  ///< the folder of the built pages
    std::string certificate, key;
    std::string vault_key_file = "var/vault.key";
    std::vector<std::string> anchors;
    std::string log_level = "info";
    std::string transcripts = "var/transcripts";
    std::shared_ptr<net::Proxy const> proxy;  ///< for everything that goes out; or none

    /// As store::Options takes it.
    [[nodiscard]] std::string const& store_location() const { return store_url.empty() ? store_path : store_url; }
};

/// Reads the file; where `path` is empty ./postroom.toml, else /etc/postroom/postroom.toml, else the defaults. Paths in
/// it are relative to its folder. Errors: Trouble::invalid, with file, line, key and what would be right.
[[nodiscard]] Result<Configuration> read_configuration(std::string const& path);

/// The same from its text, for tests; `file` names it, and its folder is where relative paths begin.
[[nodiscard]] Result<Configuration> parse_configuration(std::string_view text, std::string const& file);

}  // namespace postroom::cli
