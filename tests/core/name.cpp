#include <boost/test/unit_test.hpp>

#include <viseme/core/name.hpp>

namespace name_suite {

using namespace viseme;

static_assert("conv"_n == "conv"_n && !("conv"_n == "convs"_n));
static_assert(path{}.child("down1").child("conv").child(10).view() == "down1.conv.10");

BOOST_AUTO_TEST_SUITE(name)

BOOST_AUTO_TEST_CASE(names_keep_their_text) {
  BOOST_TEST("num_batches_tracked"_n.view() == "num_batches_tracked");
  BOOST_TEST(""_n.view().empty());
  BOOST_TEST("a.b"_n.size == 3);
}

BOOST_AUTO_TEST_CASE(capacity) {
  viseme::name n;
  n.append("123456789012345678901234");
  BOOST_TEST(n.size == 24);
  BOOST_CHECK_THROW(n.append("x"), const char*);
  BOOST_TEST(n.view() == "123456789012345678901234");
}

BOOST_AUTO_TEST_CASE(children) {
  BOOST_TEST(path{}.child("inc").view() == "inc");
  BOOST_TEST(path{}.child(0).child("weight").view() == "0.weight");
  BOOST_TEST(path{}.child(1234567).view() == "1234567");
}

BOOST_AUTO_TEST_CASE(a_parent_does_not_change) {
  const auto parent = path{}.child("up1");
  const auto child = parent.child("conv");
  BOOST_TEST(parent.view() == "up1");
  BOOST_TEST((!(child == parent)));
  BOOST_TEST((parent.child("conv") == child));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace name_suite
