// Every known way in which an item of Postroom's check list fails: one table of what is changed for it and what a
// finding then says, and what is broken now. The items and causes are Postroom's words; the lab only carries them.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

struct State;

/// What is changed, and where.
enum class Change {
    fault,          ///< `what`: its id, `with`: its value
    settings,       ///< `with`: members, as POST settings takes them
    mailbox,        ///< `with`: members, as POST mailboxes takes them
    user,           ///< `with`: members, as POST users takes them
    application,    ///< `with`: members, as POST applications takes them
    clock,          ///< `with`: seconds ahead
    mail,           ///< mails arrive: `with` one when it is broken, `what` one when it is mended; from the Subject on
    postroom,       ///< Postroom's own: `what` is the path in its API, `with` the members to change
    postroom_adds,  ///< the same: `what` is the path of a list, `with` what is added to it
    postroom_instead,  ///< the same: `with` stands in place of all that is in the list; empty: nothing does
    hand,              ///< by hand: `with` says how
};

struct Way {
    std::string_view item;   ///< of the check list
    std::string_view id;     ///< within the item
    std::string_view plays;  ///< what is wrong then
    std::string_view cause;  ///< which cause the finding has
    Change change;
    std::string_view what;
    std::string_view with;
    /// Words, apart by spaces: `warns` (it does not fail), `send` (told by a marked mail), `grant` (the provider's
    /// refusal ends the grant: authorize anew after mending), `pop3` (of a mailbox that is retrieved over POP3),
    /// `shared` (of one that somebody else opens), `application` (of one that the application opens by itself),
    /// `proxy` (of one that is reached through the lab's proxy), `everybody` (it can't be limited to a mailbox),
    /// `later` (once Postroom has retrieved), `slow` (it takes as long as a server is waited for).
    std::string_view notes = {};
    /// A cause that has the same symptom, and comes behind another one: it is in the evidence.
    std::string_view among = {};
    /// Numbers that the fault's value may be, apart by spaces, `with` among them; the cause is theirs: AADSTS50085.
    std::string_view values = {};

    [[nodiscard]] bool has(std::string_view note) const;
    [[nodiscard]] std::string name() const { return std::string(item) + '/' + std::string(id); }
    /// Of the finding, where it is broken with that value; none: with its own.
    [[nodiscard]] std::string cause_of(std::string_view value) const;
};

[[nodiscard]] std::span<Way const> way_table();
/// "ITEM/WAY", or "ITEM" for its first. Errors: Trouble::not_found, naming those that there are.
[[nodiscard]] Result<Way const*> find_way(std::string_view name);

/// One member of something, and what it was before.
struct Undo {
    Change kind;
    std::string key;  ///< whose it is; empty: the settings'
    std::string member;
    boost::json::value before;
};

struct BrokenWay {
    Way const* way = nullptr;
    std::string mailbox;  ///< in lower case; empty: everybody's
    std::string value;    ///< of those that the way may have; empty: its own
    Instant since{};
    std::vector<Undo> undo;
    boost::json::value before;  ///< what whoever changed Postroom wants to be told when it is mended
};

/// Breaks for one mailbox, or for everybody, with one of the way's values, or its own. Errors: Trouble::conflict where
/// it is broken already, or another way that is broken uses the same fault; Trouble::invalid, Trouble::not_found where
/// there is no such mailbox.
[[nodiscard]] Result<void> break_way(State& state, Way const& way, std::string mailbox, std::string value,
                                     boost::json::value before);
/// Puts back what was there before; `way` none: all, `mailbox` none: of all. How many were mended.
[[nodiscard]] Result<std::size_t> mend_ways(State& state, Way const* way, std::optional<std::string> const& mailbox);

[[nodiscard]] boost::json::object to_json(Way const& way);
[[nodiscard]] boost::json::object to_json(BrokenWay const& broken);

}  // namespace postroom::lab
