// Depthwise 3x3 against plain loops in double, for every instruction set this machine runs.
#include <kernels/cpu/depthwise3x3.hpp>

#include "tensor_check.hpp"

namespace depthwise3x3_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

struct test_case {
  int n, h, w, c, stride, gap;
};

std::vector<test_case> cases() {
  std::vector<test_case> all;
  for (int stride : {1, 2})
    for (int c : {1, 3, 7, 12, 16, 33, 64})
      for (auto [h, w] : {std::pair{1, 1}, {2, 1}, {1, 7}, {2, 2}, {7, 5}, {6, 33}, {33, 8}}) all.push_back({c % 3 + 1, h, w, c, stride, c % 2 * 5});
  all.push_back({1, 3, 10, 300, 1, 4});
  all.push_back({1, 40, 200, 130, 1, 0});
  all.push_back({1, 41, 203, 130, 2, 3});
  return all;
}

depthwise3x3_shape shape_of(const test_case& t) { return {t.n, t.h, t.w, t.c, t.stride}; }

double activated(double v, activation act, float slope) {
  switch (act) {
    case activation::relu: return v > 0 ? v : 0;
    case activation::leaky_relu: return v > 0 ? v : v * slope;
    case activation::sigmoid: return 1 / (1 + std::exp(-v));
    default: return v;
  }
}

/// Calls f(n, ho, wo, k, h, w) for every tap inside the image.
template <class F> void each_tap(const depthwise3x3_shape& s, F f) {
  for (int n = 0; n < s.n; ++n)
    for (int i = 0; i < s.out_h(); ++i)
      for (int j = 0; j < s.out_w(); ++j)
        for (int k = 0; k < 9; ++k)
          if (const int h = i * s.stride + k / 3 - 1, w = j * s.stride + k % 3 - 1; h >= 0 && h < s.h && w >= 0 && w < s.w) f(n, i, j, k, h, w);
}

BOOST_AUTO_TEST_SUITE(depthwise3x3)

BOOST_AUTO_TEST_CASE(forward_equals_plain_loops) {
  for (const auto& t : cases()) {
    const auto s = shape_of(t);
    auto x = tensor::random(t.n, t.h, t.w, t.c, t.gap, 1), r = tensor::random(t.n, s.out_h(), s.out_w(), t.c, 2 * t.gap, 2);
    guarded_buffer weights(9 * t.c), bias(t.c);
    weights.randomize(3), bias.randomize(4);
    std::vector<double> sums(std::size_t(t.n) * s.out_h() * s.out_w() * t.c);
    each_tap(s, [&](int n, int i, int j, int k, int h, int w) {
      for (int c = 0; c < t.c; ++c)
        sums[((std::size_t(n) * s.out_h() + i) * s.out_w() + j) * t.c + c] += double(x.at(n, h, w, c)) * weights[k * t.c + c];
    });
    for (auto set : sets_here())
      for (auto act : {activation::none, activation::relu, activation::leaky_relu, activation::sigmoid})
        for (int with : {0, 1, 2, 3}) {
          const auto residual = r.values();
          std::vector<double> expected(sums);
          for (std::size_t e = 0; e < sums.size(); ++e)
            expected[e] = activated(sums[e] + (with & 1 ? bias[e % t.c] : 0) + (with & 2 ? residual[e] : 0), act, 0.1f);
          std::vector<float> first;
          for (int threads : {1, 2, 3}) {
            viseme::thread_pool pool(threads);
            tensor y(t.n, s.out_h(), s.out_w(), t.c, t.gap);
            viseme::kernels::cpu::depthwise3x3(pool, set, {.shape = s, .x = x.pixels(), .weights = weights.data(), .y = y.pixels(),
                                     .bias = with & 1 ? bias.data() : nullptr, .residual = with & 2 ? const_pixels(r.pixels()) : const_pixels{},
                                     .act = act, .slope = 0.1f});
            BOOST_REQUIRE(y.gaps_untouched());
            if (threads == 1) {
              first = y.values();
              BOOST_REQUIRE_MESSAGE(relative_error(first, expected) < 1e-5, name(set) << " " << t.h << "x" << t.w << "x" << t.c << " stride " << t.stride);
            } else BOOST_REQUIRE(same_bits(y.values(), first));
          }
        }
  }
}

BOOST_AUTO_TEST_CASE(backward_data_equals_plain_loops) {
  for (const auto& t : cases()) {
    const auto s = shape_of(t);
    auto dy = tensor::random(t.n, s.out_h(), s.out_w(), t.c, t.gap, 5), before = tensor::random(t.n, t.h, t.w, t.c, t.gap, 6);
    guarded_buffer weights(9 * t.c);
    weights.randomize(7);
    for (auto set : sets_here())
      for (auto how : {writing::overwrite, writing::accumulate}) {
        std::vector<double> expected(std::size_t(t.n) * t.h * t.w * t.c);
        if (how == writing::accumulate) std::ranges::copy(before.values(), expected.begin());
        each_tap(s, [&](int n, int i, int j, int k, int h, int w) {
          for (int c = 0; c < t.c; ++c)
            expected[((std::size_t(n) * t.h + h) * t.w + w) * t.c + c] += double(dy.at(n, i, j, c)) * weights[k * t.c + c];
        });
        std::vector<float> first;
        for (int threads : {1, 2, 3}) {
          viseme::thread_pool pool(threads);
          auto dx = how == writing::accumulate ? before.clone() : tensor(t.n, t.h, t.w, t.c, t.gap);
          depthwise3x3_backward_data(pool, set, {s, dy.pixels(), weights.data(), dx.pixels(), how});
          BOOST_REQUIRE(dx.gaps_untouched());
          if (threads == 1) {
            first = dx.values();
            BOOST_REQUIRE_MESSAGE(relative_error(first, expected) < 1e-5, name(set) << " " << t.h << "x" << t.w << "x" << t.c << " stride " << t.stride);
          } else BOOST_REQUIRE(same_bits(dx.values(), first));
        }
      }
  }
}

