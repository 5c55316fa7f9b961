// Adam, as torch.optim.Adam without weight decay.
#pragma once

#include <cstddef>
#include <cstdint>

namespace viseme {

/// m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
struct adam {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
};

/// One update of a flat block of `count` parameters; `step` counts from 1.
template <class T>
struct adam_call {
  T* weight;
  T* first_moment;
  T* second_moment;
  const T* gradient;
  std::size_t count;
  std::int64_t step;
  adam rule;
  double gradient_scale = 1;
};

}  // namespace viseme
