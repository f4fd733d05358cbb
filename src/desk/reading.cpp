#include "desk/reading.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::desk {

namespace {

namespace json = boost::json;

json::value to_json(std::optional<mime::EventTime> const& time)
{
    if (!time) return nullptr;
    return json::object{{"local", time->local},
                        {"zone", time->zone},
                        {"at", time->at ? json::value(to_rfc3339(*time->at)) : json::value(nullptr)},
                        {"whole_day", time->whole_day}};
}

json::object to_json(mime::Attendee const& attendee)
{
    return {{"name", attendee.name}, {"address", attendee.address}, {"answer", attendee.answer}};
}

json::value to_json(std::optional<mime::Invitation> const& invitation)
{
    if (!invitation) return nullptr;
    json::array attendees;
    for (auto const& each : invitation->attendees) attendees.emplace_back(to_json(each));
    json::value organizer;
    if (invitation->organizer) organizer = to_json(*invitation->organizer);
    return json::object{{"method", invitation->method},          {"cancelled", invitation->cancelled},
                        {"summary", invitation->summary},        {"place", invitation->place},
                        {"organizer", std::move(organizer)},     {"attendees", std::move(attendees)},
                        {"begins", to_json(invitation->begins)}, {"ends", to_json(invitation->ends)},
                        {"repeats", invitation->repeats}};
}

json::value to_json(std::optional<mime::Report> const& report)
{
    if (!report) return nullptr;
    json::array recipients;
    for (auto const& each : report->recipients)
        recipients.emplace_back(json::object{{"address", each.address},
                                             {"action", each.action},
                                             {"status", each.status},
                                             {"meaning", to_string(mime::meaning_of(each.status))},
                                             {"diagnostic", each.diagnostic},
                                             {"remote", each.remote}});
    return json::object{{"kind", to_string(report->kind)},
                        {"reporter", report->reporter},
                        {"original_message_id", report->original_message_id},
                        {"recipients", std::move(recipients)}};
}

}  // namespace

std::string reading_of(mime::Mail const& mail)
{
    json::array cut;
    for (auto const each : mail.cut) cut.emplace_back(to_string(each));
    return json::serialize(json::object{{"version", reading_version},
                                        {"automatic", to_string(mail.automatic)},
                                        {"protection", to_string(mail.protection)},
                                        {"cut", std::move(cut)},
                                        {"report", to_json(mail.report)},
                                        {"invitation", to_json(mail.invitation)}});
}

}  // namespace postroom::desk
