// Bilinear upsampling against plain loops in double, cropped and padded too.
#include <kernels/cpu/upsample2x.hpp>

#include "tensor_check.hpp"

namespace upsample2x_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

struct placed {
  int n, h, w, c, gap, out_h, out_w, top, left;
};

std::vector<placed> cases() {
  std::vector<placed> all;
  for (int c : {1, 3, 7, 12, 16, 33, 64})
    for (auto [h, w] : {std::pair{1, 1}, {2, 1}, {1, 7}, {2, 3}, {7, 5}, {33, 4}}) all.push_back({c % 3 + 1, h, w, c, c % 2 * 5, 2 * h, 2 * w, 0, 0});
  all.push_back({2, 11, 11, 20, 4, 21, 21, -1, -1});
  all.push_back({1, 5, 6, 9, 0, 13, 15, 1, 2});
  all.push_back({1, 2, 2, 8, 0, 3, 9, -1, 3});
  all.push_back({1, 40, 60, 33, 1, 80, 120, 0, 0});
  return all;
}

/// Calls f(output pixel, input pixel, weight) for every pair that touches.
template <class F> void each_touch(const placed& s, F f) {
  const auto at = [](int o, int size) { return size > 1 ? double(o) * (size - 1) / (2 * size - 1) : 0.0; };
  for (int n = 0; n < s.n; ++n)
    for (int i = 0; i < s.out_h; ++i)
      for (int j = 0; j < s.out_w; ++j) {
        const int v = i - s.top, u = j - s.left;
        if (v < 0 || v >= 2 * s.h || u < 0 || u >= 2 * s.w) continue;
        for (int h = 0; h < s.h; ++h)
          for (int w = 0; w < s.w; ++w) {
            const double weight = std::max(0.0, 1 - std::abs(at(v, s.h) - h)) * std::max(0.0, 1 - std::abs(at(u, s.w) - w));
            if (weight > 0) f((std::size_t(n) * s.out_h + i) * s.out_w + j, (std::size_t(n) * s.h + h) * s.w + w, weight);
          }
      }
}

upsample2x_shape shape_of(const placed& s) { return {s.n, s.h, s.w, s.c, s.out_h, s.out_w, s.top, s.left}; }

BOOST_AUTO_TEST_SUITE(upsample2x)

BOOST_AUTO_TEST_CASE(forward_equals_plain_loops) {
  for (const auto& s : cases()) {
    auto x = tensor::random(s.n, s.h, s.w, s.c, s.gap, 1);
    const auto xs = x.values();
    std::vector<double> expected(std::size_t(s.n) * s.out_h * s.out_w * s.c);
    each_touch(s, [&](std::size_t o, std::size_t i, double weight) {
      for (int c = 0; c < s.c; ++c) expected[o * s.c + c] += weight * xs[i * s.c + c];
    });
    for (auto set : sets_here())
      for (int threads : {1, 3}) {
        viseme::thread_pool pool(threads);
        tensor y(s.n, s.out_h, s.out_w, s.c, s.gap + 1);
        viseme::kernels::cpu::upsample2x(pool, set, {shape_of(s), x.pixels(), y.pixels()});
        BOOST_TEST(relative_error(y.values(), expected) < 1e-6);
        BOOST_TEST(y.gaps_untouched());
      }
  }
}

BOOST_AUTO_TEST_CASE(backward_equals_plain_loops) {
  for (const auto& s : cases()) {
    auto dy = tensor::random(s.n, s.out_h, s.out_w, s.c, s.gap + 1, 2), before = tensor::random(s.n, s.h, s.w, s.c, s.gap, 3);
    const auto ds = dy.values(), old = before.values();
    for (auto how : {writing::overwrite, writing::accumulate}) {
      std::vector<double> expected(old.size());
      if (how == writing::accumulate) std::ranges::copy(old, expected.begin());
      each_touch(s, [&](std::size_t o, std::size_t i, double weight) {
        for (int c = 0; c < s.c; ++c) expected[i * s.c + c] += weight * ds[o * s.c + c];
      });
      for (auto set : sets_here()) {
        std::vector<float> first;
        for (int threads : {1, 2, 3}) {
          viseme::thread_pool pool(threads);
          auto dx = before.clone();
          upsample2x_backward(pool, set, {shape_of(s), dy.pixels(), dx.pixels(), how});
          BOOST_TEST(dx.gaps_untouched());
          if (threads == 1) {
            first = dx.values();
            BOOST_TEST(relative_error(first, expected) < 1e-6);
          } else BOOST_TEST(same_bits(dx.values(), first));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(corners_are_kept) {
  tensor x(1, 1, 3, 1), y(1, 2, 6, 1);
  for (int i = 0; i < 3; ++i) x.at(0, 0, i, 0) = float(i * 5);
  for (auto set : sets_here()) {
    viseme::thread_pool pool(1);
    viseme::kernels::cpu::upsample2x(pool, set, {{1, 1, 3, 1, 2, 6}, x.pixels(), y.pixels()});
    for (int i = 0; i < 12; ++i) BOOST_TEST(y.buffer[i] == float(i % 6 * 2), boost::test_tools::tolerance(1e-6f));
  }
}

BOOST_AUTO_TEST_CASE(nan_passes) {
  auto x = tensor::random(1, 3, 3, 5, 0, 4);
  x.at(0, 1, 1, 2) = NAN;
  for (auto set : sets_here()) {
    viseme::thread_pool pool(1);
    tensor y(1, 6, 6, 5);
    viseme::kernels::cpu::upsample2x(pool, set, {{1, 3, 3, 5, 6, 6}, x.pixels(), y.pixels()});
    BOOST_TEST(std::isnan(y.at(0, 2, 2, 2)));
    BOOST_TEST(!std::isnan(y.at(0, 2, 2, 1)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace upsample2x_suite
