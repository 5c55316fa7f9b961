#include "check_simt.hpp"

namespace conv2d_suite {

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

BOOST_AUTO_TEST_CASE(weight_gradients_of_many_pictures) {
  check_simt_layer<viseme::dense<8, 8, 3, 1, 1>>({{40, 8, 2, 3}});
  check_simt_layer<viseme::pointwise<16, 72>>({{3, 16, 11, 13}});
}

/// Pixels of twelve channels, of which eight are convolved, are not aligned for tensor cores.
BOOST_AUTO_TEST_CASE(channels_among_others) {
  using B = under_test<bf16>;
  constexpr int all = 12, first = 3;
  const auto layer = step_of<viseme::dense<8, 8, 3, 1, 1>, B>();
  const shape s{2, 8, 5, 7};
  std::mt19937 generator(3);
  const auto weight = random_numbers(8 * 8 * 9, generator), among_others = random_numbers(s.pixels() * all, generator);
  numbers alone;
  for (std::size_t p = 0; p < s.pixels(); ++p) alone.insert(alone.end(), among_others.begin() + p * all + first, among_others.begin() + p * all + first + s.c);

  const auto results = [&](view<const bf16> x) {
    block<B> y(s.count()), d_x(s.count());
    block<B, float> parameter(weight), packed(layer.packed(context<B>())), d_parameter(numbers(weight.size()));
    forward_call<bf16> f;
    backward_call<bf16> b;
    f.in[0] = b.in[0] = b.d_out = x;
    f.inputs = b.inputs = 1;
    f.out = {y.data, s, layout::nhwc};
    b.d_in[0] = {d_x.data, s, layout::nhwc};
    f.parameters[0] = b.parameters[0] = parameter.data;
    b.d_parameters[0] = d_parameter.data;
    block<B, float> forward_scratch(layer.scratch_forward(context<B>(), f.sizes())), backward_scratch(layer.scratch_backward(context<B>(), f.sizes()));
    f.scratch = forward_scratch.data;
    b.scratch = backward_scratch.data;
    f.packed = packed.data;
    layer.pack(context<B>(), f.parameters, packed.data);
    layer.forward(context<B>(), f);
    layer.backward(context<B>(), b);
    return layer_result{.out = y.values(), .d_x = {d_x.values()}, .d_parameters = {d_parameter.values()}, .parameters = {}};
  };
  const block<B> own(alone), shared(among_others);
  const auto want = results({own.data, s, layout::nhwc}), have = results(view<const bf16>{shared.data, {s.n, all, s.h, s.w}, layout::nhwc}.channels(first, s.c));
  check_near(have, want, bars_of<bf16>().forward, bars_of<bf16>().backward);
}

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

}  // namespace conv2d_suite
