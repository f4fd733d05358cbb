// TLS as Postroom uses it: always verified, 1.2 or later. There is no switch to turn that off, only anchors to add.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;

namespace postroom::net {

class SharedCertificates;

/// An SSL_CTX, shared by all connections of one kind. SSL_MODE_RELEASE_BUFFERS is on: an idle connection holds no
/// record buffers, and no certificate of its own: those of the same peer share it.
class TlsContext {
public:
    /// For clients: the system's trust anchors, and those in the PEM files `anchors`. Errors: Trouble::tls, naming the
    /// file.
    [[nodiscard]] static Result<std::shared_ptr<TlsContext>> client(std::vector<std::string> const& anchors);
    /// For servers: a PEM chain, leaf first, and its key.
    [[nodiscard]] static Result<std::shared_ptr<TlsContext>> server(std::string const& certificate_file,
                                                                    std::string const& key_file);
    ~TlsContext();
    TlsContext(TlsContext const&) = delete;
    TlsContext& operator=(TlsContext const&) = delete;

    [[nodiscard]] ssl_ctx_st* get() const { return context_; }
    /// As given to client(): libcurl needs the names of the files.
    [[nodiscard]] std::vector<std::string> const& anchors() const { return anchors_; }

private:
    explicit TlsContext(ssl_ctx_st* context, std::vector<std::string> anchors);
    std::unique_ptr<SharedCertificates> certificates_;  // of peers
    ssl_ctx_st* context_;
    std::vector<std::string> anchors_;
};

}  // namespace postroom::net
