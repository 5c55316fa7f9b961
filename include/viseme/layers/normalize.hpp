// L2 normalisation of each sample, as torch.nn.functional.normalize on the flattened tensor: x / max(|x|, 1e-12).
#pragma once

#include <viseme/layers/layer.hpp>

namespace viseme {

struct l2_normalize {
  static constexpr double eps = 1e-12;
  static constexpr auto parameters = no_parameters;
  static constexpr saves backward_reads{.input = true, .output = true};
  static constexpr int channels(const shapes& x) { return x[0].c; }
  static constexpr shape out(const shapes& x) { return x[0]; }
};

}  // namespace viseme
