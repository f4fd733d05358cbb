// A department owns accounts, mailboxes, queues and agents.
#pragma once

#include "model/ids.hpp"

#include <string>

namespace postroom::model {

struct Department {
    DepartmentId id;
    std::string name;
    Instant created{};
};

}  // namespace postroom::model
