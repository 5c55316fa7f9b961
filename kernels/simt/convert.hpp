// to[i] = To(From[i]) on flat arrays, by way of float; N elements a thread, 16 bytes of the larger scalar an access.
#pragma once

#include <kernels/simt/flat.hpp>

namespace viseme::simt {

template <class From, class To, int N>
struct convert {
  static constexpr int threads = 256;
  std::size_t count;
  const From* from;
  To* to;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    each_flat<N>(t, count, threads, [&](auto n, std::size_t at) {
      constexpr int wide = n;
      store_floats<wide>(to + at, load_floats<wide>(from + at));
    });
  }
};

}  // namespace viseme::simt
