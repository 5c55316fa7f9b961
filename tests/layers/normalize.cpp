#include "check_layer.hpp"

namespace normalize_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(normalize)

BOOST_AUTO_TEST_CASE(to_length_one) {
  check_layer<l2_normalize>({{3, 33, 1, 1}});
  check_layer<l2_normalize>({{2, 5, 7, 3}});
}

BOOST_AUTO_TEST_CASE(nothing_stays_nothing) {
  auto k = make_case<l2_normalize>({{1, 3, 1, 1}}, false);
  k.x = {{0, 0, 0}};
  const auto r = run(step_of<l2_normalize, truth>(), k);
  BOOST_TEST((r.out == numbers{0, 0, 0}));
  for (double d : r.d_x[0]) BOOST_TEST(std::isfinite(d));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace normalize_suite
