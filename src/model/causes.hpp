// The catalogue of causes: what the refusals of providers and mail servers mean, whose they are, and what to do. The
// data are in data/*.json and bear a date, since the servers change.
#pragma once

#include "model/finding.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::model {

/// How well something is known.
enum class Evidence {
    observed,    ///< in a log or an answer that somebody made public
    documented,  ///< by Microsoft
    inferred,
    unverified,
};

/// What a refusal of mail that goes out stops.
enum class Stops {
    mail,         ///< the mail that was refused, and no other
    account,      ///< whatever the account sends: its queue waits, and no mail is to blame
    connections,  ///< one connection more than there may be
    pace,         ///< for a moment: it was too much at once
    day,          ///< for longer: what a day allows is used up
};

/// Title, meaning and remedy are English and marked: whoever shows them translates them.
struct Cause {
    std::string id;  ///< stable: "imap-off", "AADSTS50011"
    std::string title;
    std::string meaning;
    std::string remedy;
    std::string check;  ///< the item of the check list that tells it from its look-alikes
    Responsible owner = Responsible::postroom;
    bool transient = false;        ///< it passes without anybody's doing
    std::optional<Stops> stops{};  ///< of what submission servers say
    Evidence evidence = Evidence::unverified;
    std::string source;
};

/// Who spoke. `mail` is any mail server, `local` this machine itself.
enum class Speaker { entra, imap, pop3, smtp, mail, local };

/// What a server says, and the causes of it in order of likelihood.
struct Refusal {
    Speaker speaker = Speaker::mail;
    std::vector<std::string> says;  ///< all of them occur, in any case; # is one digit
    std::string example;
    std::string when;
    std::vector<Cause const*> causes;
    bool general = false;  ///< counts only where nothing more precise matched
};

/// All of them: AADSTS numbers in order, then the others.
[[nodiscard]] std::span<Cause const> causes();
[[nodiscard]] Cause const* find_cause(std::string_view id);
[[nodiscard]] std::span<Refusal const> refusals();
/// The date of the data: "2026-09-30".
[[nodiscard]] std::string_view state_of_knowledge();

/// What the caller knows beside the words.
struct Hints {
    std::optional<Speaker> speaker;        ///< leaves out what only others say
    std::optional<bool> application_only;  ///< access as the application itself, by client credentials
};

struct RankedCause {
    Cause const* cause = nullptr;
    std::string said;  ///< the words that lead to it
};

/// Something in the text that helps whoever looks into it: a correlation id, how long to wait, the server's own name.
struct Particular {
    std::string name;  ///< "correlation id", "wait (ms)"; marked
    std::string value;
};

struct Explanation {
    std::vector<RankedCause> causes;  ///< the likeliest first; empty where nothing is known
    std::vector<Particular> particulars;
    std::vector<std::uint32_t> unknown_codes;  ///< AADSTS numbers that the catalogue does not hold

    [[nodiscard]] bool known() const { return !causes.empty(); }
};

/// From what a server said, or an AADSTS number alone, to causes. Pure and total; only the first 16 KiB are read.
[[nodiscard]] Explanation explain(std::string_view said, Hints const& hints = {});

/// The likeliest cause of what a submission server said; none where nobody knows it.
[[nodiscard]] Cause const* cause_of_refusal(std::string_view said);

/// What to do about words that nobody knows: what to send to whom.
[[nodiscard]] Words advice_on_unknown(Explanation const& explanation);

[[nodiscard]] std::string_view to_string(Evidence evidence);
[[nodiscard]] Words in_words(Evidence evidence);
[[nodiscard]] std::string_view to_string(Speaker speaker);
[[nodiscard]] Result<Evidence> parse_evidence(std::string_view text);
[[nodiscard]] Result<Speaker> parse_speaker(std::string_view text);

}  // namespace postroom::model
