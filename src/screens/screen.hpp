// The screens judged: a department's rules and what is known of a mail in, a verdict out. Nothing here keeps or changes
// anything; whoever asked files, holds or shows the mail.
#pragma once

#include "mime/read.hpp"
#include "model/screens.hpp"
#include "screens/contents.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace postroom::screens {

enum class Fate {
    accept,
    hold,       ///< to the exception queue
    cut,        ///< its case shows the header only
    permanent,  ///< a mail of ours could not be delivered
    temporary,  ///< a mail of ours is late; its server still tries
};
[[nodiscard]] std::string_view to_string(Fate fate);

struct Verdict {
    Fate fate = Fate::accept;
    model::Screen screen = model::Screen::none;
    std::string rule;  ///< the one that it met, as the department has it
    Words because;     ///< what met it
};

/// A department's rules, made ready once for all its mails. Not to be changed, so any thread may ask.
class Rules {
public:
    Rules() : Rules(model::Screens{}) {}
    explicit Rules(model::Screens const& screens);

    /// There are rules about files, for which a mail must be looked into.
    [[nodiscard]] bool about_files() const { return !file_names_.empty() || !contents_.empty(); }

    struct Met {
        std::string rule;
        std::string what;  ///< of the mail
    };
    [[nodiscard]] std::optional<std::string> rule_about(std::string_view address) const;
    [[nodiscard]] std::optional<Met> sender(mime::Mail const& mail) const;
    [[nodiscard]] std::optional<Verdict> file(SeenFile const& file) const;
    [[nodiscard]] std::optional<Verdict> size(std::int64_t octets) const;
    [[nodiscard]] std::optional<Verdict> delivery(mime::Mail const& mail) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;

    Set addresses_, domains_, lone_domains_;
    std::vector<std::string> address_globs_, domain_globs_;
    std::vector<std::string> file_names_;
    std::vector<Content> contents_;
    std::optional<std::int64_t> largest_;
    model::Above above_ = model::Above::hold;
    std::vector<std::string> permanent_, temporary_;
};

/// Who sent it, what is attached, how large it is; what passes these may still be a report of a mail server: by its
/// structure, or else by a phrase. `octets`: as it came. `files` are asked for where rules are about them.
[[nodiscard]] Verdict screen(Rules const& rules, mime::Mail const& mail, std::int64_t octets,
                             std::function<std::vector<SeenFile>()> const& files);
/// The same for a mail that is at hand.
[[nodiscard]] Verdict screen(Rules const& rules, mime::Mail const& mail, std::string_view bytes);

}  // namespace postroom::screens
