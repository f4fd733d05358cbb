#include "retriever/sides.hpp"

#include <algorithm>
#include <iterator>

namespace postroom::retriever {

namespace {

Sides::Names both(Sides::Names const& a, Sides::Names const& b)
{
    Sides::Names names;
    std::ranges::set_intersection(a, b, std::back_inserter(names));
    return names;
}

}  // namespace

Sides sides_of(std::vector<std::uint32_t> const& listed, std::vector<store::KnownMail> const& known)
{
    Sides sides;
    auto mail = listed.begin();
    for (auto const& row : known) {
        for (; mail != listed.end() && *mail < row.uid; ++mail) sides.only_on_server.push_back({"", *mail});
        bool const there = mail != listed.end() && *mail == row.uid;
        if (there) ++mail;
        if (there && row.gone) sides.back.push_back({"", row.uid});
        if (!there && !row.gone) sides.only_in_ledger.push_back({"", row.uid});
    }
    for (; mail != listed.end(); ++mail) sides.only_on_server.push_back({"", *mail});
    return sides;
}

Sides sides_of(Pop3Listing const& listing, std::vector<store::KnownMail> const& known)
{
    std::vector<store::NamedMail> named;
    for (auto const& row : known)
        if (!row.unique_id.empty()) named.push_back({row.unique_id, row.uid});
    auto difference = listing.less(std::move(named));
    Sides sides;
    for (auto& mail : difference.unknown) sides.only_on_server.push_back({std::move(mail.said), 0});
    sides.only_in_ledger = std::move(difference.gone);
    std::ranges::sort(sides.only_on_server);
    std::ranges::sort(sides.only_in_ledger);
    return sides;
}

Sides in_both(Sides const& a, Sides const& b)
{
    return {both(a.only_on_server, b.only_on_server), both(a.only_in_ledger, b.only_in_ledger), both(a.back, b.back)};
}

}  // namespace postroom::retriever
