// ReLU, LeakyReLU, sigmoid.
#pragma once

#include <viseme/layers/layer.hpp>

namespace viseme {

namespace detail {
struct elementwise {
  static constexpr auto parameters = no_parameters;
  static constexpr saves backward_reads{.output = true};
  static constexpr int channels(const shapes& x) { return x[0].c; }
  static constexpr shape out(const shapes& x) { return x[0]; }
};
}  // namespace detail

struct relu : detail::elementwise {};

/// x for x > 0, else x / Divisor: LeakyReLU's 0.01 is leaky_relu<100>.
template <int Divisor>
struct leaky_relu : detail::elementwise {
  static constexpr double slope = 1.0 / Divisor;
};

struct sigmoid : detail::elementwise {};

}  // namespace viseme
