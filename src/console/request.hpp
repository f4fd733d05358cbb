// A request as a handler sees it: who asks, what the path named, and its body read strictly.
#pragma once

#include "console/access.hpp"
#include "console/problem.hpp"
#include "model/case.hpp"
#include "model/sight.hpp"
#include "words/language.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::console {

namespace json = boost::json;

/// Who asks, as the audit trail names them.
struct Caller {
    std::string name;
    model::Role role = model::Role::auditor;
    std::string session{};                ///< the session's token; empty for a peer on the Unix socket
    model::Sight sight{};                 ///< the departments whose things are there for them
    std::optional<model::UserId> user{};  ///< nothing for a peer on the Unix socket
    std::string token{};                  ///< the name of the access token that was used; empty without one
    std::optional<std::vector<std::string>> scopes{};  ///< that token's
    std::optional<Instant> token_ends{};               ///< that token's, where it has an end

    [[nodiscard]] bool may(Access access) const
    {
        return allows(access, role, sight.all()) && in_scope(access, scopes);
    }
};

struct Request {
    net::HttpRequest http;
    std::map<std::string, std::string, std::less<>> in_path;
    Caller caller;

    /// What the answer is said in.
    [[nodiscard]] words::Language const& language() const
    {
        return words::language_accepted(http.header("accept-language"));
    }
    /// What {name} of the route's pattern stands for.
    [[nodiscard]] std::string const& path(std::string_view name) const;
    /// Problem 404 where it is no id, as for an id that nothing has.
    template <class IdType>
    [[nodiscard]] IdType id(std::string_view name) const
    {
        return {uuid(name)};
    }
    [[nodiscard]] std::int64_t number(std::string_view name) const;

    /// Problem for a query parameter that is not among `known`.
    void only_parameters(std::initializer_list<std::string_view> known) const;
    /// A number between `least` and `most`, or nothing where the parameter is absent.
    [[nodiscard]] std::optional<std::int64_t> number_parameter(std::string_view name, std::int64_t least,
                                                               std::int64_t most) const;

private:
    [[nodiscard]] Uuid uuid(std::string_view name) const;
};

/// The JSON object that a request carries. A member that is not among `known` is a Problem that names it, and so is
/// one of the wrong type.
class Members {
public:
    Members(net::HttpRequest const& request, std::initializer_list<std::string_view> known);

    /// A text that has to be there and may not be blank.
    [[nodiscard]] std::string text(std::string_view name, std::size_t most = 1024) const;
    [[nodiscard]] std::string text_or(std::string_view name, std::string_view otherwise, std::size_t most = 1024) const;
    /// The same, or nothing where it is null; it has to be there.
    [[nodiscard]] std::optional<std::string> text_or_null(std::string_view name, std::size_t most = 1024) const;
    /// A text of one line, without control characters and without "/": what becomes part of a URL's path.
    [[nodiscard]] std::string name(std::string_view member, std::size_t most = 128) const;
    /// A whole number from `least` to `most` that has to be there.
    [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most) const;
    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] bool flag_or(std::string_view name, bool otherwise) const;
    /// `otherwise` where it is absent, nothing where it is null.
    [[nodiscard]] std::optional<std::int64_t> number_or(std::string_view name, std::int64_t otherwise,
                                                        std::int64_t least, std::int64_t most) const;
    [[nodiscard]] std::vector<std::string> texts(std::string_view name, std::size_t most = 500) const;
    [[nodiscard]] bool has(std::string_view name) const { return body_.contains(name); }

private:
    json::object body_;
};

inline constexpr std::size_t most_text = 4 * 1024 * 1024;  ///< octets of a mail's text or HTML that an agent writes

}  // namespace postroom::console
