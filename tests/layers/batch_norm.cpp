#include "check_layer.hpp"

namespace batch_norm_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(batch_norm)

BOOST_AUTO_TEST_CASE(alone) {
  check_layer<viseme::batch_norm<16>>({{2, 16, 7, 33}});
  check_layer<viseme::batch_norm<33>>({{3, 33, 7, 1}});
  check_layer<viseme::batch_norm<1>>({{1, 1, 7, 7}});
}

BOOST_AUTO_TEST_CASE(running_statistics_as_in_torch) {
  auto k = make_case<viseme::batch_norm<1>>({{3, 1, 1, 1}}, true);
  k.x = {{1, 2, 6}};
  k.parameters = {{1}, {0}, {10}, {20}, {0}};
  const auto r = run(step_of<viseme::batch_norm<1>, truth>(), k);
  check_near("mean", r.parameters[2], {0.9 * 10 + 0.1 * 3}, 1e-14);
  check_near("unbiased variance", r.parameters[3], {0.9 * 20 + 0.1 * 7}, 1e-14);
  check_near("normalised", r.out, {-2 / std::sqrt(14 / 3.0 + 1e-5), -1 / std::sqrt(14 / 3.0 + 1e-5), 3 / std::sqrt(14 / 3.0 + 1e-5)}, 1e-14);
}

BOOST_AUTO_TEST_CASE(with_an_activation) {
  check_fused<viseme::batch_norm<16>, relu>({{2, 16, 7, 33}});
  check_fused<viseme::batch_norm<33>, leaky_relu<100>>({{3, 33, 7, 1}});
}

BOOST_AUTO_TEST_CASE(with_a_sum) { check_fused<viseme::batch_norm<33>, add>({{2, 33, 7, 7}, {2, 33, 7, 7}}); }

BOOST_AUTO_TEST_CASE(with_a_sum_and_an_activation) {
  check_fused<viseme::batch_norm<16>, add, relu>({{2, 16, 7, 7}, {2, 16, 7, 7}});
  check_fused<viseme::batch_norm<33>, add, leaky_relu<100>>({{3, 33, 1, 7}, {3, 33, 1, 7}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace batch_norm_suite
