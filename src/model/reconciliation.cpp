#include "model/reconciliation.hpp"

#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::model {

namespace {

namespace json = boost::json;

// What servers and mails say may be any bytes; JSON is UTF-8.
json::string text(std::string_view any)
{
    auto const valid = to_valid_utf8(any);
    return json::string(valid.data(), valid.size());
}

template <class T>
json::value number(std::optional<T> const& maybe)
{
    return maybe ? json::value(*maybe) : json::value();
}

json::object to_json(Reconciliation::Mail const& mail)
{
    return {{"uid", mail.uid > 0 ? json::value(mail.uid) : json::value()},
            {"unique_id", text(mail.unique_id)},
            {"state", mail.state ? json::value(text(to_string(*mail.state))) : json::value()},
            {"due", text(to_string(mail.due))},
            {"tries", mail.tries},
            {"note", text(mail.note)},
            {"case", number(mail.a_case)},
            {"subject", text(mail.subject)},
            {"received", mail.received ? json::value(text(to_rfc3339(*mail.received))) : json::value()},
            {"size", number(mail.size)},
            {"filed_size", number(mail.filed_size)}};
}

json::object to_json(Reconciliation::Mails const& mails)
{
    json::array named;
    for (auto const& mail : mails.named) named.emplace_back(to_json(mail));
    return {{"count", mails.count}, {"mails", std::move(named)}};
}

}  // namespace

std::string to_text(Reconciliation const& found)
{
    json::value bytes;
    if (found.bytes)
        bytes = json::object{{"compared", found.compared},
                             {"differing", to_json(found.differing)},
                             {"withheld", to_json(found.withheld)}};
    return json::serialize(json::object{{"agree", found.agree()},
                                        {"protocol", found.pop3 ? "pop3" : "imap"},
                                        {"folder", text(found.folder)},
                                        {"uid_validity", found.uid_validity},
                                        {"known_uid_validity", found.known_uid_validity},
                                        {"looked", text(to_rfc3339(found.looked))},
                                        {"on_server", found.on_server},
                                        {"in_ledger", found.in_ledger},
                                        {"unnamed", found.unnamed},
                                        {"only_on_server", to_json(found.only_on_server)},
                                        {"only_in_ledger", to_json(found.only_in_ledger)},
                                        {"back", to_json(found.back)},
                                        {"due", to_json(found.due)},
                                        {"bytes", std::move(bytes)}});
}

}  // namespace postroom::model
