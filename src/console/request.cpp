#include "console/request.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>

namespace postroom::console {

namespace {

std::string listed(std::initializer_list<std::string_view> names)
{
    return fmt::format("{}", fmt::join(names, ", "));
}

template <class Number>
std::optional<Number> whole_number(std::string_view text)
{
    Number number{};
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return number;
}

bool has_control(std::string_view text)
{
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Problem missing(std::string_view name)
{
    return {Trouble::invalid, tr("the member \"{}\" is missing", name), std::string(name)};
}

Problem mistyped(std::string_view name, Words const& right)
{
    return {Trouble::invalid, tr("the member \"{}\" must be {}", name, right), std::string(name)};
}

std::string bounded(json::value const& value, std::string_view name, std::size_t most)
{
    auto const* const text = value.if_string();
    if (!text) throw mistyped(name, tr("a string"));
    if (text->size() > most)
        throw Problem(Trouble::invalid,
                      tr("the member \"{}\" is too long: {} octets, at most {}", name, text->size(), most),
                      std::string(name));
    if (std::string_view(text->data(), text->size()).find('\0') != std::string_view::npos)
        throw mistyped(name, tr("text without NUL characters"));
    return {text->data(), text->size()};
}

}  // namespace

std::string const& Request::path(std::string_view name) const
{
    return in_path.find(name)->second;
}

Uuid Request::uuid(std::string_view name) const
{
    auto const parsed = parse_uuid(path(name));
    if (!parsed) throw Problem(Trouble::not_found, tr("\"{}\" is no id", printable(path(name), 64)));
    return *parsed;
}

std::int64_t Request::number(std::string_view name) const
{
    auto const parsed = whole_number<std::int64_t>(path(name));
    if (!parsed || *parsed < 1)
        throw Problem(Trouble::not_found, tr("\"{}\" is no {}", printable(path(name), 64), name));
    return *parsed;
}

void Request::only_parameters(std::initializer_list<std::string_view> known) const
{
    for (auto const& [name, value] : http.query)
        if (std::ranges::find(known, name) == known.end())
            throw Problem(Trouble::invalid,
                          known.size() == 0 ? tr("there is no parameter \"{}\" here", printable(name, 64))
                                            : tr("there is no parameter \"{}\"; those there are: {}",
                                                 printable(name, 64), listed(known)),
                          name);
}

std::optional<std::int64_t> Request::number_parameter(std::string_view name, std::int64_t least,
                                                      std::int64_t most) const
{
    auto const text = http.parameter(name);
    if (!text) return std::nullopt;
    auto const parsed = whole_number<std::int64_t>(*text);
    if (!parsed || *parsed < least || *parsed > most)
        throw Problem(Trouble::invalid,
                      tr("{}={} must be a whole number from {} to {}", name, printable(*text, 64), least, most),
                      std::string(name));
    return parsed;
}

Members::Members(net::HttpRequest const& request, std::initializer_list<std::string_view> known)
{
    auto const type = request.header("content-type");
    // A form of another site can't send this type without asking first, so that a sign-in can't be forged either.
    if (!equal_ignoring_case(trim(type.substr(0, type.find(';'))), "application/json"))
        throw Problem(net::http::status::unsupported_media_type,
                      tr("the body must be JSON, under the header Content-Type: application/json"));
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 8;
    auto value = json::parse(request.body, error, {}, options);
    if (error) throw Problem(Trouble::invalid, tr("the body is not JSON: {}", error.message()));
    auto* const object = value.if_object();
    if (!object) throw Problem(Trouble::invalid, tr("the body must be a JSON object"));
    body_ = std::move(*object);
    for (auto const& member : body_) {
        std::string_view const name(member.key().data(), member.key().size());
        if (std::ranges::find(known, name) == known.end())
            throw Problem(Trouble::invalid,
                          tr("there is no member \"{}\" here; those there are: {}", printable(name, 64), listed(known)),
                          std::string(name));
    }
}

std::string Members::text(std::string_view name, std::size_t most) const
{
    auto const* const value = body_.if_contains(name);
    if (!value) throw missing(name);
    auto found = bounded(*value, name, most);
    if (trim(found).empty()) throw mistyped(name, tr("text, and not empty"));
    return found;
}

std::optional<std::string> Members::text_or_null(std::string_view name, std::size_t most) const
{
    auto const* const value = body_.if_contains(name);
    if (value && value->is_null()) return std::nullopt;
    return text(name, most);
}

std::string Members::text_or(std::string_view name, std::string_view otherwise, std::size_t most) const
{
    auto const* const value = body_.if_contains(name);
    if (!value) return std::string(otherwise);
    return bounded(*value, name, most);
}

std::string Members::name(std::string_view member, std::size_t most) const
{
    auto const found = std::string(trim(text(member, most)));
    if (has_control(found) || found.find('/') != std::string::npos)
        throw mistyped(member, tr("one line without a slash"));
    return found;
}

std::int64_t Members::number(std::string_view name, std::int64_t least, std::int64_t most) const
{
    auto const* const value = body_.if_contains(name);
    if (!value) throw missing(name);
    auto const* const number = value->if_int64();
    if (!number || *number < least || *number > most)
        throw mistyped(name, tr("a whole number from {} to {}", least, most));
    return *number;
}

bool Members::flag(std::string_view name) const
{
    if (!body_.contains(name)) throw missing(name);
    return flag_or(name, false);
}

bool Members::flag_or(std::string_view name, bool otherwise) const
{
    auto const* const value = body_.if_contains(name);
    if (!value) return otherwise;
    auto const* const flag = value->if_bool();
    if (!flag) throw mistyped(name, tr("true or false"));
    return *flag;
}

std::optional<std::int64_t> Members::number_or(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                               std::int64_t most) const
{
    auto const* const value = body_.if_contains(name);
    if (!value) return otherwise;
    if (value->is_null()) return std::nullopt;
    auto const* const number = value->if_int64();
    if (!number || *number < least || *number > most)
        throw mistyped(name, tr("a whole number from {} to {}", least, most));
    return *number;
}

std::vector<std::string> Members::texts(std::string_view name, std::size_t most) const
{
    std::vector<std::string> found;
    auto const* const value = body_.if_contains(name);
    if (!value) return found;
    auto const* const array = value->if_array();
    if (!array) throw mistyped(name, tr("a list of strings"));
    if (array->size() > most) throw mistyped(name, tr("a list of at most {}", most));
    for (auto const& each : *array) found.push_back(bounded(each, name, 1024));
    return found;
}

}  // namespace postroom::console
