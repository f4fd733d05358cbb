// Subjects first, then what the texts of qmail, Exim, sendmail, Postfix, Exchange and Domino say. They are looked for
// only in mail that a mail system may have sent, so that a customer who quotes one is not taken for a server.
#include "screens/phrases.hpp"

#include <array>

namespace postroom::screens {

namespace {

using namespace std::string_view_literals;

constexpr std::array permanent{"undeliverable:"sv,
                               "undeliverable mail"sv,
                               "undelivered mail returned to sender"sv,
                               "mail delivery failed"sv,
                               "mail delivery failure"sv,
                               "delivery failure"sv,
                               "delivery status notification (failure)"sv,
                               "failure notice"sv,
                               "returned mail:"sv,
                               "message not delivered"sv,
                               "could not be delivered"sv,
                               "couldn't be delivered"sv,
                               "delivery has failed"sv,
                               "permanent fatal errors"sv,
                               "permanent error"sv,
                               "user unknown"sv,
                               "unknown user"sv,
                               "no such user"sv,
                               "no such recipient"sv,
                               "recipient address rejected"sv,
                               "address not found"sv,
                               "mailbox unavailable"sv,
                               "host unknown"sv,
                               "domain not found"sv,
                               "i'm afraid i wasn't able to deliver"sv,
                               "unzustellbar:"sv,
                               "nicht zugestellt werden"sv,
                               "non remis :"sv,
                               "non remis:"sv,
                               "n'a pas pu être remis"sv,
                               "onbestelbaar:"sv,
                               "kan niet worden bezorgd"sv,
                               "não entregue:"sv,
                               "não foi possível entregar"sv,
                               "no se puede entregar:"sv,
                               "no se ha podido entregar"sv,
                               "non recapitabile:"sv,
                               "لم يتم التسليم"sv,
                               "تعذر تسليم"sv};

constexpr std::array temporary{"delivery status notification (delay)"sv,
                               "delivery delayed"sv,
                               "delayed mail"sv,
                               "warning: could not send message"sv,
                               "warning: message delayed"sv,
                               "warning: message still undelivered"sv,
                               "could not send message for past"sv,
                               "has been delayed"sv,
                               "this is a warning message only"sv,
                               "you do not need to resend"sv,
                               "will keep trying"sv,
                               "will be retried"sv,
                               "will continue to be attempted"sv,
                               "delivery attempts will continue"sv,
                               "zustellung verzögert"sv,
                               "remise différée"sv,
                               "remise retardée"sv,
                               "bezorging vertraagd"sv,
                               "entrega atrasada"sv,
                               "entrega retrasada"sv,
                               "تأخر التسليم"sv};

}  // namespace

std::span<std::string_view const> default_permanent_phrases()
{
    return permanent;
}

std::span<std::string_view const> default_temporary_phrases()
{
    return temporary;
}

}  // namespace postroom::screens
