// The catalogue, read once from its data. A mistake in the data is a mistake of ours, and the tests find it.
#include "model/causes.hpp"

#include "model/catalogue.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace postroom::model {

namespace {

namespace json = boost::json;

std::string text(json::object const& object, std::string_view name)
{
    auto const& value = object.at(name).as_string();
    return {value.data(), value.size()};
}

template <class T>
T right(Result<T> result)
{
    if (!result) throw std::logic_error("the catalogue of causes: " + result.error().message);
    return *result;
}

std::optional<Stops> stops_of(json::object const& from)
{
    static std::map<std::string, Stops, std::less<>> const words{{"mail", Stops::mail},
                                                                 {"account", Stops::account},
                                                                 {"connections", Stops::connections},
                                                                 {"pace", Stops::pace},
                                                                 {"day", Stops::day}};
    if (!from.contains("stops")) return std::nullopt;
    return words.at(text(from, "stops"));
}

Cause read_cause(json::object const& from, std::string id)
{
    return {.id = std::move(id),
            .title = text(from, "title"),
            .meaning = text(from, "meaning"),
            .remedy = text(from, "remedy"),
            .check = text(from, "check"),
            .owner = right(parse_responsible(text(from, "owner"))),
            .transient = from.at("transient").as_bool(),
            .stops = stops_of(from),
            .evidence = right(parse_evidence(text(from, "evidence"))),
            .source = text(from, "source")};
}

struct Catalogue {
    std::string as_of;
    std::vector<Cause> causes;
    std::map<std::string, Cause const*, std::less<>> by_id;
    std::vector<Refusal> refusals;

    Catalogue()
    {
        auto const codes = json::parse(aadsts_json()).as_object();
        auto const others = json::parse(refusals_json()).as_object();
        as_of = text(codes, "as_of");
        for (auto const& each : codes.at("codes").as_array())
            causes.push_back(
                read_cause(each.as_object(), "AADSTS" + std::to_string(each.as_object().at("code").as_int64())));
        for (auto const& each : others.at("causes").as_array())
            causes.push_back(read_cause(each.as_object(), text(each.as_object(), "id")));
        for (auto const& each : causes)
            if (!by_id.emplace(each.id, &each).second)
                throw std::logic_error("the catalogue of causes: " + each.id + " occurs twice");
        for (auto const& each : others.at("refusals").as_array()) refusals.push_back(read_refusal(each.as_object()));
        for (auto const& each : others.at("errors").as_array()) refusals.push_back(read_error(each.as_object()));
    }

    Refusal read_refusal(json::object const& from) const
    {
        Refusal refusal;
        refusal.speaker = right(parse_speaker(text(from, "protocol")));
        for (auto const& each : from.at("says").as_array()) refusal.says.emplace_back(each.as_string());
        refusal.example = text(from, "example");
        refusal.when = text(from, "when");
        for (auto const& each : from.at("causes").as_array())
            refusal.causes.push_back(by_id.at(std::string(each.as_string())));
        refusal.general = from.contains("general");
        return refusal;
    }

    // RFC 6749's words count where no number says more.
    Refusal read_error(json::object const& from) const
    {
        auto const error = text(from, "error");
        return {.speaker = Speaker::entra,
                .says = {error},
                .example = error,
                .when = "the sign-in page or the token endpoint",  // lint-strings: allow
                .causes = {by_id.at(text(from, "cause"))},
                .general = true};
    }
};

Catalogue const& catalogue()
{
    static Catalogue const all;
    return all;
}

}  // namespace

std::span<Cause const> causes()
{
    return catalogue().causes;
}

Cause const* find_cause(std::string_view id)
{
    auto const& by_id = catalogue().by_id;
    auto const found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
}

std::span<Refusal const> refusals()
{
    return catalogue().refusals;
}

std::string_view state_of_knowledge()
{
    return catalogue().as_of;
}

}  // namespace postroom::model
