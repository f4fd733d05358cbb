// Bytes on their way to a server, with the spans that no transcript may show. The sender marks them as it writes them,
// so that nothing has to be guessed afterwards.
#pragma once

#include "base/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postroom {

class Wire {
public:
    struct Span {
        std::size_t begin;
        std::size_t size;
    };

    Wire() = default;
    explicit Wire(std::string text) : bytes_(std::move(text)) {}
    Wire(Wire&&) = default;
    Wire& operator=(Wire&&) = default;
    ~Wire()
    {
        if (!secrets_.empty()) wipe(bytes_);
    }

    Wire& text(std::string_view bytes)
    {
        bytes_.append(bytes);
        return *this;
    }
    Wire& secret(std::string_view bytes)
    {
        secrets_.push_back({bytes_.size(), bytes.size()});
        bytes_.append(bytes);
        return *this;
    }
    Wire& append(Wire const& other)
    {
        for (auto const& span : other.secrets_) secrets_.push_back({bytes_.size() + span.begin, span.size});
        bytes_.append(other.bytes_);
        return *this;
    }

    /// What is sent.
    [[nodiscard]] std::string_view bytes() const { return bytes_; }
    [[nodiscard]] std::vector<Span> const& secrets() const { return secrets_; }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    /// What may be shown: each secret span becomes "[secret, N bytes]".
    [[nodiscard]] std::string masked() const;

private:
    std::string bytes_;
    std::vector<Span> secrets_;
};

}  // namespace postroom
