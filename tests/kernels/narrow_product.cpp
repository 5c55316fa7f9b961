// Products in 8-bit integers and bf16: numbers within half a step, integer sums exact, for every instruction set this machine runs.
#include <kernels/cpu/narrow_product.hpp>

#include "tensor_check.hpp"

namespace narrow_product_suite {

using namespace viseme;
using namespace viseme::kernels::cpu;
using namespace viseme::tests;

struct trial {
  int pixels, depth, columns, first, of;  // weights (columns, of)
  bool from_zero, residual;
  int gap = 0;
};

std::vector<trial> trials() {
  std::vector<trial> all;
  for (int pixels : {1, 5, 6, 13, 97, 200})
    for (auto [depth, columns] : {std::pair{1, 1}, {3, 7}, {16, 16}, {19, 33}, {64, 40}, {130, 17}}) {
      all.push_back({pixels, depth, columns, 0, depth, false, false, 3});
      all.push_back({pixels, depth, columns, 8, depth + 8, pixels % 2 == 0, true, 0});
    }
  all.push_back({100, 512, 1024, 0, 512, true, true});  // tasks of a few columns each
  return all;
}

struct data {
  trial t;
  tensor x, y, residual;
  guarded_buffer weights, bias;

  explicit data(const trial& t)
      : t(t),
        x(tensor::random(1, 1, t.pixels, t.depth, t.gap, 1)),
        y(1, 1, t.pixels, t.columns, t.gap),
        residual(tensor::random(1, 1, t.pixels, t.columns, 0, 2)),
        weights(std::size_t(t.columns) * t.of),
        bias(t.columns) {
    weights.randomize(3);
    bias.randomize(4);
    if (t.from_zero)
      for (float& v : x.buffer) v = std::abs(v);
  }

  template <arithmetic how = arithmetic::int8>
  void run(instruction_set set, activation act = activation::none, int threads = 2) {
    thread_pool pool(threads);
    guarded_buffer packed(narrow_packed_size<how>(set, t.columns, t.of)), scratch(narrow_size(how, t.pixels, t.depth));
    pack_narrow<how>(pool, set, t.columns, t.of, weights.data(), packed.data());
    kernels::cpu::narrow_product p{
        t.depth, t.columns, t.first, t.of, t.from_zero, x.pixels(), packed.data(), y.pixels(), {bias.data(), {}, act, 0}};
    if (t.residual) p.after.residual = residual.pixels();
    multiply<how>(pool, set, p, t.pixels, scratch.data());
  }

