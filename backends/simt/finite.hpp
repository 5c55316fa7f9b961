// Whether gradients are finite, for loss scaling.
#pragma once

#include <algorithm>
#include <vector>

#include <backends/simt/backend.hpp>
#include <kernels/simt/finite.hpp>
#include <viseme/optim/loss_scaling.hpp>

namespace viseme {

template <class P, class T>
struct op<all_finite, backends::simt_backend<P, T>> {
  static bool run(typename P::context& c, const float* values, std::size_t count) {
    using kernel = simt::count_not_finite;
    if (!count) return true;
    const std::size_t blocks = simt::ceil_div(count, kernel::threads * kernel::each);
    float* parts = c.sums(blocks);
    launch(c, {int(blocks)}, kernel{count, values, parts});
    std::vector<float> bad(blocks);
    c.download(bad.data(), parts, blocks * sizeof(float));
    return std::all_of(bad.begin(), bad.end(), [](float b) { return b == 0; });
  }
};

}  // namespace viseme
