#include "lab/ways.hpp"

#include "base/text.hpp"
#include "lab/delivery.hpp"
#include "lab/tenant-json.hpp"

#include <spdlog/spdlog.h>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace postroom::lab {

namespace json = boost::json;

namespace {

using Apply = Result<void> (*)(State&, json::object const&);

// What the API has of a kind: how it is changed, which member names it, and what it shows.
struct Kind {
    Apply apply;
    std::string_view key;
    Result<json::object> (*show)(State&, std::string const& key);
};

Result<json::object> show_mailbox(State& state, std::string const& key)
{
    auto const mailbox = state.tenant.mailbox(key);
    if (!mailbox) return failure(Trouble::not_found, "the lab has no mailbox " + printable(key, 128));
    return to_json(*mailbox);
}

Result<json::object> show_user(State& state, std::string const& key)
{
    auto const* const user = state.tenant.user(key);
    if (user == nullptr) return failure(Trouble::not_found, "the lab has no user " + printable(key, 128));
    return to_json(*user);
}

Result<json::object> show_application(State& state, std::string const& key)
{
    auto const* const application = state.tenant.find_application(key);
    if (application == nullptr) return failure(Trouble::not_found, "the lab has no application " + printable(key, 64));
    auto shown = to_json(*application);
    if (!application->secrets.empty()) shown["secret"] = application->secrets.front().value;
    return shown;
}

Result<json::object> show_settings(State& state, std::string const& /*key*/)
{
    auto shown = to_json(state.settings);
    shown["smtp_auth_disabled"] = state.tenant.smtp_auth_disabled;
    shown["tenant_known"] = state.tenant.known;
    return shown;
}

Kind kind_of(Change change)
{
    switch (change) {
        case Change::mailbox: return {apply_mailbox, "address", show_mailbox};
        case Change::user: return {apply_user, "upn", show_user};
        case Change::application: return {apply_application, "client_id", show_application};
        default: return {apply_settings, "", show_settings};
    }
}

Result<void> put(State& state, Change change, std::string const& key, json::object members)
{
    auto const kind = kind_of(change);
    if (!kind.key.empty()) members[kind.key] = key;
    return kind.apply(state, members);
}

bool is_kept(Change change)
{
    return change == Change::settings || change == Change::mailbox || change == Change::user ||
           change == Change::application;
}

// Whose members are changed: those of one, or of all that there are.
std::vector<std::string> keys_of(State& state, Way const& way, std::string const& mailbox)
{
    if (way.change == Change::application) return {std::string(default_client_id)};
    if (way.change == Change::settings || !mailbox.empty()) return {mailbox};
    std::vector<std::string> keys;
    if (way.change == Change::user)
        for (auto const& [upn, user] : state.tenant.users) keys.push_back(upn);
    else
        for (auto const& [address, each] : state.tenant.mailboxes) keys.push_back(address);
    return keys;
}

// What another way, that was broken later, has found here is what this one made: it goes back to what was before both.
void put_back(State& state, std::vector<BrokenWay>& later, Undo const& undo)
{
    for (auto& each : later)
        for (auto& other : each.undo)
            if (other.kind == undo.kind && other.key == undo.key && other.member == undo.member) {
                other.before = undo.before;
                return;
            }
    if (auto const back = put(state, undo.kind, undo.key, {{undo.member, undo.before}}); !back)
        spdlog::error("lab: what was there before can't be put back: {}", back.error().message);
}

// To one mailbox, or to all. From somebody whom nobody answers, so that it is a mail like any other.
Result<void> let_arrive(State& state, std::string const& mailbox, std::string_view text)
{
    std::vector<std::string> recipients{mailbox};
    if (mailbox.empty()) {
        recipients.clear();
        for (auto const& [address, each] : state.tenant.mailboxes) recipients.push_back(address);
    }
    for (auto const& each : recipients) {
        auto const raw = "From: ada@customer.example\r\nTo: " + each + "\r\nMessage-ID: <" + to_hex(random_bytes(12)) +
                         "@customer.example>\r\n" + std::string(text);
        if (auto const uid = deliver_from_outside(state, {each}, raw, "INBOX"); !uid)
            return std::unexpected(uid.error());
    }
    return {};
}

Result<void> change(State& state, Way const& way, BrokenWay& broken)
{
    if (way.change == Change::mail) return let_arrive(state, broken.mailbox, way.with);
    if (way.change == Change::fault) {
        std::optional<std::string> value;
        if (!broken.value.empty())
            value = broken.value;
        else if (!way.with.empty())
            value = std::string(way.with);
        return state.faults.set(way.what, broken.mailbox, std::move(value), 0);
    }
    if (way.change == Change::clock) state.clock.advance(std::chrono::seconds(to_number(way.with, 0)));
    if (!is_kept(way.change)) return {};
    auto const members = json::parse(way.with).as_object();
    auto const show = kind_of(way.change).show;
    for (auto const& key : keys_of(state, way, broken.mailbox)) {
        auto const shown = show(state, key);
        if (!shown) return std::unexpected(shown.error());
        for (auto const& [member, value] : members) broken.undo.push_back({way.change, key, member, shown->at(member)});
        if (auto const done = put(state, way.change, key, members); !done) return done;
    }
    return {};
}

void undo(State& state, BrokenWay const& broken, std::vector<BrokenWay>& later)
{
    auto const& way = *broken.way;
    if (way.change == Change::fault) (void)state.faults.clear(way.what, broken.mailbox, step_of(way.what, way.with));
    if (way.change == Change::clock) state.clock.advance(-std::chrono::seconds(to_number(way.with, 0)));
    if (way.change == Change::mail) (void)let_arrive(state, broken.mailbox, way.what);
    for (auto const& each : broken.undo) put_back(state, later, each);
}

}  // namespace

