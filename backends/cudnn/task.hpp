// One pass of one convolution over tensors of given sizes: what a library is asked to compute, and by what its plans are found again.
#pragma once

#include <array>
#include <string>

#include <viseme/core/shape.hpp>
#include <viseme/layers/conv2d.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::backends {

enum class convolution_pass { forward, data_gradient, weight_gradient };

///     forward          y = relu(conv(x, w) + residual + bias), of which the last three may be absent
///     data gradient    dx = or += the transposed convolution of dy with w
///     weight gradient  dw = the sum over the pixels of dy and x
/// x (N, C, H, W) and y (N, K, P, Q) channels last and dense, like their gradients and the residual; w (K, R, S, C); bias (K). All of
/// `type`, sums in float and rounded once.
struct convolution_task {
  convolution_pass pass = convolution_pass::forward;
  conv s;  // without its bias and groups: neither is told apart
  shape x, y;
  dtype type = dtype::fp32;
  bool bias = false, sum = false, relu = false;  // of the forward pass; the last two behind a bias only: no library has other kernels ready
  bool accumulate = false;                       // of the data gradient

  bool operator==(const convolution_task&) const = default;

  /// A matrix product: every pixel by itself.
  bool pointwise() const { return s.kernel == size2{1, 1} && s.stride == size2{1, 1} && s.pad == size2{0, 0}; }
};

/// Its pass, sizes and type, by which choices are recorded: "forward/conv3x3s2x2p1x1/256x512/20x20/bf16/batch8". What is added, and a ReLU,
/// change little and are not told apart.
inline std::string text(const convolution_task& t) {
  constexpr std::array passes{"forward", "data_gradient", "weight_gradient"};
  const auto by = [](int a, int b) { return std::to_string(a) + "x" + std::to_string(b); };
  const auto size = [&](size2 v) { return by(v.h, v.w); };
  return std::string(passes[std::size_t(t.pass)]) + "/conv" + size(t.s.kernel) + "s" + size(t.s.stride) + "p" + size(t.s.pad) + "/" +
         by(t.s.in, t.s.out) + "/" + by(t.x.h, t.x.w) + "/" + text(t.type) + "/batch" + std::to_string(t.x.n);
}

}  // namespace viseme::backends
