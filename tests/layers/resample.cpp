#include "check_layer.hpp"

namespace resample_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(resample)

BOOST_AUTO_TEST_CASE(bilinear) {
  check_layer<upsample2x>({{2, 19, 7, 33}});
  check_layer<upsample2x>({{3, 5, 1, 7}});
  check_layer<upsample2x>({{1, 16, 1, 1}});
}

BOOST_AUTO_TEST_CASE(bilinear_keeps_corners) {
  auto k = make_case<upsample2x>({{1, 1, 2, 2}}, false);
  k.x = {{0, 3, 6, 9}};
  const auto out = run(step_of<upsample2x, truth>(), k).out;
  check_near("rows", out, {0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9}, 1e-15);
}

BOOST_AUTO_TEST_CASE(maximum) {
  check_layer<max_pool<2>>({{2, 19, 7, 33}});
  check_layer<max_pool<2>>({{3, 8, 2, 2}});
}

BOOST_AUTO_TEST_CASE(maximum_gives_the_gradient_to_the_first) {
  auto k = make_case<max_pool<2>>({{1, 1, 2, 2}}, false);
  k.x = {{1, 4, 4, 4}};
  k.d_out = {3};
  for (const auto& r : {run(step_of<max_pool<2>, truth>(), k), run(step_of<max_pool<2>, fast>(), k)}) BOOST_TEST((r.d_x[0] == numbers{0, 3, 0, 0}));
}

BOOST_AUTO_TEST_CASE(other_windows_fall_back) { check_layer<max_pool<3>>({{2, 5, 7, 33}}); }

BOOST_AUTO_TEST_CASE(averages) {
  check_layer<global_average_pool>({{3, 19, 7, 33}});
  check_layer<average_pool<2>>({{2, 5, 7, 33}});
  check_layer<average_pool<7>>({{1, 3, 7, 33}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace resample_suite
