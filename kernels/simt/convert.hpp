// to[i] = To(From[i]) on flat arrays, by way of float; N elements a thread, 16 bytes of the larger scalar an access.
//   convert           from a given place
//   convert_pointed   from `offset` bytes behind a place that stands in memory: another one from one replay of a recording to the next
#pragma once

#include <cstddef>

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

template <class From, class To, int N>
struct convert_pointed {
  static constexpr int threads = convert<From, To, N>::threads;
  std::size_t count;
  const std::byte* const* base;
  std::size_t offset;
  To* to;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    convert<From, To, N>{count, reinterpret_cast<const From*>(*base + offset), to}(t);
  }
};

}  // namespace viseme::simt
