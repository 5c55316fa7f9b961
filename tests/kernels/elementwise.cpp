// Maps over pixels against plain loops in double.
#include <kernels/cpu/elementwise.hpp>

#include "tensor_check.hpp"

namespace elementwise_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

constexpr float slope = 0.1f;

double activated(double v, activation act) {
  if (act == activation::sigmoid) return 1 / (1 + std::exp(-v));
  return v > 0 || act == activation::none ? v : act == activation::relu ? 0 : v * double(slope);
}

double derivative(double y, activation act) {
  if (act == activation::sigmoid) return y * (1 - y);
  return y > 0 || act == activation::none ? 1 : act == activation::relu ? 0 : double(slope);
}

/// Dense, strided, and large enough for several tasks.
template <class F> void each_size(F f) {
  for (int c : {1, 3, 7, 12, 16, 33, 64})
    for (auto [h, w] : {std::pair{1, 1}, {2, 7}, {33, 7}})
      for (int gap : {0, 3}) f(c % 3 + 1, h, w, c, gap);
  f(1, 200, 300, 3, 0);
  f(1, 200, 300, 3, 1);
}

template <class F> void each_pool(F f) {
  for (auto set : sets_here())
    for (int threads : {1, 2, 3}) {
      viseme::thread_pool pool(threads);
      f(pool, set);
    }
}

const auto all_activations = {activation::none, activation::relu, activation::leaky_relu, activation::sigmoid};

BOOST_AUTO_TEST_SUITE(elementwise)

BOOST_AUTO_TEST_CASE(activations_equal_plain_loops) {
  each_size([](int n, int h, int w, int c, int gap) {
    auto x = tensor::random(n, h, w, c, gap, 1, 3);
    for (auto act : all_activations) {
      std::vector<double> expected;
      for (float v : x.values()) expected.push_back(activated(v, act));
      each_pool([&](auto& pool, auto set) {
        tensor y(n, h, w, c, 2 * gap);
        viseme::kernels::cpu::activate(pool, set, activation_arguments{x.count(), c, x.pixels(), y.pixels(), act, slope});
        BOOST_TEST(relative_error(y.values(), expected) < 3e-7);
        BOOST_TEST(y.gaps_untouched());
      });
    }
  });
}

BOOST_AUTO_TEST_CASE(activation_gradients_equal_plain_loops) {
  each_size([](int n, int h, int w, int c, int gap) {
    auto y = tensor::random(n, h, w, c, gap, 2), dy = tensor::random(n, h, w, c, 0, 3), before = tensor::random(n, h, w, c, gap, 4);
    for (auto act : all_activations)
      for (auto how : {writing::overwrite, writing::accumulate}) {
        const auto ys = y.values(), ds = dy.values(), old = before.values();
        std::vector<double> expected(ys.size());
        for (std::size_t i = 0; i < ys.size(); ++i) expected[i] = (how == writing::accumulate ? old[i] : 0) + ds[i] * derivative(ys[i], act);
        each_pool([&](auto& pool, auto set) {
          auto dx = before.clone();
          viseme::kernels::cpu::activation_gradient(pool, set, activation_gradient_arguments{y.count(), c, y.pixels(), dy.pixels(), dx.pixels(), act, slope, how});
          BOOST_TEST(relative_error(dx.values(), expected) < 1e-6);
        });
      }
  });
}

BOOST_AUTO_TEST_CASE(sums_copies_and_fills) {
  each_size([](int n, int h, int w, int c, int gap) {
    auto a = tensor::random(n, h, w, c, gap, 5), b = tensor::random(n, h, w, c, 0, 6);
    const auto as = a.values(), bs = b.values();
    std::vector<float> sum(as), scaled(as), accumulated(bs), filled(as.size(), 2.5f);
    for (std::size_t i = 0; i < as.size(); ++i) sum[i] += bs[i], scaled[i] *= 0.5f, accumulated[i] += 0.5f * as[i];
    each_pool([&](auto& pool, auto set) {
      tensor y(n, h, w, c, 2 * gap);
      viseme::kernels::cpu::add(pool, set, add_arguments{a.count(), c, a.pixels(), b.pixels(), y.pixels()});
      BOOST_TEST(same_bits(y.values(), sum));
      viseme::kernels::cpu::copy(pool, set, copy_arguments{a.count(), c, a.pixels(), y.pixels()});
      BOOST_TEST(same_bits(y.values(), as));
      viseme::kernels::cpu::copy(pool, set, copy_arguments{a.count(), c, a.pixels(), y.pixels(), 0.5f});
      BOOST_TEST(same_bits(y.values(), scaled));
      auto z = b.clone();
      viseme::kernels::cpu::copy(pool, set, copy_arguments{a.count(), c, a.pixels(), z.pixels(), 0.5f, writing::accumulate});
      BOOST_TEST(same_bits(z.values(), accumulated));
      viseme::kernels::cpu::fill(pool, set, fill_arguments{a.count(), c, y.pixels(), 2.5f});
      BOOST_TEST(same_bits(y.values(), filled));
      BOOST_TEST(y.gaps_untouched());
    });
  });
}

BOOST_AUTO_TEST_CASE(sigmoid_is_exact_over_its_whole_range) {
  std::vector<float> x, y;
  for (float v = -87; v < 100; v += 0.00731f) x.push_back(v);
  y.resize(x.size());
  for (auto set : sets_here()) {
    viseme::thread_pool pool(1);
    const auto count = std::ptrdiff_t(x.size());
    viseme::kernels::cpu::activate(pool, set, activation_arguments{count, 1, {x.data(), 1}, {y.data(), 1}, activation::sigmoid});
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(y[i] * (1 + std::exp(-double(x[i]))) - 1));
    BOOST_TEST(worst < 3e-7);
  }
}

BOOST_AUTO_TEST_CASE(infinities_nan_and_denormals) {
  std::vector<float> x(33, 1.0f), y(33), dx(33);
  x[2] = NAN, x[30] = NAN, x[3] = INFINITY, x[4] = -INFINITY, x[5] = 1e-40f, x[6] = -1e-40f, x[32] = NAN;
  for (auto set : sets_here())
    for (auto act : all_activations) {
      viseme::thread_pool pool(1);
      viseme::kernels::cpu::activate(pool, set, activation_arguments{33, 1, {x.data(), 1}, {y.data(), 1}, act, slope});
      for (int i = 0; i < 33; ++i) BOOST_TEST(std::isnan(y[i]) == std::isnan(x[i]));
      BOOST_TEST(y[3] == (act == activation::sigmoid ? 1 : INFINITY));
      if (act == activation::sigmoid || act == activation::relu) BOOST_TEST(std::abs(y[4]) < 1e-30f);
      else BOOST_TEST(y[4] == -INFINITY);
      if (act == activation::relu) BOOST_TEST(y[5] == 1e-40f);
      std::fill(y.begin(), y.end(), 0.5f);
      viseme::kernels::cpu::activation_gradient(pool, set, activation_gradient_arguments{33, 1, {y.data(), 1}, {x.data(), 1}, {dx.data(), 1}, act, slope});
      for (int i = 0; i < 33; ++i) BOOST_TEST(std::isnan(dx[i]) == std::isnan(x[i]));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace elementwise_suite
