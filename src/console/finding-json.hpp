// Findings of the check list as the API shows them, in the reader's language.
#pragma once

#include "checks/item.hpp"
#include "console/json.hpp"
#include "store/findings.hpp"
#include "words/language.hpp"

#include <map>
#include <memory>

namespace postroom::console {

/// Whose names stand in remedies: each account and mailbox is looked up at the first finding about it.
class FindingNames {
public:
    explicit FindingNames(store::Connection& c) : connection_(c) {}
    [[nodiscard]] checks::Target of(store::CheckFinding const& found);

private:
    store::Connection& connection_;
    std::map<std::string, std::shared_ptr<checks::ApplicationFile const>> applications_;  // by name
    std::map<model::AccountId, std::shared_ptr<checks::AccountFile const>> accounts_;
    std::map<model::MailboxId, std::shared_ptr<checks::MailboxFile const>> mailboxes_;
};

[[nodiscard]] json::object to_json(store::CheckFinding const& found, FindingNames& names,
                                   words::Language const& language);
[[nodiscard]] json::array to_json(std::vector<store::CheckFinding> const& found, store::Connection& c,
                                  words::Language const& language);

}  // namespace postroom::console
