// A batch norm with everything that its two passes need, for the kernels that take norms as they read.
#pragma once

#include <kernels/cpu/normalized_depthwise3x3.hpp>

#include "tensor_check.hpp"

namespace viseme::tests {

using namespace viseme::kernels::cpu;

struct trial_norm {
  tensor &x, dy;
  guarded_buffer gamma, beta, mean, inv_std, scale, shift, dgamma, dbeta;
  std::vector<double> scratch;
  activation act;

  trial_norm(tensor& x, int gap, unsigned seed, activation act = activation::relu, int slots = 4096)
      : x(x),
        dy(tensor::random(x.n, x.h, x.w, x.c, gap, seed)),
        gamma(x.c),
        beta(x.c),
        mean(x.c),
        inv_std(x.c),
        scale(x.c),
        shift(x.c),
        dgamma(x.c),
        dbeta(x.c),
        scratch(batch_norm_scratch_of(slots, x.c)),
        act(act) {
    gamma.randomize(seed + 1, 0.3f, 1), beta.randomize(seed + 2), dgamma.randomize(seed + 3), dbeta.randomize(seed + 4);
  }
  batch_norm_statistics_arguments statistics() {
    return {.pixels = x.count(),
            .channels = x.c,
            .x = x.pixels(),
            .gamma = gamma.data(),
            .beta = beta.data(),
            .mean = mean.data(),
            .inv_std = inv_std.data(),
            .scale = scale.data(),
            .shift = shift.data(),
            .scratch = scratch.data()};
  }
  batch_norm_backward_arguments gradient(bool frozen = false) {
    return {.pixels = x.count(),
            .channels = x.c,
            .dy = dy.pixels(),
            .x = x.pixels(),
            .mean = mean.data(),
            .inv_std = inv_std.data(),
            .scale = scale.data(),
            .shift = shift.data(),
            .act = act,
            .dx = {},
            .dgamma = frozen ? nullptr : dgamma.data(),
            .dbeta = frozen ? nullptr : dbeta.data(),
            .parameters_how = writing::overwrite,
            .frozen = frozen,
            .scratch = scratch.data()};
  }
  /// relu(scale x + shift).
  tensor given(viseme::thread_pool& pool, instruction_set set) {
    tensor y(x.n, x.h, x.w, x.c);
    batch_norm_apply(pool, set, {x.count(), x.c, x.pixels(), scale.data(), shift.data(), y.pixels(), {}, act, 0});
    return y;
  }
  /// The gradient of x, and with it dgamma and dbeta.
  tensor gradient_of_x(viseme::thread_pool& pool, instruction_set set, bool frozen = false) {
    tensor dx(x.n, x.h, x.w, x.c);
    auto a = gradient(frozen);
    a.dx = dx.pixels();
    batch_norm_backward(pool, set, a);
    return dx;
  }
};

inline std::vector<float> copy_of(const guarded_buffer& b) { return {b.begin(), b.end()}; }

}  // namespace viseme::tests
