// A walk through the parts of a mail, in their order and by their numbers, into whatever is a mail's structure in
// another dress: winmail.dat, and signed S/MIME.
#pragma once

#include "mime/body.hpp"
#include "mime/leaf.hpp"

namespace postroom::mime {

struct Words {
    std::string text;
    std::string html;

    [[nodiscard]] bool empty() const { return text.empty() && html.empty(); }
};

class Walker {
public:
    virtual ~Walker() = default;

    /// Goes no further than the bounds of read.hpp, and remembers which of them it met.
    Words walk(GMimeObject* object, int depth = 0);
    [[nodiscard]] std::vector<Cut> const& cut() const { return cut_; }

protected:
    /// `unpacked`: its content comes next, as parts of their own.
    virtual Words leaf(Leaf const& leaf, int number, bool unpacked) = 0;
    /// A multipart that signs or encrypts; what S/MIME's objects and OpenPGP's armour are.
    virtual void protects(Protection) {}
    /// The words of winmail.dat, which most often stand beside it as well.
    virtual void wrapped(Words) {}
    /// Remembers a bound that was met.
    void say(Cut cut);

private:
    Words take(Leaf const& leaf, int depth);
    Words into_tnef(Leaf const& leaf, int number);
    Words into_cms(Leaf const& leaf, int number, int depth);
    bool count();

    int number_ = 0;
    std::vector<Cut> cut_;
};

}  // namespace postroom::mime
