// parts[b] = how many of block b's numbers are infinite or NaN. 1024 numbers a block, coalesced; bound by reading them once.
#pragma once

#include <cmath>

#include <kernels/simt/thread.hpp>

namespace viseme::simt {

struct count_not_finite {
  static constexpr int threads = 256, each = 4;
  struct shared {
    float part[threads / warp_size];
  };
  std::size_t count;
  const float* x;
  float* parts;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    float bad = 0;
    for (int k = 0; k < each; ++k) {
      const std::size_t i = (std::size_t(t.block().x) * each + k) * threads + t.thread();
      if (i < count) bad += !(x[i] - x[i] == 0);
    }
    bad = block_sum<threads>(t, bad, t.template shared<shared>().part);
    if (t.thread() == 0) parts[t.block().x] = bad;
  }
};

}  // namespace viseme::simt
