// Answers in JSON that hold the canary where a secret would be.
#pragma once

#include "canary.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <initializer_list>

namespace postroom::fuzz {

/// Where `body` is an object: has `look` see it with the canary as each of the members `names`, whole, and cut off
/// where its last byte says.
template <class Look>
void look_with_canary(std::string_view body, std::initializer_list<char const*> names, Look look)
{
    if (body.empty() || shows_canary(body)) return;
    boost::system::error_code error;
    auto value = boost::json::parse(boost::json::string_view(body.data(), body.size()), error);
    auto* const object = error ? nullptr : value.if_object();
    if (!object) return;
    for (auto const* const name : names) (*object)[name] = boost::json::string_view(canary.data(), canary.size());
    auto const text = boost::json::serialize(*object);
    look(std::string_view(text));
    look(std::string_view(text).substr(0, text.size() * static_cast<unsigned char>(body.back()) / 255));
}

}  // namespace postroom::fuzz
