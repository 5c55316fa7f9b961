#include <algorithm>
#include <viseme/run/thread_pool.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <kernels/cpu/dense_convolution_weights.hpp>
#include <limits>
#include <random>
#include <vector>

#include "convolution_reference.hpp"

namespace dense_convolution_weights_suite {

BOOST_AUTO_TEST_SUITE(dense_convolution_weights)

using namespace viseme::kernels::cpu;
using viseme::thread_pool;
using viseme::tests::convolutions;
using viseme::tests::floats;
using viseme::tests::for_each_set;
using viseme::tests::for_each_tap;
using viseme::tests::guarded;
using viseme::tests::summed;

std::size_t weight_count(const dense_shape& s) { return std::size_t(s.filters) * s.channels * s.kernel.h * s.kernel.w; }

/// Sums over more pixels than one range holds, with columns that are whole panels and that are not.
std::vector<dense_shape> large_maps() {
  return {{1, 32, 20, {70, 61}}, {2, 3, 9, {40, 43}, {3, 3}, {1, 1}, {1, 1}}, {1, 70, 100, {33, 64}}};
}

void check(instruction_set set, const dense_shape& s, int extra, writing how, bool with_bias) {
  std::mt19937 random(6);
  const auto out = s.out();
  const std::size_t in_pixels = std::size_t(s.images) * s.in.h * s.in.w, pixels = std::size_t(s.images) * out.h * out.w;
  const int taps = s.kernel.h * s.kernel.w;
  const std::ptrdiff_t x_stride = s.channels + extra, y_stride = s.filters + extra;
  const guarded x(floats(in_pixels, x_stride, s.channels), random), dy(floats(pixels, y_stride, s.filters), random);
  guarded dw(weight_count(s), 0.5f), dbias(s.filters, 0.25f), scratch(scratch_size(set, s), std::nanf(""));
  thread_pool p(2);
  backward_weights(p, set,
                   {s, {x.data(), x_stride}, {dy.data(), y_stride}, dw.data(), with_bias ? dbias.data() : nullptr, scratch.data(), how});

  std::vector<summed> sums(dw.size()), bias_sums(s.filters);
  for_each_tap(s, [&](std::size_t to, std::size_t from, int tap) {
    for (int f = 0; f < s.filters; ++f)
      for (int c = 0; c < s.channels; ++c)
        sums[(std::size_t(f) * s.channels + c) * taps + tap].add(double(dy[to * y_stride + f]) * x[from * x_stride + c]);
  });
  for (std::size_t i = 0; i < pixels; ++i)
    for (int f = 0; f < s.filters; ++f) bias_sums[f].add(dy[i * y_stride + f]);
  double worst = 0;
  const auto compare = [&](float value, summed sum, double before) {
    if (how == writing::accumulate) sum.add(before);
    const double error = std::abs(value - sum.value) / std::max(sum.magnitude, 1e-3);
    worst = error >= 0 ? std::max(worst, error) : 1e9;
  };
  for (std::size_t i = 0; i < dw.size(); ++i) compare(dw[i], sums[i], 0.5);
  for (int f = 0; f < s.filters; ++f)
    if (with_bias)
      compare(dbias[f], bias_sums[f], 0.25);
    else
      BOOST_REQUIRE(dbias[f] == 0.25f);
  BOOST_TEST(worst < 1e-5, name(set) << " " << viseme::tests::text(s) << ": relative error " << worst);
}

BOOST_AUTO_TEST_CASE(is_the_naive_sum) {
  for_each_set([](auto set) {
    for (const auto& s : convolutions()) check(set, s, 0, writing::overwrite, true);
    for (const auto& s : large_maps()) check(set, s, 0, writing::overwrite, false);
  });
}

BOOST_AUTO_TEST_CASE(accumulates_from_channel_slices) {
  for_each_set([](auto set) {
    for (const auto& s : convolutions()) check(set, s, 3, writing::accumulate, false);
    for (const auto& s : large_maps()) check(set, s, 5, writing::accumulate, true);
  });
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_bit) {
  for_each_set([](auto set) {
    for (const auto& s : large_maps()) {
      std::mt19937 random(7);
      const auto out = s.out();
      const guarded x(std::size_t(s.images) * s.in.h * s.in.w * s.channels, random);
      const guarded dy(std::size_t(s.images) * out.h * out.w * s.filters, random);
      guarded dw1(weight_count(s)), dbias1(s.filters), scratch(scratch_size(set, s));
      for (const int threads : {1, 2, 3}) {
        thread_pool p(threads);
        guarded dw(weight_count(s)), dbias(s.filters);
        backward_weights(p, set, {s, {x.data(), s.channels}, {dy.data(), s.filters}, dw.data(), dbias.data(), scratch.data()});
        if (threads == 1) {
          std::copy_n(dw.data(), dw.size(), dw1.data());
          std::copy_n(dbias.data(), dbias.size(), dbias1.data());
        }
        BOOST_TEST(std::memcmp(dw.data(), dw1.data(), dw.size() * sizeof(float)) == 0);
        BOOST_TEST(std::memcmp(dbias.data(), dbias1.data(), dbias.size() * sizeof(float)) == 0);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(not_a_number_goes_through) {
  for_each_set([](auto set) {
    const dense_shape s{1, 40, 20, {9, 9}};
    std::mt19937 random(8);
    guarded x(81 * 40, random), dy(81 * 20, random), dw(800), dbias(20), scratch(scratch_size(set, s));
    x[80 * 40 + 39] = dy[0] = std::numeric_limits<float>::quiet_NaN();
    thread_pool p(1);
    backward_weights(p, set, {s, {x.data(), 40}, {dy.data(), 20}, dw.data(), dbias.data(), scratch.data()});
    for (int f = 0; f < 20; ++f)
      for (int c = 0; c < 40; ++c) BOOST_REQUIRE(std::isnan(dw[f * 40 + c]) == (f == 0 || c == 39));
    BOOST_TEST(std::isnan(dbias[0]));
    BOOST_TEST(!std::isnan(dbias[1]));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dense_convolution_weights_suite
