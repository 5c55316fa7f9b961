#include "check_layer.hpp"

namespace inverted_residual_suite {

using namespace viseme;
using namespace viseme::tests;

template <int In, int Hidden, int Out, int Stride = 1>
void check(const std::vector<shape>& sizes) {
  using viseme::batch_norm, viseme::pointwise;
  check_fused<pointwise<In, Hidden>, batch_norm<Hidden>, relu, depthwise3x3<Hidden, Stride>, batch_norm<Hidden>, relu,
              pointwise<Hidden, Out>, batch_norm<Out>>(sizes);
  check_trained<pointwise<In, Hidden>, batch_norm<Hidden>, relu, depthwise3x3<Hidden, Stride>, batch_norm<Hidden>, relu,
                pointwise<Hidden, Out>, batch_norm<Out>>(sizes);
}

BOOST_AUTO_TEST_SUITE(inverted_residual)

BOOST_AUTO_TEST_CASE(stride_1) {
  check<8, 16, 16>({{2, 8, 7, 33}});
  check<5, 32, 7>({{1, 5, 18, 3}});
  check<3, 16, 19>({{1, 3, 5, 1}});
}

BOOST_AUTO_TEST_CASE(stride_2) {
  check<8, 16, 16, 2>({{2, 8, 8, 34}});
  check<5, 32, 7, 2>({{1, 5, 17, 5}});
  check<5, 16, 7, 2>({{2, 5, 1, 7}});
}

BOOST_AUTO_TEST_CASE(several_strips_and_bands) {
  check<4, 256, 8>({{1, 4, 35, 67}});
  check<4, 256, 8, 2>({{1, 4, 37, 67}});
}

BOOST_AUTO_TEST_CASE(with_a_sum) {
  using viseme::batch_norm, viseme::pointwise;
  check_trained<pointwise<9, 16>, batch_norm<16>, relu, depthwise3x3<16>, batch_norm<16>, relu, pointwise<16, 9>, batch_norm<9>, add>(
      {{2, 9, 7, 33}, {2, 9, 7, 33}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace inverted_residual_suite
