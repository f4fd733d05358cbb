// The pages that a person sees at the identity provider.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

/// Text for HTML.
[[nodiscard]] std::string escape(std::string_view text);
[[nodiscard]] std::string page(std::string_view title, std::string_view body);

struct SignInForm {
    std::string login;                  ///< what the field holds already
    std::string problem;                ///< shown above it, in plain text
    std::string application;            ///< who asks
    std::vector<std::string> accounts;  ///< to pick from (prompt=select_account); they need no password
};
/// Posts to its own address: `login` and `passwd`, or `pick`.
[[nodiscard]] std::string sign_in_page(SignInForm const& form);
/// Posts `consent` = accept or decline. `for_whom` is said in the heading: "for your organization", or nothing.
[[nodiscard]] std::string consent_page(std::string_view application, std::string_view user,
                                       std::vector<std::string> const& scopes, std::string_view for_whom = {});
/// What Entra shows instead of redirecting.
[[nodiscard]] std::string error_page(std::string_view text, std::string_view trace_id, std::string_view correlation_id,
                                     std::string_view timestamp);

}  // namespace postroom::lab
