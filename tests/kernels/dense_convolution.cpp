#include <algorithm>
#include <viseme/run/thread_pool.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <kernels/cpu/dense_convolution.hpp>
#include <limits>
#include <random>
#include <vector>

#include "convolution_reference.hpp"

namespace dense_convolution_suite {

BOOST_AUTO_TEST_SUITE(dense_convolution)

using namespace viseme::kernels::cpu;
using viseme::thread_pool;
using viseme::tests::convolutions;
using viseme::tests::floats;
using viseme::tests::for_each_set;
using viseme::tests::for_each_tap;
using viseme::tests::guarded;
using viseme::tests::summed;

double activated(double v, const epilogue& e) {
  switch (e.act) {
    case activation::relu:
      return std::max(v, 0.0);
    case activation::leaky_relu:
      return v < 0 ? v * e.slope : v;
    case activation::sigmoid:
      return 1 / (1 + std::exp(-v));
    default:
      return v;
  }
}

struct options {
  int extra = 0;  // floats between the pixels' channels
  bool bias = false, residual = false;
  activation act = activation::none;
};

guarded packed_weights(instruction_set set, const dense_shape& s, direction to, const guarded& weights) {
  guarded packed(packed_size(set, s, to), std::nanf(""));
  thread_pool one(1);
  pack(one, set, s, to, weights.data(), packed.data());
  return packed;
}

void check_forward(instruction_set set, const dense_shape& s, options o) {
  std::mt19937 random(1);
  const auto out = s.out();
  const std::size_t in_pixels = std::size_t(s.images) * s.in.h * s.in.w, pixels = std::size_t(s.images) * out.h * out.w;
  const int taps = s.kernel.h * s.kernel.w;
  const std::ptrdiff_t x_stride = s.channels + o.extra, y_stride = s.filters + o.extra, residual_stride = s.filters + 2 * o.extra;
  const guarded x(floats(in_pixels, x_stride, s.channels), random), weights(std::size_t(s.filters) * s.channels * taps, random);
  const guarded bias(s.filters, random), residual(floats(pixels, residual_stride, s.filters), random);
  const guarded packed = packed_weights(set, s, direction::forward, weights);
  guarded y(floats(pixels, y_stride, s.filters), 77);

  dense_forward_arguments a{s, {x.data(), x_stride}, packed.data(), {y.data(), y_stride}, {}};
  a.after.act = o.act;
  a.after.slope = 0.2f;
  if (o.bias) a.after.bias = bias.data();
  if (o.residual) a.after.residual = {residual.data(), residual_stride};
  thread_pool p(2);
  forward(p, set, a);

  std::vector<summed> sums(pixels * s.filters);
  for_each_tap(s, [&](std::size_t to, std::size_t from, int tap) {
    for (int f = 0; f < s.filters; ++f)
      for (int c = 0; c < s.channels; ++c)
        sums[to * s.filters + f].add(double(x[from * x_stride + c]) * weights[(std::size_t(f) * s.channels + c) * taps + tap]);
  });
  double worst = 0;
  bool gaps_kept = true;
  for (std::size_t i = 0; i < pixels; ++i) {
    for (int f = 0; f < s.filters; ++f) {
      auto& sum = sums[i * s.filters + f];
      if (o.bias) sum.add(bias[f]);
      if (o.residual) sum.add(residual[i * residual_stride + f]);
      const double error = std::abs(y[i * y_stride + f] - activated(sum.value, a.after));
      worst = std::max(worst, error / std::max(sum.magnitude, 1e-3));
      if (!(error >= 0)) worst = 1e9;
    }
    if (i + 1 < pixels)
      for (int e = 0; e < o.extra; ++e) gaps_kept &= y[i * y_stride + s.filters + e] == 77;
  }
  BOOST_TEST(worst < 1e-5, name(set) << " " << viseme::tests::text(s) << ": relative error " << worst);
  BOOST_TEST(gaps_kept, name(set) << " " << viseme::tests::text(s) << ": wrote between the pixels");
}

void check_backward_data(instruction_set set, const dense_shape& s, int extra, writing how) {
  std::mt19937 random(2);
  const auto out = s.out();
  const std::size_t in_pixels = std::size_t(s.images) * s.in.h * s.in.w, pixels = std::size_t(s.images) * out.h * out.w;
  const int taps = s.kernel.h * s.kernel.w;
  const std::ptrdiff_t x_stride = s.channels + extra, y_stride = s.filters + extra;
  const guarded dy(floats(pixels, y_stride, s.filters), random), weights(std::size_t(s.filters) * s.channels * taps, random);
  const guarded packed = packed_weights(set, s, direction::backward_data, weights);
  guarded dx(floats(in_pixels, x_stride, s.channels), 0.5f);
  thread_pool p(2);
  backward_data(p, set, {s, {dy.data(), y_stride}, packed.data(), {dx.data(), x_stride}, how});

  std::vector<summed> sums(in_pixels * s.channels);
  for_each_tap(s, [&](std::size_t to, std::size_t from, int tap) {
    for (int f = 0; f < s.filters; ++f)
      for (int c = 0; c < s.channels; ++c)
        sums[from * s.channels + c].add(double(dy[to * y_stride + f]) * weights[(std::size_t(f) * s.channels + c) * taps + tap]);
  });
  double worst = 0;
  bool gaps_kept = true;
  for (std::size_t i = 0; i < in_pixels; ++i) {
    for (int c = 0; c < s.channels; ++c) {
      auto& sum = sums[i * s.channels + c];
      if (how == writing::accumulate) sum.add(0.5);
      const double error = std::abs(dx[i * x_stride + c] - sum.value);
      worst = std::max(worst, error / std::max(sum.magnitude, 1e-3));
      if (!(error >= 0)) worst = 1e9;
    }
    if (i + 1 < in_pixels)
      for (int e = 0; e < extra; ++e) gaps_kept &= dx[i * x_stride + s.channels + e] == 0.5f;
  }
  BOOST_TEST(worst < 1e-5, name(set) << " " << viseme::tests::text(s) << ": relative error " << worst);
  BOOST_TEST(gaps_kept, name(set) << " " << viseme::tests::text(s) << ": wrote between the pixels");
}

BOOST_AUTO_TEST_CASE(forward_is_the_naive_sum) {
  for_each_set([](auto set) {
    for (const auto& s : convolutions()) check_forward(set, s, {});
  });
}

BOOST_AUTO_TEST_CASE(forward_of_channel_slices_with_bias_residual_and_relu) {
  for_each_set([](auto set) {
    for (const auto& s : convolutions()) check_forward(set, s, {5, true, true, activation::relu});
  });
}

BOOST_AUTO_TEST_CASE(forward_with_each_part_of_the_epilogue) {
  for_each_set([](auto set) {
    for (const dense_shape& s : {dense_shape{1, 300, 19, {5, 5}}, {2, 7, 35, {6, 5}, {3, 3}, {2, 2}, {1, 1}}})
      for (auto act : {activation::none, activation::relu, activation::leaky_relu, activation::sigmoid}) {
        check_forward(set, s, {0, true, false, act});
        check_forward(set, s, {3, false, true, act});
      }
  });
}

BOOST_AUTO_TEST_CASE(the_residual_may_be_the_output) {
  for_each_set([](auto set) {
    const dense_shape s{1, 700, 20, {7, 5}};  // several passes over depth
    std::mt19937 random(3);
    const guarded x(35 * 700, random), weights(700 * 20, random), before(35 * 20, random);
    const guarded packed = packed_weights(set, s, direction::forward, weights);
    guarded y(35 * 20), z(35 * 20);
    std::copy_n(before.data(), before.size(), z.data());
    thread_pool p(2);
    forward(p, set, {s, {x.data(), 700}, packed.data(), {y.data(), 20}, {nullptr, {before.data(), 20}}});
    forward(p, set, {s, {x.data(), 700}, packed.data(), {z.data(), 20}, {nullptr, {z.data(), 20}}});
    BOOST_TEST(std::memcmp(y.data(), z.data(), y.size() * sizeof(float)) == 0);
  });
}

BOOST_AUTO_TEST_CASE(backward_data_is_the_naive_sum) {
  for_each_set([](auto set) {
    for (const auto& s : convolutions()) check_backward_data(set, s, 0, writing::overwrite);
  });
}

BOOST_AUTO_TEST_CASE(backward_data_accumulates_into_channel_slices) {
  for_each_set([](auto set) {
    for (const auto& s : convolutions()) check_backward_data(set, s, 3, writing::accumulate);
  });
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_bit) {
  for_each_set([](auto set) {
    for (const auto& s : convolutions()) {
      std::mt19937 random(4);
      const auto out = s.out();
      const std::size_t in_pixels = std::size_t(s.images) * s.in.h * s.in.w, pixels = std::size_t(s.images) * out.h * out.w;
      const guarded x(in_pixels * s.channels, random), dy(pixels * s.filters, random);
      const guarded weights(std::size_t(s.filters) * s.channels * s.kernel.h * s.kernel.w, random);
      const guarded there = packed_weights(set, s, direction::forward, weights),
                    back = packed_weights(set, s, direction::backward_data, weights);
      guarded y1(dy.size()), dx1(x.size());
      for (const int threads : {1, 2, 3}) {
        thread_pool p(threads);
        guarded y(dy.size()), dx(x.size());
        forward(p, set, {s, {x.data(), s.channels}, there.data(), {y.data(), s.filters}, {}});
        backward_data(p, set, {s, {dy.data(), s.filters}, back.data(), {dx.data(), s.channels}});
        if (threads == 1) {
          std::copy_n(y.data(), y.size(), y1.data());
          std::copy_n(dx.data(), dx.size(), dx1.data());
        }
        BOOST_TEST(std::memcmp(y.data(), y1.data(), y.size() * sizeof(float)) == 0);
        BOOST_TEST(std::memcmp(dx.data(), dx1.data(), dx.size() * sizeof(float)) == 0);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(not_a_number_goes_through) {
  for_each_set([](auto set) {
    for (auto act : {activation::none, activation::relu, activation::leaky_relu, activation::sigmoid}) {
      const dense_shape s{1, 3, 20, {3, 3}, {3, 3}, {1, 1}, {1, 1}};
      std::mt19937 random(5);
      guarded x(27, random), weights(20 * 27, random), y(180);
      x[4 * 3 + 1] = std::numeric_limits<float>::quiet_NaN();
      const guarded packed = packed_weights(set, s, direction::forward, weights);
      thread_pool p(1);
      dense_forward_arguments a{s, {x.data(), 3}, packed.data(), {y.data(), 20}, {}};
      a.after.act = act;
      forward(p, set, a);
      BOOST_TEST(std::all_of(y.data(), y.data() + 180, [](float v) { return std::isnan(v); }));
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dense_convolution_suite