bool Way::has(std::string_view note) const
{
    return std::ranges::any_of(split(notes, ' '), [&](auto each) { return each == note; });
}

std::string Way::cause_of(std::string_view value) const
{
    if (values.empty()) return std::string(cause);
    return std::string(cause) + std::string(value.empty() ? with : value);
}

Result<Way const*> find_way(std::string_view name)
{
    auto const slash = name.find('/');
    auto const item = name.substr(0, slash);
    std::string known;
    for (auto const& each : way_table()) {
        bool const fits = each.item == item && (slash == name.npos || each.id == name.substr(slash + 1));
        if (fits) return &each;
        if (each.item == item) known += (known.empty() ? "" : ", ") + each.name();
    }
    if (!known.empty())
        return failure(Trouble::not_found, "there is no way \"" + printable(name, 100) + "\"; there are " + known);
    for (auto const& each : way_table())
        if (known.empty() || !known.ends_with(each.item)) known += (known.empty() ? "" : ", ") + std::string(each.item);
    return failure(Trouble::not_found,
                   "no item \"" + printable(item, 64) + "\" can be broken here; these can: " + known);
}

Result<void> break_way(State& state, Way const& way, std::string mailbox, std::string value, json::value before)
{
    mailbox = to_lower(mailbox);
    if (!value.empty() && std::ranges::none_of(split(way.values, ' '), [&](auto each) { return each == value; }))
        return failure(Trouble::invalid, way.name() + (way.values.empty() ? " takes no value" : " takes one of ") +
                                             std::string(way.values));
    if (way.has("everybody") && !mailbox.empty())
        return failure(Trouble::invalid, way.name() + " concerns everybody, and not one mailbox");
    for (auto const& each : state.broken) {
        if (each.mailbox != mailbox) continue;
        if (each.way == &way) return failure(Trouble::conflict, way.name() + " is broken already");
        if (way.change == Change::fault && each.way->change == Change::fault && each.way->what == way.what &&
            step_of(way.what, way.with) == step_of(way.what, each.way->with))
            return failure(Trouble::conflict,
                           each.way->name() + " is broken, with the same fault: mend it before " + way.name());
    }
    BrokenWay broken{&way, std::move(mailbox), std::move(value), state.clock.now(), {}, std::move(before)};
    auto done = change(state, way, broken);
    std::vector<BrokenWay> none;
    if (done)
        state.broken.push_back(std::move(broken));
    else
        undo(state, broken, none);
    state.wake_all();
    return done;
}

Result<std::size_t> mend_ways(State& state, Way const* way, std::optional<std::string> const& mailbox)
{
    std::size_t mended = 0;
    for (auto at = state.broken.begin(); at != state.broken.end();) {
        bool const meant =
            (way == nullptr || at->way == way) && (!mailbox || equal_ignoring_case(*mailbox, at->mailbox));
        if (!meant) {
            ++at;
            continue;
        }
        auto const broken = std::move(*at);
        at = state.broken.erase(at);
        std::vector<BrokenWay> later(std::make_move_iterator(at), std::make_move_iterator(state.broken.end()));
        undo(state, broken, later);
        std::ranges::move(later, at);
        ++mended;
    }
    if (mended > 0) state.wake_all();
    return mended;
}

namespace {

bool is_of_postroom(Change change)
{
    return change == Change::postroom || change == Change::postroom_adds || change == Change::postroom_instead;
}

std::string_view by(Change change)
{
    if (change == Change::hand) return "hand";
    return is_of_postroom(change) ? "postroom" : "lab";
}

}  // namespace

json::object to_json(Way const& way)
{
    json::array notes;
    for (auto const each : split(way.notes, ' '))
        if (!each.empty()) notes.emplace_back(each);
    json::object out{{"way", way.name()},         {"item", way.item},     {"plays", way.plays},
                     {"cause", way.cause_of({})}, {"by", by(way.change)}, {"among", way.among},
                     {"notes", std::move(notes)}};
    if (is_of_postroom(way.change)) {
        out["adds"] = way.change == Change::postroom_adds;
        out["instead"] = way.change == Change::postroom_instead;
        out["path"] = way.what;
        out["members"] = way.with.empty() ? json::value() : json::parse(way.with);
    }
    if (!way.values.empty()) {
        json::array values;
        for (auto const each : split(way.values, ' ')) values.emplace_back(each);
        out["values"] = std::move(values);
    }
    if (way.change == Change::mail) out["change"] = "mail";
    if (is_kept(way.change)) {
        out["change"] = way.change == Change::settings  ? "settings"
                        : way.change == Change::mailbox ? "mailbox"
                        : way.change == Change::user    ? "user"
                                                        : "application";
        out["members"] = json::parse(way.with);
    }
    if (way.change == Change::fault) {
        out["change"] = "fault";
        out["fault"] = way.what;
        out["step"] = step_of(way.what, way.with);
    }
    if (way.change == Change::clock) {
        out["change"] = "clock";
        out["members"] = json::object{{"ahead_s", to_number(way.with, 0)}};
    }
    if (way.change == Change::hand) out["how"] = way.with;
    return out;
}

json::object to_json(BrokenWay const& broken)
{
    json::array undo;
    for (auto const& each : broken.undo)
        undo.push_back(json::object{{"of", each.key}, {"member", each.member}, {"before", each.before}});
    return {{"way", broken.way->name()},
            {"mailbox", broken.mailbox},
            {"value", broken.value},
            {"cause", broken.way->cause_of(broken.value)},
            {"since", to_rfc3339(broken.since)},
            {"before", broken.before},
            {"undo", std::move(undo)}};
}

}  // namespace postroom::lab