BOOST_AUTO_TEST_CASE(backward_weights_equals_plain_loops) {
  for (const auto& t : cases()) {
    const auto s = shape_of(t);
    auto x = tensor::random(t.n, t.h, t.w, t.c, t.gap, 8), dy = tensor::random(t.n, s.out_h(), s.out_w(), t.c, t.gap, 9);
    guarded_buffer before(9 * t.c), scratch(depthwise3x3_scratch_size(s));
    before.randomize(10);
    for (auto set : sets_here())
      for (auto how : {writing::overwrite, writing::accumulate}) {
        std::vector<double> expected(9 * t.c);
        if (how == writing::accumulate) std::ranges::copy(before, expected.begin());
        each_tap(s, [&](int n, int i, int j, int k, int h, int w) {
          for (int c = 0; c < t.c; ++c) expected[k * t.c + c] += double(dy.at(n, i, j, c)) * x.at(n, h, w, c);
        });
        std::vector<float> first;
        for (int threads : {1, 2, 3}) {
          viseme::thread_pool pool(threads);
          guarded_buffer dw(9 * t.c);
          std::ranges::copy(before, dw.begin());
          depthwise3x3_backward_weights(pool, set, {s, x.pixels(), dy.pixels(), dw.data(), scratch.data(), how});
          if (threads == 1) {
            first.assign(dw.begin(), dw.end());
            BOOST_REQUIRE_MESSAGE(relative_error(dw, expected) < 1e-4, name(set) << " " << t.h << "x" << t.w << "x" << t.c << " stride " << t.stride);
          } else BOOST_REQUIRE(same_bits(dw, first));
        }
      }
  }
}

BOOST_AUTO_TEST_CASE(packing_turns_channels_inside_out_and_back) {
  std::vector<float> w(9 * 5), packed(45), back(45);
  for (int i = 0; i < 45; ++i) w[i] = float(i);
  pack_depthwise3x3(w.data(), 5, packed.data());
  BOOST_TEST(packed[7 * 5 + 3] == w[3 * 9 + 7]);
  unpack_depthwise3x3(packed.data(), 5, back.data());
  BOOST_TEST(same_bits(w, back));
}

BOOST_AUTO_TEST_CASE(nan_and_denormals_pass_through) {
  for (auto set : sets_here()) {
    viseme::thread_pool pool(1);
    tensor x(1, 9, 9, 5), y(1, 9, 9, 5);
    std::ranges::fill(x.buffer, 1e-40f);
    guarded_buffer weights(45);
    std::ranges::fill(weights, 1.0f);
    viseme::kernels::cpu::depthwise3x3(pool, set, {{1, 9, 9, 5}, x.pixels(), weights.data(), y.pixels()});
    BOOST_TEST(y.at(0, 4, 4, 2) == 9e-40f, boost::test_tools::tolerance(1e-4f));
    x.at(0, 4, 4, 2) = NAN;
    viseme::kernels::cpu::depthwise3x3(pool, set, {{1, 9, 9, 5}, x.pixels(), weights.data(), y.pixels(), nullptr, {}, activation::relu});
    for (int h = 0; h < 9; ++h)
      for (int w = 0; w < 9; ++w)
        for (int c = 0; c < 5; ++c) BOOST_TEST(std::isnan(y.at(0, h, w, c)) == (std::abs(h - 4) <= 1 && std::abs(w - 4) <= 1 && c == 2));
  }
}

BOOST_AUTO_TEST_CASE(results_that_bypass_the_caches_are_the_same) {
  const depthwise3x3_shape s{1, 370, 370, 64, 1};
  auto x = tensor::random(1, s.h, s.w, s.channels, 0, 1);
  guarded_buffer weights(9 * s.channels);
  weights.randomize(3);
  viseme::thread_pool pool(2);
  for (auto set : sets_here()) {
    tensor bypassing(1, s.h, s.w, s.channels), unaligned(1, s.h, s.w, s.channels, 1);
    BOOST_TEST(bypasses_caches(bypassing.pixels(), x.count(), s.channels));
    BOOST_TEST(!bypasses_caches(unaligned.pixels(), x.count(), s.channels));
    for (auto* y : {&bypassing, &unaligned})
      viseme::kernels::cpu::depthwise3x3(pool, set, depthwise3x3_arguments{.shape = s, .x = x.pixels(), .weights = weights.data(), .y = y->pixels()});
    BOOST_TEST(same_bits(bypassing.values(), unaligned.values()));
    for (auto* dx : {&bypassing, &unaligned})
      depthwise3x3_backward_data(pool, set, depthwise3x3_backward_data_arguments{.shape = s, .dy = x.pixels(), .weights = weights.data(), .dx = dx->pixels()});
    BOOST_TEST(same_bits(bypassing.values(), unaligned.values()));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace depthwise3x3_suite