  double weight(int n, int d) const { return weights[std::size_t(n) * t.of + t.first + d]; }
  double exact(int p, int n) const {
    double sum = bias[n] + (t.residual ? double(residual.at(0, 0, p, n)) : 0);
    for (int d = 0; d < t.depth; ++d) sum += weight(n, d) * x.at(0, 0, p, d);
    return sum;
  }
  /// By how much rounding to codes and weights may move it: half a step of each factor. The steps: max |x| / 127 or 255; the smallest that
  /// the packing's rule allows, and one more half where a pair is cut.
  double bound(int p, int n) const {
    double largest = 0, step = 0;
    for (int d = 0; d < t.depth; ++d) largest = std::max(largest, std::abs(double(x.at(0, 0, p, d))));
    const float* w = weights.data() + std::size_t(n) * t.of;
    for (int d = 0; d < t.of; d += 2) {
      const double a = std::abs(w[d]), b = d + 1 < t.of ? std::abs(w[d + 1]) : 0;
      step = std::max({step, a / 127, b / 127, (a + b) / 128});
    }
    const double x_step = largest / (t.from_zero ? 255 : 127);
    double sum = 1e-5 * (1 + std::abs(exact(p, n)));
    for (int d = 0; d < t.depth; ++d) sum += 0.5 * x_step * (std::abs(weight(n, d)) + step) + step * std::abs(double(x.at(0, 0, p, d)));
    return sum;
  }
};

BOOST_AUTO_TEST_SUITE(narrow_product)

BOOST_AUTO_TEST_CASE(int8_errs_by_no_more_than_rounding) {
  for (const auto& t : trials()) {
    data d(t);
    for (auto set : sets_here()) {
      d.run(set);
      int beyond = 0;
      double square = 0, signal = 0;
      for (int p = 0; p < t.pixels; ++p)
        for (int n = 0; n < t.columns; ++n) {
          const double exact = d.exact(p, n), error = d.y.at(0, 0, p, n) - exact;
          beyond += !(std::abs(error) <= d.bound(p, n));
          square += error * error;
          signal += exact * exact;
        }
      BOOST_TEST(beyond == 0, "set " << int(set) << ": " << t.pixels << " x " << t.depth << " x " << t.columns);
      BOOST_TEST(std::sqrt(square / signal) < 0.02,
                 "set " << int(set) << ": " << t.pixels << " x " << t.depth << " x " << t.columns << " " << std::sqrt(square / signal));
      BOOST_TEST(d.y.gaps_untouched());
    }
  }
}

BOOST_AUTO_TEST_CASE(bf16_is_the_product_of_rounded_numbers) {
  for (const auto& t : trials()) {
    data d(t);
    for (auto set : sets_here()) {
      d.run<arithmetic::bf16>(set);
      data rounded(t);
      for (float& v : rounded.x.buffer) v = float(bf16(v));
      for (float& v : rounded.weights) v = float(bf16(v));
      std::vector<double> expected;
      for (int p = 0; p < t.pixels; ++p)
        for (int n = 0; n < t.columns; ++n) expected.push_back(rounded.exact(p, n));
      BOOST_TEST(relative_error(d.y.values(), expected) <= 1e-5,
                 "set " << int(set) << ": " << t.pixels << " x " << t.depth << " x " << t.columns);
      BOOST_TEST(d.y.gaps_untouched());
    }
  }
}

BOOST_AUTO_TEST_CASE(bf16_keeps_nan_and_infinity) {
  const trial t{8, 19, 18, 0, 19, false, false};
  for (auto set : sets_here()) {
    data d(t);
    d.x.at(0, 0, 3, 18) = NAN;
    d.x.at(0, 0, 5, 2) = INFINITY;
    d.run<arithmetic::bf16>(set);
    for (int n = 0; n < 18; ++n) {
      BOOST_TEST(std::isnan(d.y.at(0, 0, 3, n)));
      BOOST_TEST(std::isinf(d.y.at(0, 0, 5, n)));
      BOOST_TEST(std::isfinite(d.y.at(0, 0, 4, n)));
    }
  }
}

BOOST_AUTO_TEST_CASE(is_exact_where_nothing_is_rounded) {
  data d({37, 24, 21, 0, 24, false, false});
  for (std::size_t i = 0; i < std::size_t(37 * 24); ++i) d.x.buffer[i] = float(int(i * 29 % 255) - 127);
  for (int p = 0; p < 37; ++p) d.x.at(0, 0, p, 5) = p % 2 ? 127 : -127;
  for (int i = 0; i < 21 * 24; ++i) d.weights[i] = float(i * 13 % 129 - 64);
  for (int n = 0; n < 21; ++n) d.weights[n * 24] = 64, d.weights[n * 24 + 1] = -64;
  for (auto set : sets_here()) {
    d.run(set);
    for (int p = 0; p < 37; ++p)
      for (int n = 0; n < 21; ++n) BOOST_TEST(d.y.at(0, 0, p, n) == d.exact(p, n), boost::test_tools::tolerance(1e-6));
  }
}

BOOST_AUTO_TEST_CASE(largest_numbers_do_not_saturate) {
  data d({7, 64, 16, 0, 64, true, false});
  std::fill(d.x.buffer.begin(), d.x.buffer.end(), 255.f);
  for (int i = 0; i < 16 * 64; ++i) d.weights[i] = (i / 64 % 2 ? -1.f : 1.f) * (i % 2 ? 1.f : 127.f);
  for (auto set : sets_here()) {
    d.run(set);
    for (int n = 0; n < 16; ++n) BOOST_TEST(d.y.at(0, 0, 3, n) == d.exact(3, n), boost::test_tools::tolerance(1e-6));
  }
}

BOOST_AUTO_TEST_CASE(rectifies) {
  data d({30, 20, 33, 0, 20, false, true});
  for (auto set : sets_here()) {
    d.run(set);
    auto expected = d.y.values();
    for (float& v : expected) v = std::max(v, 0.f);
    d.run(set, activation::relu);
    BOOST_TEST(same_bits(d.y.values(), expected));
  }
}

BOOST_AUTO_TEST_CASE(nan_and_infinity_stay_in_their_pixel) {
  const trial t{20, 19, 18, 0, 19, false, false};
  for (auto set : sets_here()) {
    data d(t), clean(t);
    clean.run(set);
    d.x.at(0, 0, 3, 18) = NAN;
    d.x.at(0, 0, 9, 0) = INFINITY;
    d.x.at(0, 0, 9, 8) = 1e30f;
    d.run(set);
    for (int p = 0; p < 20; ++p)
      for (int n = 0; n < 18; ++n)
        BOOST_TEST((p == 3 || p == 9 ? std::isnan(d.y.at(0, 0, p, n)) : d.y.at(0, 0, p, n) == clean.y.at(0, 0, p, n)));
  }
}

BOOST_AUTO_TEST_CASE(zeros_and_denormals_give_the_bias) {
  data d({12, 16, 8, 0, 16, false, false});
  for (float& v : d.x.buffer) v = 1e-40f;
  for (int i = 0; i < 16; ++i) d.x.at(0, 0, 5, i) = 0;
  for (auto set : sets_here()) {
    d.run(set);
    for (int p = 0; p < 12; ++p)
      for (int n = 0; n < 8; ++n) BOOST_TEST(d.y.at(0, 0, p, n) == d.bias[n]);
  }
}

BOOST_AUTO_TEST_CASE(does_not_depend_on_threads) {
  data d({200, 64, 48, 0, 64, false, true});
  for (auto set : sets_here()) {
    d.run(set, activation::none, 1);
    const auto one = d.y.values();
    d.run(set, activation::none, 3);
    BOOST_TEST(same_bits(d.y.values(), one));
    d.run<arithmetic::bf16>(set, activation::none, 1);
    const auto one_in_bf16 = d.y.values();
    d.run<arithmetic::bf16>(set, activation::none, 3);
    BOOST_TEST(same_bits(d.y.values(), one_in_bf16));
  }
}

BOOST_AUTO_TEST_CASE(sets_agree) {
  data d({64, 96, 64, 0, 96, true, false});
  d.run(instruction_set::plain);
  const auto plain = d.y.values();
  for (auto set : sets_here()) {
    d.run(set);
    BOOST_TEST(relative_error(d.y.values(), plain) < 1e-3);  // a product that rounds to another code, at worst
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace narrow_product_suite
