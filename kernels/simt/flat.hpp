// Flat arrays: thread i has elements i N .. i N + N - 1, as one access unless they are the last.
#pragma once

#include <kernels/simt/vectors.hpp>

namespace viseme::simt {

/// Threads for `count` elements, N each.
inline grid flat_grid(std::size_t count, int N, int threads) { return {int(ceil_div(count, std::size_t(N) * threads))}; }

/// Whether all arrays begin where N elements are one access.
template <int N, class... T>
bool in_vectors(const T*... arrays) {
  return (... && (reinterpret_cast<std::uintptr_t>(arrays) % (N * sizeof(T)) == 0));
}

/// f(std::integral_constant<int, n>, first) for the thread's elements: once for all N, or one by one where fewer are left.
template <int N, class Thread, class F>
VISEME_DEVICE void each_flat(const Thread& t, std::size_t count, int threads, const F& f) {
  std::size_t i = (std::size_t(t.block().x) * threads + t.thread()) * N;
  if (i + N <= count) return f(std::integral_constant<int, N>{}, i);
  for (; i < count; ++i) f(std::integral_constant<int, 1>{}, i);
}

}  // namespace viseme::simt
