// Blocks that cuda's one kernel does not take, with the libraries' products.
#include <tests/simt/check_simt.hpp>

using namespace viseme;
using namespace viseme::tests;

namespace {

template <int In, int Hidden, int Out, int Stride, class... Tail>
void check_block(const std::vector<shape>& sizes) {
  check_simt_fused<pointwise<In, Hidden>, batch_norm<Hidden>, relu, depthwise3x3<Hidden, Stride>, batch_norm<Hidden>, relu,
                   pointwise<Hidden, Out>, batch_norm<Out>, Tail...>(sizes);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inverted_residual)

BOOST_AUTO_TEST_CASE(every_pixel) { check_block<72, 144, 80, 1>({{2, 72, 7, 9}}); }

BOOST_AUTO_TEST_CASE(every_other_pixel) { check_block<80, 160, 72, 2>({{3, 80, 9, 11}}); }

BOOST_AUTO_TEST_CASE(with_a_sum) { check_block<72, 144, 72, 1, add>({{2, 72, 5, 7}, {2, 72, 5, 7}}); }

BOOST_AUTO_TEST_SUITE_END()
