#include "lab/licences.hpp"

#include <algorithm>
#include <array>

namespace postroom::lab {

namespace {

constexpr std::string_view standard = "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
                           enterprise = "efb87545-963c-4e0d-99df-69c6916d9eb0",
                           deskless = "4a82b400-a79f-41a4-b4e2-e94f5787b113",
                           foundation = "113feb6c-3fe4-4440-bddc-54d774bf0318";

constexpr std::array<Licence, 14> table{{
    {"ENTERPRISEPACK", "6fd2c87f-b296-42f0-b197-1e91e994b900", "EXCHANGE_S_ENTERPRISE", enterprise},
    {"ENTERPRISEPREMIUM", "c7df2760-2c81-4ef7-b578-5b5392b571df", "EXCHANGE_S_ENTERPRISE", enterprise},
    {"SPE_E3", "05e9a617-0261-4cee-bb44-138d3ef5d965", "EXCHANGE_S_ENTERPRISE", enterprise},
    {"SPE_E5", "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "EXCHANGE_S_ENTERPRISE", enterprise},
    {"EXCHANGEENTERPRISE", "19ec0d23-8335-4cbd-94ac-6050e30712fa", "EXCHANGE_S_ENTERPRISE", enterprise},
    {"STANDARDPACK", "18181a46-0d4e-45cd-891e-60aabd171b4e", "EXCHANGE_S_STANDARD", standard},
    {"EXCHANGESTANDARD", "4b9405b0-7788-4568-add1-99614e613b69", "EXCHANGE_S_STANDARD", standard},
    {"O365_BUSINESS_ESSENTIALS", "3b555118-da6a-4418-894f-7df1e2096870", "EXCHANGE_S_STANDARD", standard},
    {"O365_BUSINESS_PREMIUM", "f245ecc8-75af-4f8e-b61f-27d8114de5f3", "EXCHANGE_S_STANDARD", standard},
    {"SPB", "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "EXCHANGE_S_STANDARD", standard},
    {"DESKLESSPACK", "4b585984-651b-448a-9e53-3b10f069cf7f", "EXCHANGE_S_DESKLESS", deskless, true, false},
    {"SPE_F1", "66b55226-6b4f-492c-910c-a3b7a3c9d993", "EXCHANGE_S_DESKLESS", deskless, true, false},
    {"EXCHANGEDESKLESS", "80b2d799-d2ba-4d2a-8842-fb0d0f3a4b82", "EXCHANGE_S_DESKLESS", deskless, true, false},
    {"M365_F1", "44575883-256e-4a79-9da4-ebe9acabe2b2", "EXCHANGE_S_FOUNDATION", foundation, false, false},
}};

}  // namespace

std::span<Licence const> licences()
{
    return table;
}

Licence const* licence_named(std::string_view product)
{
    auto const found = std::ranges::find(table, product, &Licence::product);
    return found == table.end() ? nullptr : &*found;
}

}  // namespace postroom::lab
