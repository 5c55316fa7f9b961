// What every layer says of itself: parameters, shapes, and what its backward pass reads. Layers compute nothing; see backends/.
#pragma once

#include <array>
#include <concepts>
#include <string_view>

#include <viseme/core/name.hpp>
#include <viseme/core/shape.hpp>

namespace viseme {

inline constexpr int max_inputs = 10;

/// One parameter or buffer of a layer, by PyTorch's name. `trainable` ones get gradients; the others are running statistics.
struct parameter {
  name leaf;
  int rank = 0;
  std::array<int, 4> sizes{1, 1, 1, 1};
  bool trainable = true;

  constexpr std::size_t count() const { return std::size_t(sizes[0]) * sizes[1] * sizes[2] * sizes[3]; }
};

/// What a layer's backward pass reads besides the output's gradient; the training plan keeps just that alive.
struct saves {
  bool input = false, output = false;
  int statistics = 0;  // scalars kept from forward to backward
};

/// Shapes of a node's inputs.
struct shapes {
  std::array<shape, max_inputs> in{};
  int count = 0;
  constexpr const shape& operator[](int i) const { return in[i]; }
};

/// A leaf of a net: `parameters` (array of parameter), `backward_reads`, `out(shapes)` and, for the compile-time check, `channels`:
/// output channels for given input channels, or -1 where the layer cannot take them.
template <class L>
concept layer = requires(shapes s) {
  L::parameters.size();
  { L::backward_reads } -> std::convertible_to<saves>;
  { L::out(s) } -> std::same_as<shape>;
  { L::channels(s) } -> std::same_as<int>;
};

inline constexpr std::array<parameter, 0> no_parameters{};

}  // namespace viseme
