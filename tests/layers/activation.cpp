#include "check_layer.hpp"

namespace activation_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(activation)

BOOST_AUTO_TEST_CASE(rectified) { check_layer<relu>({{3, 19, 7, 33}}); }
BOOST_AUTO_TEST_CASE(leaky) { check_layer<leaky_relu<100>>({{2, 33, 1, 7}}); }
BOOST_AUTO_TEST_CASE(logistic) { check_layer<sigmoid>({{2, 3, 33, 7}}); }

BOOST_AUTO_TEST_CASE(far_from_zero) {
  auto k = make_case<sigmoid>({{1, 4, 1, 1}}, false);
  k.x = {{-1000, -20, 20, 1000}};
  check_near(run(step_of<sigmoid, fast>(), k), run(step_of<sigmoid, truth>(), k), 1e-6, 1e-3);
}

BOOST_AUTO_TEST_CASE(nan_stays) {
  auto k = make_case<relu>({{1, 3, 1, 1}}, false);
  k.x = {{NAN, -1, 2}};
  for (const auto& out : {run(step_of<relu, truth>(), k).out, run(step_of<relu, fast>(), k).out}) {
    BOOST_TEST(std::isnan(out[0]));
    BOOST_TEST((out[1] == 0 && out[2] == 2));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace activation_suite
