#include "retriever/pop3-listing.hpp"

#include "base/text.hpp"
#include "net/broken.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postroom::retriever {

namespace {

bool by_id_and_number(pop3::Listed const& a, pop3::Listed const& b)
{
    return a.said != b.said ? a.said < b.said : a.number < b.number;
}

}  // namespace

Pop3Listing::Pop3Listing(std::vector<pop3::Listed> listed) : by_id_(std::move(listed))
{
    std::ranges::sort(by_id_, {}, &pop3::Listed::number);
    auto const twice = std::ranges::adjacent_find(by_id_, {}, &pop3::Listed::number);
    if (twice != by_id_.end())
        throw net::Broken(Trouble::protocol,
                          fmt::format("the server lists mail {} twice, as \"{}\" and as \"{}\"", twice->number,
                                      printable(twice->said), printable(std::next(twice)->said)));
    std::ranges::sort(by_id_, by_id_and_number);
    std::size_t same = 0;  // how many before this one have its id
    std::string id;
    for (auto& mail : by_id_) {
        same = mail.said == id ? same + 1 : 0;
        if (same == 0)
            id = mail.said;
        else
            mail.said += ' ' + std::to_string(same + 1);
    }
    // "a 2" sorts before "a!", which may stand between "a" and it.
    std::ranges::sort(by_id_, by_id_and_number);
}

Pop3Listing::Difference Pop3Listing::less(std::vector<store::NamedMail> known) const
{
    std::ranges::sort(known);
    Difference difference;
    auto mail = by_id_.begin();
    for (auto& named : known) {
        for (; mail != by_id_.end() && mail->said < named.unique_id; ++mail) difference.unknown.push_back(*mail);
        if (mail != by_id_.end() && mail->said == named.unique_id)
            ++mail;
        else
            difference.gone.push_back(std::move(named));
    }
    difference.unknown.insert(difference.unknown.end(), mail, by_id_.end());
    std::ranges::sort(difference.unknown, {}, &pop3::Listed::number);
    return difference;
}

std::uint32_t Pop3Listing::number_of(std::string_view unique_id) const
{
    auto const found = std::ranges::lower_bound(by_id_, unique_id, {},
                                                [](pop3::Listed const& mail) { return std::string_view(mail.said); });
    return found != by_id_.end() && found->said == unique_id ? found->number : 0;
}

}  // namespace postroom::retriever
