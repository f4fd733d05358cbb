#include "screens/screen.hpp"

#include "base/text.hpp"
#include "screens/fold.hpp"
#include "screens/glob.hpp"
#include "screens/phrases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postroom::screens {

namespace {

constexpr std::size_t text_looked_at =
    16 * 1024;  // octets in which phrases are looked for: what a server says is short
constexpr std::size_t addresses_looked_at = 200;

std::string_view domain_of(std::string_view address)
{
    auto const at = address.rfind('@');
    return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

// No domain has more octets; what claims to be one has its end, from the next dot on.
std::string_view end_of(std::string_view domain)
{
    constexpr std::size_t longest = 253;
    if (domain.size() <= longest) return domain;
    domain.remove_prefix(domain.size() - longest);
    domain.remove_prefix(std::min(domain.find('.'), domain.size() - 1) + 1);
    return domain;
}

std::string folded_address(std::string_view address)
{
    auto const at = address.rfind('@');
    if (at == std::string_view::npos) return folded(address);
    return folded(address.substr(0, at)) + "@" + folded_domain(address.substr(at + 1));
}

std::vector<std::string> senders_of(mime::Mail const& mail)
{
    std::vector<std::string> all;
    for (auto const* list : {&mail.from, &mail.reply_to})
        for (auto const& each : *list)
            if (all.size() < addresses_looked_at) all.push_back(each.address);
    if (mail.sender) all.push_back(mail.sender->address);
    if (mail.return_path) all.push_back(*mail.return_path);
    return all;
}

// What a mail system calls itself; RFC 2142 and RFC 5321 know postmaster only. Exchange's reports come from
// MicrosoftExchange with a number.
bool is_mail_system(std::string_view address)
{
    auto const local = to_lower(address.substr(0, address.rfind('@')));
    static constexpr std::array<std::string_view, 8> names{"mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon",
                                                           "postmaster",    "mdaemon",      "mmdf",        "mailer"};
    return std::ranges::find(names, local) != names.end() || local.starts_with("microsoftexchange");
}

// RFC 3834 section 5: reports are answers. What a shop or a parcel service generates by itself is none, whatever could
// not be delivered there.
bool may_be_a_report(mime::Mail const& mail)
{
    if (mail.automatic == mime::Automatic::report || mail.auto_submitted == "auto-replied") return true;
    if (mail.return_path && mail.return_path->empty()) return true;
    return mail.from.empty() || is_mail_system(mail.from.front().address);
}

std::string size_of(std::int64_t octets)
{
    auto const kibibytes = static_cast<double>(octets) / 1024;
    return kibibytes < 1024 ? fmt::format("{:.1f} KiB", kibibytes) : fmt::format("{:.1f} MiB", kibibytes / 1024);
}

Verdict delivery_verdict(bool permanent, std::string rule, Words because)
{
    return {.fate = permanent ? Fate::permanent : Fate::temporary,
            .screen = model::Screen::delivery,
            .rule = std::move(rule),
            .because = std::move(because)};
}

// Of several recipients one that failed counts: the others' delay ends in a report of its own.
std::optional<Verdict> by_structure(mime::Report const& report)
{
    if (report.kind != mime::Report::Kind::delivery) return std::nullopt;
    for (std::string_view const action : {"failed", "delayed"})
        for (auto const& each : report.recipients) {
            if (each.action != action) continue;
            auto const said = each.status.empty() ? each.diagnostic : each.status;
            auto const rule = printable(trim(fmt::format("{} {}", action, each.status)), 100);
            bool const permanent = action == "failed";
            auto because = permanent ? tr("mail to {} could not be delivered: {}", printable(each.address, 200),
                                          printable(said, 200))
                                     : tr("mail to {} is late: {}", printable(each.address, 200), printable(said, 200));
            return delivery_verdict(permanent, rule, std::move(because));
        }
    return std::nullopt;
}

std::string const* phrase_in(std::string_view text, std::vector<std::string> const& phrases)
{
    auto const found =
        std::ranges::find_if(phrases, [&](auto const& phrase) { return text.find(phrase) != std::string_view::npos; });
    return found == phrases.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(Fate fate)
{
    switch (fate) {
        case Fate::accept: return mark_in("fate of a mail", "accept");
        case Fate::hold: return mark_in("fate of a mail", "hold");
        case Fate::cut: return mark_in("fate of a mail", "cut");
        case Fate::permanent: return mark_in("fate of a mail", "permanent");
        case Fate::temporary: return mark_in("fate of a mail", "temporary");
    }
    return "accept";
}

Rules::Rules(model::Screens const& screens)
    : file_names_(screens.file_names),
      largest_(screens.largest),
      above_(screens.above),
      permanent_(screens.permanent_phrases),
      temporary_(screens.temporary_phrases)
{
    for (auto const& each : screens.senders) {
        bool const whole = each.find('@') != std::string::npos;
        if (is_glob(each))
            (whole ? address_globs_ : domain_globs_).push_back(each);
        else if (each.starts_with('@'))
            lone_domains_.insert(each);
        else
            (whole ? addresses_ : domains_).insert(each);
    }
    for (auto const& each : screens.contents)
        if (auto const content = parse_content(each)) contents_.push_back(*content);
    if (!screens.default_phrases) return;
    for (auto const each : default_permanent_phrases()) permanent_.push_back(folded_words(each));
    for (auto const each : default_temporary_phrases()) temporary_.push_back(folded_words(each));
}

std::optional<std::string> Rules::rule_about(std::string_view raw) const
{
    auto const address = folded_address(raw);
    if (auto const found = addresses_.find(address); found != addresses_.end()) return *found;
    auto const domain = domain_of(address);
    if (domain.empty()) return std::nullopt;
    if (!lone_domains_.empty())
        if (auto const found = lone_domains_.find(fmt::format("@{}", domain)); found != lone_domains_.end())
            return *found;
    if (!domains_.empty())
        for (auto rest = end_of(domain);;) {
            if (auto const found = domains_.find(rest); found != domains_.end()) return *found;
            auto const dot = rest.find('.');
            if (dot == std::string_view::npos) break;
            rest.remove_prefix(dot + 1);
        }
    for (auto const& each : address_globs_)
        if (matches(each, address)) return each;
    for (auto const& each : domain_globs_)
        if (matches(each, domain)) return each;
    return std::nullopt;
}

std::optional<Rules::Met> Rules::sender(mime::Mail const& mail) const
{
    if (addresses_.empty() && domains_.empty() && lone_domains_.empty() && address_globs_.empty() &&
        domain_globs_.empty())
        return std::nullopt;
    for (auto const& each : senders_of(mail))
        if (auto rule = rule_about(each)) return Met{std::move(*rule), each};
    return std::nullopt;
}

std::optional<Verdict> Rules::file(SeenFile const& file) const
{
    auto const name = folded_name(file.name);
    for (auto const& each : file_names_) {
        if (!name.empty() && matches(each, name))
            return Verdict{
                .fate = Fate::hold,
                .screen = model::Screen::file_name,
                .rule = each,
                .because = tr("the file {} has a name that is blocked: {}", printable(file.name, 255), each)};
        for (auto const& inner : file.inner)
            if (matches(each, folded_name(inner)))
                return Verdict{.fate = Fate::hold,
                               .screen = model::Screen::file_name,
                               .rule = each,
                               .because = tr("the file {} in {} has a name that is blocked: {}", printable(inner, 255),
                                             printable(file.name, 255), each)};
    }
    for (auto const each : contents_)
        if (file.is(each))
            return Verdict{.fate = Fate::hold,
                           .screen = model::Screen::content,
                           .rule = std::string(to_string(each)),
                           .because = tr("the file {} is of a kind that is blocked: {}", printable(file.name, 255),
                                         Words("content of a file", to_string(each).data()))};
    return std::nullopt;
}

std::optional<Verdict> Rules::size(std::int64_t octets) const
{
    if (!largest_ || octets <= *largest_ || above_ == model::Above::accept) return std::nullopt;
    return Verdict{
        .fate = above_ == model::Above::cut ? Fate::cut : Fate::hold,
        .screen = model::Screen::size,
        .rule = std::to_string(*largest_),
        .because = tr("it has {}, and the department takes {} at most", size_of(octets), size_of(*largest_))};
}

std::optional<Verdict> Rules::delivery(mime::Mail const& mail) const
{
    if (mail.report) return by_structure(*mail.report);
    if (!may_be_a_report(mail) || (permanent_.empty() && temporary_.empty())) return std::nullopt;
    // A server that still tries says so beside the words of one that gave up.
    auto const look = [this](std::string_view words) -> std::optional<Verdict> {
        auto const text = folded_words(words.substr(0, text_looked_at));
        if (auto const* phrase = phrase_in(text, temporary_))
            return delivery_verdict(false, *phrase, tr("a mail server says that mail is late: {}", *phrase));
        if (auto const* phrase = phrase_in(text, permanent_))
            return delivery_verdict(true, *phrase,
                                    tr("a mail server says that mail could not be delivered: {}", *phrase));
        return std::nullopt;
    };
    if (auto verdict = look(mail.subject)) return verdict;
    return look(mail.text);
}

Verdict screen(Rules const& rules, mime::Mail const& mail, std::int64_t octets,
               std::function<std::vector<SeenFile>()> const& files)
{
    if (auto met = rules.sender(mail))
        return {.fate = Fate::hold,
                .screen = model::Screen::sender,
                .rule = met->rule,
                .because = tr("mail from {} is blocked: {}", printable(met->what, 320), met->rule)};
    if (rules.about_files())
        for (auto const& each : files())
            if (auto verdict = rules.file(each)) return std::move(*verdict);
    // A report that brings a large mail of ours back is worth more than its size.
    if (auto verdict = rules.delivery(mail)) return std::move(*verdict);
    if (auto verdict = rules.size(octets)) return std::move(*verdict);
    return {};
}

Verdict screen(Rules const& rules, mime::Mail const& mail, std::string_view bytes)
{
    // Most mails have nothing to look into.
    auto const files = [&] {
        bool const any = std::ranges::any_of(mail.parts, [](auto const& p) { return !p.shown || !p.name.empty(); });
        return any ? look_into(bytes) : std::vector<SeenFile>{};
    };
    return screen(rules, mail, static_cast<std::int64_t>(bytes.size()), files);
}

}  // namespace postroom::screens
