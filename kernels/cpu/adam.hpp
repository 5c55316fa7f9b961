// Adam (Kingma and Ba, 2015) on a flat block of parameters, one fused pass; numbers as torch.optim.Adam:
//     g = scale gradient,   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2,
//     p -= rate / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + epsilon)
// Bound by memory: four streams read, three written.
#pragma once

#include <cmath>
#include <cstdint>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

struct adam_arguments {
  std::ptrdiff_t count;
  float *parameters, *m, *v;
  const float* gradients;
  std::int64_t step;  ///< t, from 1
  double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  float scale = 1;  ///< of the gradients: 1 / batch, or a clipped norm
};

inline int tasks(const adam_arguments& a) { return task_count(a.count, 1); }

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/adam.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

template <class Pool> void adam(Pool& pool, instruction_set set, const adam_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

}  // namespace viseme::kernels::cpu
