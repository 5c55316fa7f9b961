// Batch normalisation over N, H, W, as torch.nn.BatchNorm2d: eps 1e-5, momentum 0.1, unbiased running variance.
#pragma once

#include <viseme/layers/layer.hpp>

namespace viseme {

/// In training mode batch statistics are used (biased variance) and the running ones updated; in inference the running ones are used.
template <int C>
struct batch_norm {
  static constexpr int size = C;
  static constexpr double eps = 1e-5, momentum = 0.1;
  static constexpr std::array parameters{
      parameter{"weight"_n, 1, {C, 1, 1, 1}}, parameter{"bias"_n, 1, {C, 1, 1, 1}}, parameter{"running_mean"_n, 1, {C, 1, 1, 1}, false},
      parameter{"running_var"_n, 1, {C, 1, 1, 1}, false}, parameter{"num_batches_tracked"_n, 0, {1, 1, 1, 1}, false}};
  static constexpr saves backward_reads{.input = true, .statistics = 2 * C};  // mean, 1 / sqrt(var + eps)
  static constexpr int channels(const shapes& x) { return x[0].c == C ? C : -1; }
  static constexpr shape out(const shapes& x) { return x[0]; }
};

}  // namespace viseme
