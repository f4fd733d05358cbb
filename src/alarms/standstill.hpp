// That nothing can be written to the store can't be noted there: its call is kept in memory, by each application
// server.
#pragma once

#include "model/alarm.hpp"
#include "store/store.hpp"

#include <optional>

namespace postroom::alarms {

class Standstill {
public:
    struct Told {
        model::AlarmCall call;
        model::Telling what = model::Telling::begins;
    };

    /// What people are told now. `first` is the server that calls people about everything else; the others let it go
    /// before, since they can't know whether it lives, and tell it only where it lasts.
    [[nodiscard]] std::optional<Told> look(std::optional<store::Store::Standstill> const& trouble,
                                           model::AlarmRule rule, Duration remind, bool first, Instant now);

private:
    std::optional<model::AlarmCall> call_;
};

}  // namespace postroom::alarms
