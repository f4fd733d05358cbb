#include "retriever/packing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/evp.h>

#include <new>
#include <utility>

namespace postroom::retriever {

namespace asio = boost::asio;

namespace {

// So many are worth waking a thread of the pool for.
constexpr std::size_t enough = 8;
constexpr std::size_t enough_bytes = 128 * 1024;

using Context = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* context) { EVP_MD_CTX_free(context); })>;

void check(int ok)
{
    if (ok != 1) throw std::bad_alloc();  // nothing else can go wrong with SHA-256
}

// The exact bytes' digest, as they come. OpenSSL's, which uses the processor's own instructions: libsodium's took a
// seventh of the time of filing.
class Digesting {
public:
    Digesting() : all_(EVP_MD_CTX_new()), until_now_(EVP_MD_CTX_new()) {}
    void begin() { check(EVP_DigestInit_ex(all_.get(), EVP_sha256(), nullptr)); }
    void add(std::string_view bytes) { check(EVP_DigestUpdate(all_.get(), bytes.data(), bytes.size())); }
    [[nodiscard]] model::Digest until_now()
    {
        model::Digest digest{};
        check(EVP_MD_CTX_copy_ex(until_now_.get(), all_.get()));
        check(EVP_DigestFinal_ex(until_now_.get(), digest.data(), nullptr));
        return digest;
    }

private:
    Context all_;
    Context until_now_;
};

}  // namespace

struct Packing::Bench {
    explicit Bench(asio::any_io_executor const& pool) : strand(asio::make_strand(pool)) {}

    void pack(Parcel& parcel)
    {
        try {
            if (parcel.number == 0) digesting.begin();
            digesting.add(parcel.octets);
            parcel.digest = digesting.until_now();
            parcel.chunk = store::make_chunk(parcel.number, parcel.octets);
        } catch (...) {
            parcel.trouble = std::current_exception();
        }
        parcel.octets = {};
    }

    asio::strand<asio::any_io_executor> strand;
    Digesting digesting;
};

Packing::Packing(asio::any_io_executor const& pool) : bench_(std::make_shared<Bench>(pool)) {}

void Packing::pack(std::shared_ptr<Parcel> parcel)
{
    gathered_bytes_ += parcel->octets.size();
    gathered_.push_back(std::move(parcel));
    if (gathered_.size() >= enough || gathered_bytes_ >= enough_bytes) hand_over();
}

void Packing::hand_over()
{
    gathered_bytes_ = 0;
    if (gathered_.empty()) return;
    asio::post(bench_->strand, [bench = bench_, parcels = std::exchange(gathered_, {})] {
        for (auto const& parcel : parcels) bench->pack(*parcel);
    });
}

net::awaitable<void> Packing::packed()
{
    hand_over();
    // The strand keeps the order, so that it comes to this after all of them.
    auto const strand = bench_->strand;
    auto nothing = []() -> asio::awaitable<void> { co_return; };
    co_await asio::co_spawn(strand, nothing, asio::use_awaitable);
}

}  // namespace postroom::retriever
