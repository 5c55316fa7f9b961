// Pooling against plain loops.
#include <kernels/cpu/pooling.hpp>

#include "tensor_check.hpp"

namespace pooling_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

struct size {
  int n, h, w, c, gap;
};
const std::vector<size> sizes = {{1, 2, 2, 1, 0},   {2, 7, 9, 3, 2},   {3, 33, 8, 7, 0},  {1, 6, 6, 12, 5},
                                 {2, 9, 33, 16, 1}, {1, 12, 7, 33, 0}, {1, 40, 60, 64, 3}};

/// Index of the maximum of a window as PyTorch finds it: the first of equal ones, the last NaN.
template <class Value> int winner(const Value& value) {
  int best = 0;
  for (int k = 1; k < 4; ++k)
    if (value(k) > value(best) || std::isnan(value(k))) best = k;
  return best;
}

tensor coarse(const size& s, std::uint32_t seed) {  // few distinct values: many ties
  auto x = tensor::random(s.n, s.h, s.w, s.c, s.gap, seed);
  for (std::ptrdiff_t p = 0; p < x.count(); ++p)
    for (int c = 0; c < s.c; ++c) x.pixels()[p][c] = std::round(x.pixels()[p][c]);
  return x;
}

BOOST_AUTO_TEST_SUITE(pooling)

BOOST_AUTO_TEST_CASE(max_pool_forward_and_backward) {
  for (const auto& s : sizes)
    for (bool with_nan : {false, true}) {
      auto x = coarse(s, 1), dy = tensor::random(s.n, s.h / 2, s.w / 2, s.c, 1, 2), before = tensor::random(s.n, s.h, s.w, s.c, s.gap, 3);
      if (with_nan) x.at(0, 0, 0, 0) = NAN, x.at(0, 1, 0, s.c - 1) = NAN;
      std::vector<float> expected;
      tensor zeros(s.n, s.h, s.w, s.c);
      std::ranges::fill(zeros.buffer, 0.0f);
      for (int n = 0; n < s.n; ++n)
        for (int h = 0; h < s.h / 2; ++h)
          for (int w = 0; w < s.w / 2; ++w)
            for (int c = 0; c < s.c; ++c) {
              const auto value = [&](int k) { return x.at(n, 2 * h + k / 2, 2 * w + k % 2, c); };
              const int k = winner(value);
              expected.push_back(value(k));
              zeros.at(n, 2 * h + k / 2, 2 * w + k % 2, c) = dy.at(n, h, w, c);
            }
      for (auto set : sets_here())
        for (int threads : {1, 3}) {
          viseme::thread_pool pool(threads);
          const pooling_shape shape{s.n, s.h, s.w, s.c};
          tensor y(s.n, s.h / 2, s.w / 2, s.c, 3);
          max_pool2x2(pool, set, {shape, x.pixels(), y.pixels()});
          BOOST_TEST(relative_error(y.values(), expected) == 0);
          BOOST_TEST(y.gaps_untouched());
          tensor dx(s.n, s.h, s.w, s.c, s.gap);
          max_pool2x2_backward(pool, set, {shape, x.pixels(), dy.pixels(), dx.pixels(), writing::overwrite});
          BOOST_TEST(same_bits(dx.values(), zeros.values()));
          auto added = before.clone();
          max_pool2x2_backward(pool, set, {shape, x.pixels(), dy.pixels(), added.pixels(), writing::accumulate});
          auto sum = before.values();
          for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += zeros.buffer[i];
          BOOST_TEST(same_bits(added.values(), sum));
        }
    }
}

BOOST_AUTO_TEST_CASE(average_pool_forward_and_backward) {
  for (const auto& s : sizes)
    for (viseme::size2 k : {viseme::size2{1, 1}, {2, 2}, {3, 3}, {5, 5}, {2, 3}, {s.h, s.w}}) {
      if (k.h > s.h || k.w > s.w) continue;
      const pooling_shape shape{s.n, s.h, s.w, s.c, k};
      auto x = tensor::random(s.n, s.h, s.w, s.c, s.gap, 4), dy = tensor::random(s.n, s.h / k.h, s.w / k.w, s.c, 1, 5),
           before = tensor::random(s.n, s.h, s.w, s.c, s.gap, 6);
      std::vector<double> expected, share(x.count() * s.c);
      for (int n = 0; n < s.n; ++n)
        for (int h = 0; h < s.h / k.h; ++h)
          for (int w = 0; w < s.w / k.w; ++w)
            for (int c = 0; c < s.c; ++c) {
              double sum = 0;
              for (int t = 0; t < k.h * k.w; ++t) {
                const int row = h * k.h + t / k.w, column = w * k.w + t % k.w;
                sum += x.at(n, row, column, c);
                share[((std::size_t(n) * s.h + row) * s.w + column) * s.c + c] = double(dy.at(n, h, w, c)) / (k.h * k.w);
              }
              expected.push_back(sum / (k.h * k.w));
            }
      for (auto set : sets_here())
        for (int threads : {1, 3}) {
          viseme::thread_pool pool(threads);
          tensor y(s.n, s.h / k.h, s.w / k.w, s.c, 2), dx(s.n, s.h, s.w, s.c, s.gap);
          average_pool(pool, set, {shape, x.pixels(), y.pixels()});
          BOOST_TEST(relative_error(y.values(), expected) < 1e-6);
          BOOST_TEST(y.gaps_untouched());
          average_pool_backward(pool, set, {shape, dy.pixels(), dx.pixels(), writing::overwrite});
          BOOST_TEST(relative_error(dx.values(), share) < 1e-6);
          BOOST_TEST(dx.gaps_untouched());
          auto added = before.clone();
          average_pool_backward(pool, set, {shape, dy.pixels(), added.pixels(), writing::accumulate});
          std::vector<double> sum(share);
          const auto old = before.values();
          for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += old[i];
          BOOST_TEST(relative_error(added.values(), sum) < 1e-6);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace pooling_suite
