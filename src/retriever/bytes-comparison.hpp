// Mail that comes once more, compared with what was filed, over either protocol.
#pragma once

#include "imap/session.hpp"
#include "pop3/session.hpp"
#include "store/ledger.hpp"

#include <openssl/evp.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace postroom::retriever {

/// Compares what comes with what was filed, and keeps none of it.
class BytesComparison {
public:
    explicit BytesComparison(std::vector<store::FiledBytes> filed);

    void begin();
    void chunk(std::string_view bytes);
    void end(std::uint32_t uid);
    /// Those that have not come.
    [[nodiscard]] std::vector<std::uint32_t> left() const;

    std::int64_t compared = 0;
    std::vector<std::pair<std::uint32_t, std::int64_t>> differing;  ///< and how large they are on the server

private:
    std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* context) { EVP_MD_CTX_free(context); })> context_{
        EVP_MD_CTX_new()};
    std::map<std::uint32_t, store::FiledBytes> filed_;
    std::int64_t size_ = 0;
};

class ComparedOverImap final : public imap::BodySink {
public:
    explicit ComparedOverImap(BytesComparison& to) : to_(to) {}
    net::awaitable<void> begin(std::uint64_t size) override;
    net::awaitable<void> chunk(std::string_view bytes) override;
    net::awaitable<void> end(imap::MailInfo info) override;
    net::awaitable<void> discard() override;

private:
    BytesComparison& to_;
};

class ComparedOverPop3 final : public pop3::MailSink {
public:
    /// `uids`: the ledger's, by the numbers of the session.
    ComparedOverPop3(BytesComparison& to, std::map<std::uint32_t, std::uint32_t> uids) : to_(to), uids_(std::move(uids))
    {
    }
    net::awaitable<void> begin(std::uint32_t number) override;
    net::awaitable<void> chunk(std::string_view bytes) override;
    net::awaitable<void> end() override;

private:
    BytesComparison& to_;
    std::map<std::uint32_t, std::uint32_t> uids_;
    std::uint32_t uid_ = 0;
};

}  // namespace postroom::retriever
