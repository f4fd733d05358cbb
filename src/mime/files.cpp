#include "mime/files.hpp"

#include "mime/walk.hpp"

namespace postroom::mime {

namespace {

class Files final : public Walker {
public:
    Files(std::size_t keep, std::function<bool(File const&)> const& each) : keep_(keep), each_(each) {}

private:
    Words leaf(Leaf const& leaf, int number, bool unpacked) override
    {
        bool const worded = leaf.type == "text/plain" || leaf.type == "text/html";
        bool const attached = !leaf.disposition.empty() && leaf.disposition != "inline";
        if (unpacked || done_ || (worded && !attached && leaf.name.empty())) return {};
        auto decoded = leaf.decode(keep_);
        done_ = !each_({.number = number,
                        .type = leaf.type,
                        .name = leaf.name,
                        .size = decoded.size,
                        .bytes = std::move(decoded.bytes)});
        return {};
    }

    std::size_t keep_;
    std::function<bool(File const&)> const& each_;
    bool done_ = false;
};

}  // namespace

Result<void> each_file(std::string_view bytes, std::size_t keep, std::function<bool(File const&)> const& each)
{
    auto const parsed = parse(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    Files files(keep, each);
    files.walk(parsed->root.get());
    return {};
}

}  // namespace postroom::mime
