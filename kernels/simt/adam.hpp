// Adam on flat blocks of `count` floats, one pass:
//     g = scale gradient,  m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  weight -= step m / (sqrt(v) correction + eps)
// with step = lr / (1 - b1^t) and correction = 1 / sqrt(1 - b2^t) from the host, which has them in double.
// Four elements a thread, four loads of 16 bytes in flight: bound by memory, each array read once and three written.
#pragma once

#include <kernels/simt/flat.hpp>

namespace viseme::simt {

template <int N>
struct adam_update {
  static constexpr int threads = 256;
  std::size_t count;
  float *weight, *first_moment, *second_moment;
  const float* gradient;
  float scale, keep1, take1, keep2, take2, step, correction, epsilon;  // keep: b, take: 1 - b

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    each_flat<N>(t, count, threads, [&](auto n, std::size_t at) {
      constexpr int wide = n;
      const auto g = load_floats<wide>(gradient + at);
      auto w = load_floats<wide>(weight + at), m = load_floats<wide>(first_moment + at), v = load_floats<wide>(second_moment + at);
      unrolled<wide>([&](auto i) {
        const float scaled = scale * g.at[i];
        m.at[i] = keep1 * m.at[i] + take1 * scaled;
        v.at[i] = keep2 * v.at[i] + take2 * scaled * scaled;
        w.at[i] -= step * m.at[i] / (std::sqrt(v.at[i]) * correction + epsilon);
      });
      store_floats<wide>(first_moment + at, m);
      store_floats<wide>(second_moment + at, v);
      store_floats<wide>(weight + at, w);
    });
  }
};

}  // namespace viseme::simt
