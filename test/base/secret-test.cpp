#include "base/secret.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace postroom {
namespace {

// Nothing can print a Secret by accident: that these do not exist is the point of the type.
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);
template <class T>
concept Streams = requires(std::ostream& out, T const& value) { out << value; };
static_assert(!Streams<Secret>);

TEST(Secret, gives_its_bytes_to_whoever_asks_by_name)
{
    Secret const secret(std::string("to\0ken", 6));
    EXPECT_EQ(secret.expose(), std::string_view("to\0ken", 6));
    EXPECT_EQ(secret.size(), 6U);
    EXPECT_FALSE(secret.empty());
    EXPECT_TRUE(Secret().empty());
}

TEST(Secret, is_copied_moved_assigned_and_compared)
{
    Secret first(std::string("one"));
    Secret copy = first;
    EXPECT_TRUE(copy == first);
    Secret const moved = std::move(first);
    EXPECT_TRUE(moved == copy);
    copy = Secret(std::string("two"));
    EXPECT_FALSE(copy == moved);
    EXPECT_FALSE(copy == Secret(std::string("twos")));
    Secret& same = copy;
    copy = same;
    EXPECT_EQ(copy.expose(), "two");
    EXPECT_TRUE(Secret() == Secret(std::string()));  // NOLINT(readability-container-size-empty)
}

TEST(Secret, leaves_nothing_behind_in_what_it_was_moved_from)
{
    // One short enough to lie inside the string object, one that does not.
    for (std::size_t const size : {7U, 4'000U}) {
        Secret from(std::string(size, 's'));
        Secret const to = std::move(from);
        EXPECT_EQ(to.size(), size);
        // NOLINTBEGIN(bugprone-use-after-move,clang-analyzer-cplusplus.Move): this is what is tested
        EXPECT_TRUE(from.empty());
        EXPECT_EQ(*from.expose().data(), '\0');
        // NOLINTEND(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
    }
}

TEST(Secret, wipe_overwrites_the_whole_capacity)
{
    std::string bytes(100, 's');
    bytes.resize(3);
    char const* const data = bytes.data();
    std::size_t const capacity = bytes.capacity();
    wipe(bytes);
    EXPECT_TRUE(bytes.empty());
    EXPECT_EQ(bytes.capacity(), capacity);
    // ASan marks nothing inside a string's own buffer, so what lies behind its end may be read here.
    for (std::size_t i = 0; i < capacity; ++i) ASSERT_EQ(data[i], '\0') << i;
}

}  // namespace
}  // namespace postroom
