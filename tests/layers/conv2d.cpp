#include "check_layer.hpp"

namespace conv2d_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(conv2d)

BOOST_AUTO_TEST_CASE(pointwise) {
  check_layer<viseme::pointwise<5, 19>>({{3, 5, 7, 33}});
  check_layer<viseme::pointwise<33, 3, true>>({{2, 33, 1, 1}});
}

BOOST_AUTO_TEST_CASE(depthwise) {
  check_layer<depthwise3x3<19>>({{2, 19, 7, 33}});
  check_layer<depthwise3x3<16, 2>>({{3, 16, 7, 33}});
  check_layer<depthwise3x3<3, 2>>({{1, 3, 1, 7}});
  check_layer<depthwise3x3<8>>({{1, 8, 1, 1}});
}

BOOST_AUTO_TEST_CASE(depthwise_with_bias) { check_layer<viseme::conv2d<conv{.in = 9, .out = 9, .kernel = {3, 3}, .pad = {1, 1}, .groups = 9, .bias = true}>>({{2, 9, 7, 7}}); }

BOOST_AUTO_TEST_CASE(padding_of_three) { check_layer<viseme::dense<4, 17, 3, 2, 3>>({{2, 4, 7, 33}}); }

BOOST_AUTO_TEST_CASE(kernel_of_five) { check_layer<viseme::dense<3, 8, 5, 2, 1>>({{2, 3, 33, 7}}); }

BOOST_AUTO_TEST_CASE(kernel_of_seven) {
  check_layer<viseme::dense<3, 5, 7, 1, 3>>({{1, 3, 7, 33}});
  check_layer<viseme::dense<2, 3, 7, 1, 3>>({{2, 2, 1, 1}});
}

BOOST_AUTO_TEST_CASE(oblong_strides) {
  check_layer<viseme::dense<3, 6, 3, 3, 1, 1>>({{3, 3, 33, 7}});
  check_layer<viseme::dense<3, 6, 3, 3, 1, 2>>({{2, 3, 7, 33}});
}

BOOST_AUTO_TEST_CASE(oblong_kernel) { check_layer<viseme::conv2d<conv{.in = 3, .out = 4, .kernel = {1, 5}, .stride = {1, 2}, .pad = {0, 2}}>>({{2, 3, 7, 33}}); }

BOOST_AUTO_TEST_CASE(other_groups_fall_back) {
  using grouped = viseme::conv2d<conv{.in = 6, .out = 9, .kernel = {3, 3}, .stride = {2, 1}, .pad = {1, 0}, .groups = 3, .bias = true}>;
  BOOST_TEST((step_of<grouped, fast>().ran_by) == "reference");
  check_layer<grouped>({{2, 6, 7, 33}});
}

BOOST_AUTO_TEST_CASE(with_an_activation) {
  check_fused<viseme::pointwise<5, 19, true>, sigmoid>({{2, 5, 7, 7}});
  check_fused<depthwise3x3<19>, relu>({{2, 19, 7, 7}});
}

BOOST_AUTO_TEST_CASE(with_a_norm) {
  check_fused<viseme::pointwise<5, 19>, batch_norm<19>>({{2, 5, 7, 7}});
  check_fused<viseme::pointwise<5, 19>, batch_norm<19>, relu>({{2, 5, 7, 7}});
  check_fused<depthwise3x3<33, 2>, batch_norm<33>, relu>({{2, 33, 7, 33}});
  check_fused<viseme::dense<3, 16, 3, 1, 1>, batch_norm<16>, leaky_relu<100>>({{2, 3, 7, 33}});
}

BOOST_AUTO_TEST_CASE(with_a_norm_and_a_sum) {
  check_fused<viseme::pointwise<5, 19>, batch_norm<19>, add>({{3, 5, 7, 7}, {3, 19, 7, 7}});
  check_fused<viseme::dense<16, 16, 3, 1, 1>, batch_norm<16>, add, relu>({{2, 16, 7, 7}, {2, 16, 7, 7}});
  check_fused<depthwise3x3<16>, batch_norm<16>, add, leaky_relu<100>>({{2, 16, 7, 7}, {2, 16, 7, 7}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace conv2d_suite
