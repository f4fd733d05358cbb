// GMime's objects, owned.
#pragma once

#include <gmime/gmime.h>

#include <memory>

namespace postroom::mime {

struct Unref {
    void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

struct Free {
    void operator()(void* memory) const { g_free(memory); }
};
/// A string that GLib allocated.
using GString8 = std::unique_ptr<char, Free>;

/// Initialises GMime once; every function that calls it does this first.
void use_gmime();

}  // namespace postroom::mime
