# Every library from outside, under the short name that CMakeLists.txt uses: LIBS asio → postroom_lib_asio.
# What each is for, and what else was looked at: docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json locale url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)

function(postroom_pkg name)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
    # GMime's -pthread says nothing new to glibc 2.34 and later, but parts a source from the precompiled headers.
    set_target_properties(PkgConfig::${name} PROPERTIES INTERFACE_COMPILE_OPTIONS "")
    add_library(postroom_lib_${name} INTERFACE)
    target_link_libraries(postroom_lib_${name} INTERFACE PkgConfig::${name})
endfunction()
postroom_pkg(sodium libsodium)
postroom_pkg(sqlite sqlite3)
postroom_pkg(pq libpq)
postroom_pkg(isal libisal)
postroom_pkg(zstd libzstd)
postroom_pkg(gmime gmime-3.0)
postroom_pkg(xml2 libxml-2.0)
postroom_pkg(icu icu-uc)
postroom_pkg(curl libcurl)
postroom_pkg(cares libcares)

# Asio and Beast are compiled once, here, and not in every source that names them.
add_library(postroom_lib_asio STATIC cmake/asio.cpp)
target_link_libraries(postroom_lib_asio PUBLIC Boost::headers Threads::Threads PRIVATE postroom_options)
target_compile_definitions(postroom_lib_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
    BOOST_ASIO_DISABLE_BOOST_REGEX)
add_library(postroom_lib_beast STATIC cmake/beast.cpp)
target_link_libraries(postroom_lib_beast PUBLIC postroom_lib_asio PRIVATE postroom_options)
target_compile_definitions(postroom_lib_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)

add_library(postroom_lib_json INTERFACE)
target_link_libraries(postroom_lib_json INTERFACE Boost::json)
add_library(postroom_lib_locale INTERFACE)
target_link_libraries(postroom_lib_locale INTERFACE Boost::locale)
add_library(postroom_lib_url INTERFACE)
target_link_libraries(postroom_lib_url INTERFACE Boost::url)
add_library(postroom_lib_openssl INTERFACE)
target_link_libraries(postroom_lib_openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)
find_package(tomlplusplus QUIET)
add_library(postroom_lib_toml INTERFACE)   # header only
add_library(postroom_lib_cli11 INTERFACE)  # header only
