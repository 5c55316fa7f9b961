// Flat arrays: thread i has elements i N .. i N + N - 1, as one access unless they are the last.
#pragma once

#include <kernels/simt/vectors.hpp>

namespace viseme::simt {

/// Threads for `count` elements, N each.
inline grid flat_grid(std::size_t count, int N, int threads) { return {int(ceil_div(count, std::size_t(N) * threads))}; }

/// Whether accesses of `bytes` can be made.
inline bool on_bytes(std::size_t bytes, std::initializer_list<const void*> arrays) {
  bool whole = true;
  for (const void* p : arrays) whole = whole && reinterpret_cast<std::uintptr_t>(p) % bytes == 0;
  return whole;
}

/// f(std::integral_constant<int, n>, first) for the thread's elements: once for all N, or one by one where fewer are left.
template <int N, class Thread, class F>
VISEME_DEVICE void each_flat(const Thread& t, std::size_t count, int threads, const F& f) {
  std::size_t i = (std::size_t(t.block().x) * threads + t.thread()) * N;
  if (i + N <= count) return f(std::integral_constant<int, N>{}, i);
  for (; i < count; ++i) f(std::integral_constant<int, 1>{}, i);
}

}  // namespace viseme::simt
