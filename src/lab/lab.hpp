// The lab: a simulated Microsoft 365 tenant on this machine. It plays Microsoft's side, and has no protocol code in
// common with Postroom's clients, so that both can't share a misreading.
#pragma once

#include "base/endpoint.hpp"
#include "base/result.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postroom::lab {

/// A port of 0 takes a free one; Lab::endpoints() tells which.
struct Endpoints {
    Endpoint https{"127.0.0.1", 8444};    ///< identity provider, API and page
    Endpoint http{"127.0.0.1", 8445};     ///< the same without TLS
    Endpoint imap{"127.0.0.1", 8993};     ///< IMAP, in TLS from the first byte
    Endpoint pop3{"127.0.0.1", 8995};     ///< POP3, in TLS from the first byte
    Endpoint smtp{"127.0.0.1", 8587};     ///< submission, with STARTTLS
    Endpoint inbound{"127.0.0.1", 8025};  ///< a customer's mail, from any mail program, without TLS or sign-in
    std::optional<Endpoint> proxy{};      ///< an HTTP proxy, to whom the lab is every host; or none
};

struct Options {
    std::string directory;  ///< certificates and the signing key; made where it is missing
    Endpoints listen;
    std::string host_name = "localhost";                                             ///< in URLs and in the certificate
    std::vector<std::string> redirect_uris{"http://localhost:8080/oauth/callback"};  ///< of the application "Postroom"
    std::string tenant_file;  ///< JSON to start from, besides what every lab holds (docs/lab.md); or empty
};

/// What a person needs to know to set Postroom up against it.
struct Facts {
    std::string authority;  ///< https://localhost:8444/{tenant}
    std::string tenant_id;
    std::string client_id;
    std::string client_secret;
    std::string anchor_file;  ///< to be trusted by whoever connects
    std::string user, other_user, desktop_user, administrator, password;
};

class Lab {
public:
    /// Runs on `executor`, which one thread alone may run. Errors: Trouble::conflict where a port is taken,
    /// Trouble::invalid for the tenant file, Trouble::internal for the directory.
    [[nodiscard]] static Result<std::unique_ptr<Lab>> start(boost::asio::any_io_executor executor, Options options);
    ~Lab();
    /// Accepts no more, and ends all connections.
    void stop();

    [[nodiscard]] Endpoints const& endpoints() const;
    [[nodiscard]] Facts facts() const;

private:
    struct Impl;
    explicit Lab(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace postroom::lab
