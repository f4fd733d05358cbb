#include "retriever/bytes-comparison.hpp"

#include <new>

namespace postroom::retriever {

namespace {

void check(int ok)
{
    if (ok != 1) throw std::bad_alloc();  // nothing else can go wrong with SHA-256
}

}  // namespace

BytesComparison::BytesComparison(std::vector<store::FiledBytes> filed)
{
    for (auto& each : filed) filed_[each.uid] = each;
}

void BytesComparison::begin()
{
    size_ = 0;
    check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void BytesComparison::chunk(std::string_view bytes)
{
    size_ += static_cast<std::int64_t>(bytes.size());
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

void BytesComparison::end(std::uint32_t uid)
{
    auto const before = filed_.find(uid);
    if (before == filed_.end()) return;
    model::Digest digest{};
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    ++compared;
    if (size_ != before->second.size || digest != before->second.digest) differing.emplace_back(uid, size_);
    filed_.erase(before);
}

std::vector<std::uint32_t> BytesComparison::left() const
{
    std::vector<std::uint32_t> uids;
    for (auto const& [uid, filed] : filed_) uids.push_back(uid);
    return uids;
}

net::awaitable<void> ComparedOverImap::begin(std::uint64_t)
{
    to_.begin();
    co_return;
}
net::awaitable<void> ComparedOverImap::chunk(std::string_view bytes)
{
    to_.chunk(bytes);
    co_return;
}
net::awaitable<void> ComparedOverImap::end(imap::MailInfo info)
{
    to_.end(info.uid);
    co_return;
}
net::awaitable<void> ComparedOverImap::discard()
{
    co_return;
}

net::awaitable<void> ComparedOverPop3::begin(std::uint32_t number)
{
    uid_ = uids_.at(number);
    to_.begin();
    co_return;
}
net::awaitable<void> ComparedOverPop3::chunk(std::string_view bytes)
{
    to_.chunk(bytes);
    co_return;
}
net::awaitable<void> ComparedOverPop3::end()
{
    to_.end(uid_);
    co_return;
}

}  // namespace postroom::retriever
