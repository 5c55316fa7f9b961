#include "check_simt.hpp"

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(conv2d)

BOOST_AUTO_TEST_CASE(pointwise) {
  check_simt_layer<viseme::pointwise<5, 19>>({{3, 5, 7, 33}});
  check_simt_layer<viseme::pointwise<33, 3, true>>({{2, 33, 1, 1}});
  check_simt_layer<viseme::pointwise<24, 72>>({{2, 24, 9, 9}});
}

BOOST_AUTO_TEST_CASE(sums_shared_by_blocks) { check_simt_layer<viseme::pointwise<528, 40>>({{1, 528, 7, 7}}); }

BOOST_AUTO_TEST_CASE(padding_of_three) { check_simt_layer<viseme::dense<4, 17, 3, 2, 3>>({{2, 4, 7, 33}}); }

BOOST_AUTO_TEST_CASE(whole_vectors) { check_simt_layer<viseme::dense<16, 24, 3, 1, 1>>({{2, 16, 7, 9}}); }

BOOST_AUTO_TEST_CASE(kernel_of_five) { check_simt_layer<viseme::dense<3, 8, 5, 2, 1>>({{2, 3, 33, 7}}); }

BOOST_AUTO_TEST_CASE(kernel_of_seven) {
  check_simt_layer<viseme::dense<3, 5, 7, 1, 3>>({{1, 3, 7, 33}});
  check_simt_layer<viseme::dense<2, 3, 7, 1, 3>>({{2, 2, 1, 1}});
}

BOOST_AUTO_TEST_CASE(oblong_strides) {
  check_simt_layer<viseme::dense<3, 6, 3, 3, 1, 1>>({{3, 3, 33, 7}});
  check_simt_layer<viseme::dense<8, 16, 3, 3, 1, 2>>({{2, 8, 7, 33}});
}

BOOST_AUTO_TEST_CASE(oblong_kernel) {
  check_simt_layer<viseme::conv2d<conv{.in = 3, .out = 4, .kernel = {1, 5}, .stride = {1, 2}, .pad = {0, 2}}>>({{2, 3, 7, 33}});
}

BOOST_AUTO_TEST_CASE(groups) {
  using grouped = viseme::conv2d<conv{.in = 6, .out = 9, .kernel = {3, 3}, .stride = {2, 1}, .pad = {1, 0}, .groups = 3, .bias = true}>;
  check_simt_layer<grouped>({{2, 6, 7, 33}});
  check_simt_fused<grouped, batch_norm<9>, relu>({{2, 6, 7, 9}});
}

BOOST_AUTO_TEST_CASE(with_an_activation) { check_simt_fused<viseme::pointwise<5, 19, true>, sigmoid>({{2, 5, 7, 7}}); }

BOOST_AUTO_TEST_CASE(with_a_norm) {
  check_simt_fused<viseme::pointwise<5, 19>, batch_norm<19>>({{2, 5, 7, 7}});
  check_simt_fused<viseme::pointwise<16, 24>, batch_norm<24>, relu>({{2, 16, 7, 7}});
  check_simt_fused<viseme::dense<3, 16, 3, 1, 1>, batch_norm<16>, leaky_relu<100>>({{2, 3, 7, 33}});
}

BOOST_AUTO_TEST_CASE(with_a_norm_and_a_sum) {
  check_simt_fused<viseme::pointwise<5, 19>, batch_norm<19>, add>({{3, 5, 7, 7}, {3, 19, 7, 7}});
  check_simt_fused<viseme::dense<16, 16, 3, 1, 1>, batch_norm<16>, add, relu>({{2, 16, 7, 7}, {2, 16, 7, 7}});
}

BOOST_AUTO_TEST_SUITE_END()
