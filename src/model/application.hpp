// An identity application: a registration at an identity provider.
#pragma once

#include "model/ids.hpp"

#include <string>

namespace postroom::model {

/// A sealed secret: what vault/ made of it. Opaque to everybody else.
struct Sealed {
    std::string bytes;
    friend bool operator==(Sealed const&, Sealed const&) = default;
};

struct Application {
    ApplicationId id;
    std::string name;
    std::string cloud;      ///< worldwide, gcc-high, dod, china, or custom: the records are in oauth/clouds.hpp
    std::string tenant;     ///< a GUID or a verified domain
    std::string authority;  ///< the URL of any OpenID provider, where the cloud's own is not meant; else empty
    std::string client_id;
    Sealed client_secret;  ///< empty for a public client
    Instant created{};
};

}  // namespace postroom::model
