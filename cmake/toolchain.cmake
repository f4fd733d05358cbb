# clang only: g++ 12 miscompiles ordinary coroutine code without a warning (docs/adr/0001-clang-19.md).
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
    message(FATAL_ERROR "Postroom is compiled with clang 19 or later; this is ${CMAKE_CXX_COMPILER_ID} "
        "${CMAKE_CXX_COMPILER_VERSION}. Run tools/bootstrap, then use a preset: cmake --preset dev")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(POSTROOM_SANITIZE "" CACHE STRING "Sanitizers, as clang's -fsanitize= takes them")
option(POSTROOM_FUZZ "Build the fuzz targets" OFF)
option(POSTROOM_BENCH "Build the benchmarks" OFF)
option(POSTROOM_WERROR "Treat warnings as errors" ON)

# One set of options for every target, so that precompiled headers can be shared.
add_library(postroom_options INTERFACE)
target_compile_options(postroom_options INTERFACE
    -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor -Wno-missing-designated-field-initializers
    $<$<BOOL:${POSTROOM_WERROR}>:-Werror>
    -fno-omit-frame-pointer -fstack-protector-strong)
target_include_directories(postroom_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_options(postroom_options INTERFACE -fuse-ld=lld)
target_compile_definitions(postroom_options INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2> _GLIBCXX_ASSERTIONS)
if(POSTROOM_SANITIZE)
    target_compile_options(postroom_options INTERFACE
        -fsanitize=${POSTROOM_SANITIZE} -fno-sanitize-recover=all -U_FORTIFY_SOURCE
        # It asks a pipe whether an object may be read, and where tests use up the descriptors every object is broken to it.
        -fno-sanitize=vptr)
    target_link_options(postroom_options INTERFACE -fsanitize=${POSTROOM_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
    # Without it clang writes the time of its making into a precompiled header, and nothing is ever found again.
    add_compile_options(-Xclang -fno-pch-timestamp)
endif()
