#include "store/postgres/store.hpp"

#include "store/group-store.hpp"
#include "store/postgres/driver.hpp"
#include "store/postgres/schema.hpp"

namespace postroom::store::postgres {

std::unique_ptr<Store> open(Options const& options)
{
    auto parameters = parameters_of(options.path);
    if (!parameters) throw Failure(parameters.error().kind, parameters.error().message);
    parameters->emplace_back("application_name", options.called);
    auto writer = std::make_unique<Driver>(*parameters, options.clock);
    bring_up_to_date(*writer);
    std::vector<std::unique_ptr<Session>> readers;
    for (std::size_t i = 0; i < options.readers; ++i)
        readers.push_back(std::make_unique<Driver>(*parameters, options.clock));
    return make_group_store(options, std::move(writer), std::move(readers));
}

}  // namespace postroom::store::postgres
