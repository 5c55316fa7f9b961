// What kernels for Hopper GPUs (compute capability 9.0) have beside thread.hpp's: memory that the copy engine fills tile by tile, barriers
// that count its bytes, and products of a whole warpgroup (four warps, the first a multiple of four) whose operands stay in shared memory.
// On a GPU it is kernels/device_only/hopper.cuh; on the host, anywhere, host_hopper.hpp. A thread t has
//   t.start(barrier, n)   by one thread, before a sync(): each phase of the barrier, 0, 1, 2, ..., ends with n arrivals and all bytes
//                         announced
//   t.arrive(barrier)     what the thread did with shared memory before is done for those who wait
//   t.expect(barrier, bytes)    arrives, and announces bytes on their way
//   t.wait(barrier, parity)     until the newest phase that is even (0) or odd (1) has ended; odd before any: at once
//   t.copy_tile(to, map, column, row, barrier)   a tile from there on is on its way, zeros where the matrix ends; its bytes, zeros among
//                         them, count at `barrier`
//   t.operand(rows)       of products: rows of a tile from `rows`, a multiple of 8, on, the first 16 numbers of each; + 2: the next 16
//   t.begin_products()    before the first product, and the first after sums were touched
//   t.multiply(c, a, b, T{}, add)   c = a b^T, or += where `add`, by the whole warpgroup: 64 rows of a, N of b, of bf16 or fp16, sums in
//                                   float
//   t.end_products()      ends a group of them; after t.wait_products<N>() all but the last N groups have read their operands and have sums
#pragma once

#include <kernels/simt/thread.hpp>

namespace viseme::simt {

inline constexpr int warpgroup_size = 4 * warp_size;

/// In shared memory; nothing but the functions above look into it.
struct alignas(8) barrier {
  std::uint64_t state;
};

/// A matrix of 16-bit numbers in memory, its rows `pitch` bytes apart, cut in tiles of `tile_rows` rows of 64 numbers. Memory and pitch are
/// multiples of 16 bytes.
struct tiled_matrix {
  const void* data = nullptr;
  std::int64_t columns = 0, rows = 0, pitch = 0;
  int tile_rows = 0;

  static constexpr int tile_columns = 64;
};

/// The same in the words of a place's copy engine: map_tiles(context, matrix).
struct alignas(64) tile_map {
  std::byte opaque[128];
};

/// A lane's sums of 64 x N. Of lane 4 g + q of warp w of the warpgroup: at[4 j + 2 h + k] is row 16 w + g + 8 h, column 8 j + 2 q + k.
template <int N>
struct warpgroup_sums {
  float at[N / 2];
};

/// The descriptor of an operand whose rows are 128 bytes, their 16-byte pieces swizzled by the row's last three bits: where it begins, 1024
/// bytes from eight rows to the next, 128-byte swizzle.
constexpr std::uint64_t swizzled_operand(std::uint32_t shared_address) {
  constexpr std::uint64_t unused = 1, eight_rows = 1024, swizzle_128 = 1;
  return (shared_address & 0x3ffff) >> 4 | unused << 16 | eight_rows >> 4 << 32 | swizzle_128 << 62;
}

/// Where in a ring of N stages one is, and the parity of the turn.
template <int N>
struct ring_place {
  int slot = 0;
  unsigned parity = 0;

  VISEME_DEVICE void next() {
    if (++slot < N) return;
    slot = 0;
    parity ^= 1;
  }
};

}  // namespace viseme::simt
