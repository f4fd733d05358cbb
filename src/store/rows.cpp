#include "store/rows.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace postroom::store {

namespace json = boost::json;

std::string to_list(std::vector<std::string> const& items)
{
    json::array array;
    for (auto const& item : items) array.emplace_back(item);
    return json::serialize(array);
}

std::vector<std::string> from_list(std::string_view text)
{
    json::parse_options options;
    options.allow_invalid_utf8 = true;  // we wrote it, from what a mail said
    json::error_code error;
    auto const value = json::parse({text.data(), text.size()}, error, {}, options);
    if (error || !value.is_array()) throw Failure(Trouble::store, "a list in the store is damaged");
    std::vector<std::string> items;
    for (auto const& item : value.get_array()) {
        auto const* found = item.if_string();
        if (!found) throw Failure(Trouble::store, "a list in the store is damaged");
        items.emplace_back(found->data(), found->size());
    }
    return items;
}

Bytes to_bytes(model::Digest const& digest)
{
    return {std::string(digest.begin(), digest.end())};
}

BytesView to_view(model::Digest const& digest)
{
    return {std::string_view(reinterpret_cast<char const*>(digest.data()), digest.size())};
}

model::Digest digest(Row const& row, int column)
{
    auto const bytes = row.bytes(column);
    model::Digest found{};
    if (bytes.size() != found.size()) throw Failure(Trouble::store, "a digest in the store is damaged");
    std::ranges::transform(bytes, found.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    return found;
}

void Selection::narrow(std::string_view condition, Value by)
{
    sql_ += fmt::format("AND {} ", condition);
    parameters_.push_back(std::move(by));
}

void Selection::narrow(std::string_view condition, std::initializer_list<Value> by)
{
    sql_ += fmt::format("AND {} ", condition);
    parameters_.insert(parameters_.end(), by);
}

void Selection::within(model::Sight const& sight, std::string_view department)
{
    if (sight.all()) return;
    if (sight.departments->empty()) {
        sql_ += "AND 1 = 0 ";
        return;
    }
    std::string marks;
    for (auto const& each : *sight.departments) {
        marks += marks.empty() ? "?" : ", ?";
        parameters_.push_back(value(each));
    }
    sql_ += fmt::format("AND {} IN ({}) ", department, marks);
}

}  // namespace postroom::store
