#include "alarms/telling.hpp"

#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "model/causes.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::alarms {

namespace json = boost::json;

namespace {

constexpr std::size_t most_listed = 30;
constexpr std::size_t most_words = 4'000;
constexpr std::size_t most_said = 300;  // of one among others

std::string title_of(model::AlarmCall const& call)
{
    auto const* const kind = model::find_alarm_kind(call.cause);
    return kind ? std::string(kind->title) : call.cause;
}

std::string_view verb(model::Telling what)
{
    switch (what) {
        case model::Telling::begins: return "begins";
        case model::Telling::spreads: return "spreads";
        case model::Telling::reminds: return "goes on";
        case model::Telling::ends: return "has ended";
        case model::Telling::test: return "test";
    }
    return {};
}

std::string how_many(model::AlarmCall const& call)
{
    auto const* const kind = model::find_alarm_kind(call.cause);
    if (call.subject_count == 1 && call.amount <= 1) return call.subjects.front();
    return fmt::format("{} {}", call.amount, kind ? kind->of_what : "times");
}

}  // namespace

Mail tell(model::AlarmCall const& call, model::Telling what, std::string_view external_url, Instant now)
{
    Mail mail;
    bool const over = what == model::Telling::ends;
    mail.subject = over ? fmt::format("Postroom: over: {}", title_of(call))
                        : fmt::format("Postroom: alarm {}: {} ({})", verb(what), title_of(call), how_many(call));
    mail.subject = printable(mail.subject, 200);
    auto& text = mail.text;
    text = fmt::format("{}.\n\nThe alarm {}. It began at {}{}.\n", title_of(call), verb(what), to_readable(call.begun),
                       over ? fmt::format(", and is over since {}", to_readable(call.over.value_or(now))) : "");
    if (!over) {
        if (call.subject_count <= 1) text += fmt::format("\n{}\n", printable(call.words, most_words));
        if (call.subject_count > 1 || call.amount > 1) {
            text += fmt::format("\nIt is about {}:\n", how_many(call));
            for (std::size_t i = 0; i < call.subjects.size() && i < most_listed; ++i)
                text += fmt::format("  {}: {}\n", printable(call.subjects[i], 254),
                                    i < call.said.size() ? printable(call.said[i], most_said) : "");
            if (call.subject_count > std::int64_t(most_listed))
                text += fmt::format("  and {} more\n", call.subject_count - std::int64_t(most_listed));
        }
        if (auto const* const cause = model::find_cause(call.why))
            text += fmt::format("\nWhat is known about it: {}\n{}\nWhat to do: {}\nWhose it is: {}\n", cause->title,
                                cause->meaning, cause->remedy, model::in_words(cause->owner).english());
    }
    if (!external_url.empty())
        text += fmt::format(
            "\nWhat it means, and what to do: {0}/alarms/about/{1}\nAcknowledge or silence it: {0}/alarms\n",
            external_url, call.cause);
    text += fmt::format("\nCause: {}{}{}\nAt a prompt: postroom alarm list\n", call.cause, call.why.empty() ? "" : "/",
                        call.why);
    return mail;
}

std::string told_as_json(model::AlarmCall const& call, model::Telling what)
{
    json::array subjects;
    for (auto const& each : call.subjects) subjects.emplace_back(to_valid_utf8(each));
    json::object alarm{
        {"id", to_string(call.id)}, {"what", to_string(what)},         {"cause", call.cause},
        {"why", call.why},          {"title", title_of(call)},         {"words", to_valid_utf8(call.words)},
        {"count", call.amount},     {"subjects", std::move(subjects)}, {"begun", to_rfc3339(call.begun)}};
    if (call.over) alarm["over"] = to_rfc3339(*call.over);
    return json::serialize(alarm);
}

std::vector<std::string> recipients_of(std::string_view setting)
{
    std::vector<std::string> all;
    for (auto const part : split(setting, ','))
        if (auto const address = trim(part); !address.empty()) all.emplace_back(address);
    return all;
}

}  // namespace postroom::alarms
