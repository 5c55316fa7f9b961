#include <backends/simt/depthwise3x3.hpp>

#include "check_simt.hpp"

namespace depthwise3x3_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(depthwise3x3)

template <int C, int Stride = 1>
using depthwise = viseme::depthwise3x3<C, Stride>;
template <int C, int Stride>
using with_bias = viseme::conv2d<conv{.in = C, .out = C, .kernel = {3, 3}, .stride = {Stride, Stride}, .pad = {1, 1}, .groups = C, .bias = true}>;

BOOST_AUTO_TEST_CASE(stride_1) {
  check_simt_layer<depthwise<19>>({{2, 19, 7, 33}});
  check_simt_layer<depthwise<64>>({{1, 64, 33, 7}});
  check_simt_layer<depthwise<1>>({{3, 1, 7, 7}});
}

BOOST_AUTO_TEST_CASE(stride_2) {
  check_simt_layer<depthwise<33, 2>>({{2, 33, 7, 33}});
  check_simt_layer<depthwise<64, 2>>({{1, 64, 33, 7}});
  check_simt_layer<depthwise<16, 2>>({{3, 16, 8, 10}});
}

BOOST_AUTO_TEST_CASE(single_rows_and_pixels) {
  check_simt_layer<depthwise<3>>({{1, 3, 1, 7}});
  check_simt_layer<depthwise<8>>({{2, 8, 1, 1}});
  check_simt_layer<depthwise<3, 2>>({{1, 3, 7, 1}});
  check_simt_layer<depthwise<8, 2>>({{2, 8, 1, 1}});
  check_simt_layer<depthwise<4, 2>>({{2, 4, 2, 2}});
}

BOOST_AUTO_TEST_CASE(more_channels_than_a_block) { check_simt_layer<depthwise<260>>({{1, 260, 3, 5}}); }

BOOST_AUTO_TEST_CASE(bias) {
  check_simt_layer<with_bias<9, 1>>({{2, 9, 7, 7}});
  check_simt_layer<with_bias<16, 2>>({{2, 16, 7, 33}});
}

BOOST_AUTO_TEST_CASE(with_an_activation) {
  check_simt_fused<depthwise<19>, relu>({{2, 19, 7, 7}});
  check_simt_fused<with_bias<16, 2>, sigmoid>({{2, 16, 7, 7}});
}

BOOST_AUTO_TEST_CASE(with_a_norm) {
  check_simt_fused<depthwise<33, 2>, batch_norm<33>, relu>({{2, 33, 7, 33}});
  check_simt_fused<depthwise<64>, batch_norm<64>>({{1, 64, 7, 7}});
  check_simt_fused<with_bias<8, 1>, batch_norm<8>, leaky_relu<100>>({{3, 8, 7, 7}});
}

BOOST_AUTO_TEST_CASE(with_a_norm_and_a_sum) {
  check_simt_fused<depthwise<16>, batch_norm<16>, add>({{3, 16, 7, 7}, {3, 16, 7, 7}});
  check_simt_fused<depthwise<19>, batch_norm<19>, add, leaky_relu<100>>({{2, 19, 7, 7}, {2, 19, 7, 7}});
}

BOOST_AUTO_TEST_CASE(gradient_over_its_input) {
  using B = under_test<float>;
  using layer = depthwise<8>;
  const auto k = make_case<layer>({{2, 8, 5, 7}}, false);
  const auto apart = run(step_of<layer, B>(), k);
  const shape s = k.sizes[0];
  block<B> x(k.x[0], s), d_out(k.d_out, k.out);
  block<B, float> weight(k.parameters[0]), d_weight(numbers(k.parameters[0].size()));
  backward_call<float> b;
  b.inputs = 1;
  b.in[0] = {x.data, s, layout::nhwc};
  b.d_in[0] = {x.data, s, layout::nhwc};
  b.d_out = {d_out.data, k.out, layout::nhwc};
  b.parameters[0] = weight.data;
  b.d_parameters[0] = d_weight.data;
  call_shapes sizes{.in = {}, .out = k.out};
  sizes.in.in[0] = s;
  sizes.in.count = 1;
  block<B, float> scratch(op<layer, B>::backward_scratch(context<B>(), sizes));
  b.scratch = scratch.data;
  op<layer, B>::backward(context<B>(), b);
  BOOST_TEST((x.values(s) == apart.d_x[0]));
  BOOST_TEST((d_weight.values() == apart.d_parameters[0]));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace depthwise3x3_suite
