#include "mime/report.hpp"

#include <gtest/gtest.h>

namespace postroom::mime {
namespace {

TEST(Report, StatusesMeanSomethingToPeople)
{
    EXPECT_EQ(meaning_of("5.1.1"), Meaning::no_such_address);
    EXPECT_EQ(meaning_of("5.1.10"), Meaning::no_such_address);
    EXPECT_EQ(meaning_of("5.4.310"), Meaning::no_such_domain);
    EXPECT_EQ(meaning_of("5.2.2 (full)"), Meaning::mailbox_full);
    EXPECT_EQ(meaning_of("4.2.2"), Meaning::mailbox_full);
    EXPECT_EQ(meaning_of("5.7.708"), Meaning::refused);
    EXPECT_EQ(meaning_of("4.4.7"), Meaning::no_answer);
    for (auto const* nothing : {"", "5", "5.", "5.9.9", "2.0.0", "x", "5.71", "5.1.11", "..", "5.7"})
        EXPECT_EQ(meaning_of(nothing), Meaning::unknown) << nothing;
}

}  // namespace
}  // namespace postroom::mime
