// What went wrong with a request, as RFC 9457 says it. Thrown by a handler, inside a transaction too, which it undoes;
// caught in one place (server.cpp).
#pragma once

#include "base/result.hpp"
#include "net/http-server.hpp"
#include "words/language.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroom::console {

class Problem : public std::runtime_error {
public:
    /// `field` is the member or parameter of the request that is wrong, where one is. what() is in English.
    Problem(Trouble kind, Words detail, std::string field = {})
        : std::runtime_error(detail.english()), kind_(kind), field_(std::move(field)), words_(std::move(detail))
    {
    }
    Problem(Trouble kind, std::string detail, std::string field = {})
        : Problem(kind, Words(std::move(detail)), std::move(field))
    {
    }
    explicit Problem(Error const& error, std::string field = {}) : Problem(error.kind, error.words, std::move(field)) {}
    /// Where the status says more than the kind: 401, 405, 412, 415, 421, 429.
    Problem(net::http::status status, Words detail) : Problem(Trouble::refused, std::move(detail)) { status_ = status; }
    Problem(net::http::status status, std::string detail) : Problem(status, Words(std::move(detail))) {}

    [[nodiscard]] Trouble kind() const { return kind_; }
    [[nodiscard]] net::http::status status() const;
    [[nodiscard]] std::string const& field() const { return field_; }

    /// A further member of the answer.
    void add(std::string name, std::string value) { more_.emplace_back(std::move(name), std::move(value)); }
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& more() const { return more_; }
    [[nodiscard]] Words const& words() const { return words_; }

private:
    Trouble kind_;
    std::string field_;
    std::vector<std::pair<std::string, std::string>> more_;
    Words words_;
    net::http::status status_ = net::http::status::unknown;
};

/// application/problem+json.
[[nodiscard]] net::HttpResponse to_response(Problem const& problem, words::Language const& language = words::english());

/// The value, or a Problem with its error.
template <class T>
[[nodiscard]] T or_problem(Result<T> result, std::string_view field = {})
{
    if (!result) throw Problem(result.error(), std::string(field));
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace postroom::console
