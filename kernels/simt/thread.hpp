// What a kernel sees: the contract between kernels/simt and whoever runs them, a GPU (device.cuh) or fibers on the host (host.hpp).
//
// A kernel is an aggregate whose members are its arguments and whose call is one thread's work:
//
//   template <class T>
//   struct row_sum {
//     static constexpr int threads = 256;                  // of a block, a multiple of 32
//     struct shared { float part[8]; };                    // a block's memory; absent: the kernel uses no collective
//     const T* x; float* y; int n;
//     template <class Thread>
//     VISEME_DEVICE void operator()(const Thread& t) const {
//       auto& s = t.template shared<shared>();
//       ...
//     }
//   };
//   launch(context, grid{rows}, row_sum<float>{x, y, n});
//
// A thread t has
//   t.thread()            its number in the block, 0 .. threads - 1        t.block(), t.blocks()   its block and the grid, {x, y, z}
//   t.lane(), t.warp()    thread() % 32 and / 32
//   t.template shared<S>()  the block's memory, uninitialised (the host fills it with NaN)
//   t.sync()              all threads of the block meet
//   t.warp_sum(v), t.warp_max(v)   of the 32 lanes' floats, the same bits in every lane
//   t.shuffle_xor(v, mask)         the float of lane() ^ mask
//   t.mma(c, a, b, T{})   c += a b on a warp's fragments: (16 x 16) (16 x 8) of bf16 or fp16, sums in float; see fragment_* below
//   t.load_transposed(row)  four 8 x 8 matrices of 16-bit numbers in shared memory, transposed, as a lane's words 0 .. 3: row (16 bytes) is
//                         row lane() % 8 of matrix lane() / 8, and word i of lane 4 g + q is column g, rows 2q and 2q + 1, of matrix i
//   t.copy_async(to, from, there)   16 bytes on their way to shared memory, zeros unless `there`; t.commit_copies() ends a group of them,
//                         and after t.wait_copies<N>() the thread's own are there but those of the last N groups; others' after a sync()
//                         behind it
// Rules: nothing of the device but through t; collectives are called by all lanes of a warp (sync by all threads of the block), so return
// early only before the first; shared memory is one trivial struct; results may not depend on the order in which threads run.
#pragma once

#include <cstddef>
#include <cstdint>

#include <viseme/core/attributes.hpp>
#include <viseme/core/scalar.hpp>

namespace viseme::simt {

inline constexpr int warp_size = 32;

struct index3 {
  int x = 0, y = 0, z = 0;
};

/// Blocks of a launch; y and z up to 65535.
struct grid {
  int x = 1, y = 1, z = 1;
};

/// N elements that are loaded and stored as one access.
template <class T, int N>
struct alignas(sizeof(T) * N) aligned {
  T at[N];
};

template <class T, int N>
VISEME_DEVICE aligned<T, N> load(const T* from) {
  return *reinterpret_cast<const aligned<T, N>*>(from);
}
template <int N, class T>
VISEME_DEVICE void store(T* to, const aligned<T, N>& value) {
  *reinterpret_cast<aligned<T, N>*>(to) = value;
}

/// Registers of one lane for mma.m16n8k16, two 16-bit numbers a word, the lower column or row in the lower half. With g = lane / 4,
/// q = lane % 4:
///   a (row, columns): word 0 (g, 2q..), 1 (g + 8, 2q..), 2 (g, 2q + 8..), 3 (g + 8, 2q + 8..)
///   b (rows, column): word 0 (2q.., g), 1 (2q + 8.., g)
///   c (row, column): 0 (g, 2q), 1 (g, 2q + 1), 2 (g + 8, 2q), 3 (g + 8, 2q + 1)
struct fragment_a {
  std::uint32_t word[4];
};
struct fragment_b {
  std::uint32_t word[2];
};
struct fragment_c {
  float at[4];
};

/// A kernel without shared memory has no collectives: its threads are plain calls.
template <class Kernel>
concept collective = requires { typename Kernel::shared; };

template <class Kernel>
constexpr std::size_t shared_bytes() {
  if constexpr (collective<Kernel>) return sizeof(typename Kernel::shared);
  else return 0;
}

/// Sum over a block of `threads` (up to 1024), the same bits in every thread. `part` is shared memory for threads / 32 floats; it is free
/// again after the caller's next sync().
template <int threads, class Thread>
VISEME_DEVICE float block_sum(const Thread& t, float value, float* part) {
  const float of_warp = t.warp_sum(value);
  if (t.lane() == 0) part[t.warp()] = of_warp;
  t.sync();
  float sum = 0;
  for (int w = 0; w < threads / warp_size; ++w) sum += part[w];
  return sum;
}

constexpr std::size_t ceil_div(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

}  // namespace viseme::simt
