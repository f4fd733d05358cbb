#include "imap/folders.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <utility>

namespace postroom::imap {

namespace {

struct Names {
    std::string_view use;
    std::span<std::string_view const> names;
};

// As Exchange names them in the language of the mailbox's owner (the first times that it is opened), and as other
// servers without SPECIAL-USE do.
constexpr std::string_view archive[] = {"Archive",   "Archiv",  "Archives",   "Archief", "Arquivo Morto",
                                        "Arkiverat", "Archivo", "Archivio",   "الأرشيف", "Archiwum",
                                        "Arkiv",     "Архив",   "アーカイブ", "Arkisto"};
constexpr std::string_view drafts[] = {"Drafts",     "Entwürfe",  "Brouillons", "Concepten",      "Rascunhos",
                                       "Borradores", "Bozze",     "المسودات",   "Wersje robocze", "Utkast",
                                       "Kladder",    "Черновики", "下書き"};
constexpr std::string_view junk[] = {"Junk Email",
                                     "Junk E-mail",
                                     "Junk",
                                     "Spam",
                                     "Junk-E-Mail",
                                     "Courrier indésirable",
                                     "Ongewenste e-mail",
                                     "Lixo Eletrônico",
                                     "Correo no deseado",
                                     "Posta indesiderata",
                                     "البريد غير الهام",
                                     "Wiadomości-śmieci",
                                     "Skräppost",
                                     "Uønsket e-mail",
                                     "Нежелательная почта",
                                     "迷惑メール"};
constexpr std::string_view sent[] = {
    "Sent Items",       "Sent",           "Gesendete Elemente", "Gesendete Objekte", "Éléments envoyés",
    "Verzonden items",  "Itens Enviados", "Elementos enviados", "Posta inviata",     "العناصر المرسلة",
    "Elementy wysłane", "Skickat",        "Sendt post",         "Sendte elementer",  "Отправленные",
    "送信済みアイテム",
};
constexpr std::string_view trash[] = {"Deleted Items",
                                      "Trash",
                                      "Gelöschte Elemente",
                                      "Éléments supprimés",
                                      "Verwijderde items",
                                      "Itens Excluídos",
                                      "Elementos eliminados",
                                      "Posta eliminata",
                                      "العناصر المحذوفة",
                                      "Elementy usunięte",
                                      "Borttaget",
                                      "Slettet post",
                                      "Удаленные",
                                      "削除済みアイテム"};

constexpr std::array<Names, 5> by_use{
    {{"\\Archive", archive}, {"\\Drafts", drafts}, {"\\Junk", junk}, {"\\Sent", sent}, {"\\Trash", trash}}};

bool opens(Folder const& folder)
{
    return !folder.has("\\Noselect") && !folder.has("\\NonExistent");
}

// On servers with a prefix every folder stands below INBOX.
std::string_view without_prefix(Folder const& folder)
{
    auto name = std::string_view(folder.name);
    if (folder.delimiter && starts_ignoring_case(name, std::string("INBOX") + *folder.delimiter)) name.remove_prefix(6);
    return name;
}

std::string with_separator(std::string_view name, Namespace const& space)
{
    std::string text(name);
    if (space.delimiter && *space.delimiter != '/') std::ranges::replace(text, '/', *space.delimiter);
    return text;
}

// Levenshtein's, over bytes.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            auto const above = row[j + 1];
            row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

std::string in_a_row(std::vector<std::string> const& names)
{
    std::string text;
    for (auto const& name : names) text += (text.empty() ? "\"" : ", \"") + printable(name, 100) + '"';
    return text;
}

std::string what_there_is(std::vector<Folder> const& folders, std::string_view name)
{
    if (auto const close = near(folders, name); !close.empty()) return "near it: " + in_a_row(close);
    constexpr std::size_t most = 12;
    std::vector<std::string> some;
    std::size_t more = 0;
    for (auto const& folder : folders) {
        if (!opens(folder)) continue;
        if (some.size() < most)
            some.push_back(folder.name);
        else
            ++more;
    }
    if (some.empty()) return "it lists none";
    return "there are " + in_a_row(some) + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

Reply not_there(std::string words)
{
    return {.status = Status::no, .code = {}, .text = std::move(words)};
}

}  // namespace

bool is_use(std::string_view folder)
{
    return folder.starts_with('\\');
}

Folder const* with_use(std::vector<Folder> const& folders, std::string_view use)
{
    for (auto const& folder : folders)
        if (folder.has(use) && opens(folder)) return &folder;
    auto const known =
        std::ranges::find_if(by_use, [&](auto const& each) { return equal_ignoring_case(each.use, use); });
    if (known == by_use.end()) return nullptr;
    for (auto const name : known->names)
        for (auto const& folder : folders)
            if (opens(folder) && equal_ignoring_case(without_prefix(folder), name)) return &folder;
    return nullptr;
}

std::string spelled(std::string_view name, Namespace const& space)
{
    auto text = with_separator(name, space);
    if (equal_ignoring_case(text, "INBOX") || starts_ignoring_case(text, space.prefix)) return text;
    return space.prefix + text;
}

Folder const* meant_by(std::vector<Folder> const& folders, std::string_view name, Namespace const& space)
{
    for (auto const& spelling : {std::string(name), with_separator(name, space), spelled(name, space)})
        for (auto const& folder : folders)
            if (folder.name == spelling && opens(folder)) return &folder;
    return nullptr;
}

std::vector<std::string> near(std::vector<Folder> const& folders, std::string_view name, std::size_t most)
{
    auto const wanted = to_lower(name.substr(0, 256));
    std::vector<std::pair<std::size_t, std::string>> found;
    for (auto const& folder : folders) {
        if (!opens(folder)) continue;
        auto const known = to_lower(without_prefix(folder).substr(0, 256));
        bool const within = wanted.size() >= 3 && known.size() >= 3 &&
                            (known.find(wanted) != std::string::npos || wanted.find(known) != std::string::npos);
        auto const far = distance(wanted, known);
        if (within || far <= std::max<std::size_t>(2, wanted.size() / 3)) found.emplace_back(far, folder.name);
    }
    std::ranges::sort(found);
    found.resize(std::min(found.size(), most));
    std::vector<std::string> names;
    for (auto& [far, each] : found) names.push_back(std::move(each));
    return names;
}

awaitable<Answer<OpenFolder>> open_folder(Session& session, std::string folder, bool only_look)
{
    auto const open = [&](std::string name) {
        return only_look ? session.examine(std::move(name)) : session.select(std::move(name));
    };
    // Most are there, as they are spelled: then one command is enough.
    std::optional<Reply> refusal;
    if (!is_use(folder)) {
        auto const selected = co_await open(folder);
        if (selected) co_return OpenFolder{equal_ignoring_case(folder, "INBOX") ? "INBOX" : folder, *selected};
        refusal = selected.error();
        // BAD is of the session (Exchange's "authenticated but not connected"), NO of the folder (RFC 3501, 6.3.1).
        if (refusal->status != Status::no) co_return std::unexpected(*refusal);
    }
    auto const folders = co_await session.list();
    // Some builds of Exchange's new front end refuse LIST (imapflow 1.6).
    if (!folders && refusal) co_return std::unexpected(*refusal);
    if (!folders) {
        auto const words = "the folder with the use " + folder + " can't be found, since LIST was refused (" +
                           folders.error().words() + "): set the folder by its name";
        co_return std::unexpected(not_there(words));
    }
    Folder const* found = nullptr;
    if (is_use(folder)) {
        found = with_use(*folders, folder);
        if (!found) {
            auto const words = "the server marks no folder as " + folder +
                               ", and has none that is known under such a name; " + what_there_is(*folders, folder);
            co_return std::unexpected(not_there(words));
        }
    } else {
        auto const space = co_await session.personal_namespace();
        found = meant_by(*folders, folder, space);
        if (found && found->name == folder) co_return std::unexpected(*refusal);  // it is there, and does not open
        if (!found) {
            auto const words = "there is no folder \"" + printable(folder, 100) + "\" on the server; " +
                               what_there_is(*folders, folder) + " (" + refusal->words() + ')';
            co_return std::unexpected(not_there(words));
        }
    }
    auto name = found->name;
    auto const selected = co_await open(name);
    if (!selected) co_return std::unexpected(selected.error());
    if (equal_ignoring_case(name, "INBOX")) name = "INBOX";
    co_return OpenFolder{std::move(name), *selected};
}

}  // namespace postroom::imap
