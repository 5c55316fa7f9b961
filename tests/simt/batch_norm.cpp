#include "check_simt.hpp"

namespace batch_norm_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(batch_norm)

BOOST_AUTO_TEST_CASE(alone) {
  check_simt_layer<viseme::batch_norm<64>>({{2, 64, 7, 33}});
  check_simt_layer<viseme::batch_norm<19>>({{1, 19, 33, 33}});
  check_simt_layer<viseme::batch_norm<33>>({{3, 33, 7, 1}});
  check_simt_layer<viseme::batch_norm<3>>({{2, 3, 33, 7}});
  check_simt_layer<viseme::batch_norm<1>>({{1, 1, 7, 7}});
  check_simt_layer<viseme::batch_norm<320>>({{3, 320, 1, 1}});
}

BOOST_AUTO_TEST_CASE(with_an_activation) {
  check_simt_fused<viseme::batch_norm<64>, relu>({{2, 64, 7, 33}});
  check_simt_fused<viseme::batch_norm<33>, leaky_relu<100>>({{3, 33, 7, 1}});
}

BOOST_AUTO_TEST_CASE(with_a_sum) { check_simt_fused<viseme::batch_norm<33>, add>({{2, 33, 7, 7}, {2, 33, 7, 7}}); }

BOOST_AUTO_TEST_CASE(with_a_sum_and_an_activation) {
  check_simt_fused<viseme::batch_norm<16>, add, relu>({{2, 16, 7, 7}, {2, 16, 7, 7}});
  check_simt_fused<viseme::batch_norm<19>, add, leaky_relu<100>>({{3, 19, 1, 7}, {3, 19, 1, 7}});
}

BOOST_AUTO_TEST_CASE(many_chunks_far_from_zero) {
  using norm = viseme::batch_norm<19>;
  auto k = make_case<norm>({{1, 19, 150, 150}}, true);
  for (std::size_t i = 0; i < k.x[0].size(); ++i) k.x[0][i] = double(float(k.x[0][i] + 1000.0 * (i / 22500)));
  const auto want = run(step_of<norm, truth>(), k), have = run(step_of<norm, under_test<float>>(), k);
  check_near("running mean", have.parameters[2], want.parameters[2], 3e-7);
  check_near("running variance", have.parameters[3], want.parameters[3], 1e-5);
  check_near("output", have.out, want.out, 1e-3);  // the mean itself has a float's roundings
}

/// Arrays of one norm and the activation behind it, as a training graph holds them.
template <class Op, class T>
struct norm_in_training {
  using B = under_test<T>;
  using masters = block<B, float>;
  layer_case k;
  block<B> x, y, d_y, d_x;
  std::vector<masters> parameters, d_parameters;
  masters statistics, scratch;
  forward_call<T> f;
  backward_call<T> b;

  explicit norm_in_training(const layer_case& of)
      : k(of), x(k.x[0], k.out), y(k.out.count()), d_y(k.d_out, k.out), d_x(k.out.count()), statistics(Op::backward_reads.statistics),
        scratch(std::max(Op::forward_scratch(context<B>(), {{{k.out}, 1}, k.out}), Op::backward_scratch(context<B>(), {{{k.out}, 1}, k.out}))) {
    for (std::size_t i = 0; i < k.kinds.size(); ++i) {
      parameters.emplace_back(k.parameters[i]);
      d_parameters.emplace_back(numbers(k.kinds[i].count(), 0));
      f.parameters[i] = b.parameters[i] = parameters[i].data;
      b.d_parameters[i] = k.kinds[i].trainable ? d_parameters[i].data : nullptr;
    }
    f.inputs = b.inputs = 1;
    f.in[0] = b.in[0] = {x.data, k.out, B::preferred};
    f.out = {y.data, k.out, B::preferred};
    f.statistics = statistics.data;
    b.statistics = statistics.data;
    f.scratch = b.scratch = scratch.data;
    b.d_out = {d_y.data, k.out, B::preferred};
    b.d_in[0] = {d_x.data, k.out, B::preferred};
  }
};

BOOST_AUTO_TEST_CASE(recomputes_the_same_bits) {
  for_each_scalar([]<class T>(T) {
    using B = under_test<T>;
    using layer = op<fused<viseme::batch_norm<24>, relu>, B>;
    norm_in_training<layer, T> n(make_case<viseme::batch_norm<24>, relu>({{2, 24, 7, 33}}, true));
    layer::forward(context<B>(), n.f);
    const auto before = n.y.values(), running = n.parameters[2].values();
    context<B>().zero(n.y.data, n.y.count * sizeof(T));
    layer::recompute(context<B>(), n.f);
    BOOST_TEST((n.y.values() == before && n.parameters[2].values() == running));
  });
}

BOOST_AUTO_TEST_CASE(gradient_takes_the_memory_of_the_input) {
  for_each_scalar([]<class T>(T) {
    using B = under_test<T>;
    using layer = op<viseme::batch_norm<33>, B>;
    norm_in_training<layer, T> n(make_case<viseme::batch_norm<33>>({{2, 33, 7, 7}}, true));
    layer::forward(context<B>(), n.f);
    layer::backward(context<B>(), n.b);
    const auto apart = n.d_x.values();
    n.b.d_in[0] = n.f.out;
    context<B>().copy(n.y.data, n.x.data, n.x.count * sizeof(T));
    n.b.in[0] = n.f.out;
    layer::backward(context<B>(), n.b);
    BOOST_TEST((n.y.values() == apart));
  });
}

BOOST_AUTO_TEST_CASE(frozen_parameters_are_left_alone) {
  using B = under_test<float>;
  using layer = op<viseme::batch_norm<16>, B>;
  const auto k = make_case<viseme::batch_norm<16>>({{2, 16, 7, 7}}, false);
  norm_in_training<layer, float> n(k);
  n.b.statistics = nullptr;
  n.b.d_parameters = {};
  n.b.scratch = nullptr;
  layer::backward(context<B>(), n.b);
  check_near("gradient", n.d_x.values(k.out), run(step_of<viseme::batch_norm<16>, truth>(), k).d_x[0], 1e-5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace batch_norm_suite
