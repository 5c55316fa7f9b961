// The losses as descriptions: how predictions, targets and gradients relate. Backends compute them as op<loss, backend>::run.
#pragma once

#include <viseme/core/view.hpp>
#include <viseme/run/op.hpp>

namespace viseme {

/// Mean of |prediction - target|.
struct l1_loss {};
/// Mean of (prediction - target)^2.
struct mse_loss {};
/// Mean over samples of BCE((1 + cos(a, b)) / 2, label), cos as torch.nn.functional.cosine_similarity (eps 1e-8), logs clamped at -100.
struct cosine_bce_loss {};

/// run(context, call) returns the unweighted loss, writes `weight` times its gradient where a gradient view is given.
template <class T>
struct loss_call {
  view<const T> a, b;          // prediction and target, or the two embeddings
  const float* labels = nullptr;  // cosine_bce_loss: one a sample, in [0, 1]
  double weight = 1;
  view<T> d_a, d_b;
  gradient_write write_a = gradient_write::overwrite, write_b = gradient_write::overwrite;
};

}  // namespace viseme
