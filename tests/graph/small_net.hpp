// A net of a few layers with everything that the passes distinguish: two inputs, a value read twice, a residual, a concatenation.
#pragma once

#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <backends/cpu/precompiled.hpp>
#include <viseme/graph/parameters.hpp>
#include <viseme/nets/blocks.hpp>
#include <viseme/run/engine.hpp>

namespace viseme::tests {

using truth = backends::reference<double>;
using fast = backends::cpu<float>;
using numbers = std::vector<double>;

struct small_net {
  static constexpr shape input_shape(int i, int n) { return i == 0 ? shape{n, 3, 8, 6} : shape{n, 2, 4, 3}; }
  using body = network<
      input<"image"_n, 3>, input<"audio"_n, 2>, at<"down"_n, sequential<conv2d<conv{.in = 3, .out = 8, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}}>, batch_norm<8>, relu>, "image"_n>,
      at<"mixed"_n, residual<child<"conv"_n, sequential<pointwise<8, 8>, batch_norm<8>>>>>, at<"sound"_n, sequential<pointwise<2, 4, true>, leaky_relu<100>>, "audio"_n>,
      at<"joined"_n, concat, "mixed"_n, "sound"_n>, at<"up"_n, upsample2x>, at<"last"_n, dense<12, 3, 3, 1, 1>>, at<"output"_n, sigmoid>>;
};

inline backends::host_context& context() {
  static backends::host_context c(2);
  return c;
}

inline numbers random_numbers(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  numbers v(count);
  for (auto& x : v) x = uniform(generator);
  return v;
}

/// Weights in [-1, 1), scales and variances in [0.5, 1.5).
template <class Net>
std::vector<float> random_block() {
  std::vector<float> block;
  for (const auto& e : graph::parameters<Net>())
    for (double x : random_numbers(e.count, unsigned(e.offset) + 1)) block.push_back(float(e.norm && (e.name.ends_with("weight") || e.name.ends_with("running_var")) ? 1 + x / 2 : x));
  return block;
}

template <class T>
void write(view<T> to, const numbers& nchw) {
  BOOST_REQUIRE_EQUAL(nchw.size(), to.size.count());
  copy(view<const double>{nchw.data(), to.size, layout::nchw}, to);
}

template <class T>
numbers read(view<T> from) {
  numbers v(from.size.count());
  copy(view<const T>(from), view<double>{v.data(), from.size, layout::nchw});
  return v;
}

/// Largest difference over the largest expected magnitude.
inline double relative(const numbers& have, const numbers& want) {
  if (have.size() != want.size()) return INFINITY;
  double worst = 0, range = 1e-30;
  for (std::size_t i = 0; i < have.size(); ++i) {
    if (std::isnan(have[i])) return INFINITY;
    worst = std::max(worst, std::abs(have[i] - want[i]));
    range = std::max(range, std::abs(want[i]));
  }
  return worst / range;
}

/// Runs f and checks that it throws one `error` of a single line that has all of `parts`.
template <class F>
void check_error(F&& f, const std::vector<std::string>& parts) {
  try {
    f();
    BOOST_ERROR("no error where one was expected");
  } catch (const error& e) {
    const std::string message = e.what();
    for (const auto& part : parts) BOOST_TEST(message.find(part) != std::string::npos, "'" << part << "' is not in: " << message);
    BOOST_TEST(message.find('\n') == std::string::npos);
  }
}

}  // namespace viseme::tests
