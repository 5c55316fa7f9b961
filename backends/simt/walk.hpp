// How ops choose the width of a kernel's accesses and its blocks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include <backends/simt/backend.hpp>
#include <kernels/simt/channel_tiles.hpp>

namespace viseme::backends {

/// A tensor that a kernel reads or writes, as far as its tiling depends on it; without data it is absent.
struct simt_operand {
  const void* data = nullptr;
  std::ptrdiff_t stride = 0;

  simt_operand() = default;
  template <class T>
  simt_operand(view<T> v) : data(v.data), stride(v.step.w) {}
};

/// The tiling of a kernel over channel_tiles for given operands.
template <class T>
class simt_walk {
public:
  static constexpr int wide = simt::widest<T>;
  static constexpr std::ptrdiff_t any = std::numeric_limits<int>::max();

  /// Kernels that do not ask for the channel: where all operands are dense they are one row of vectors. `each` pixels a thread at least,
  /// where `most` blocks are enough.
  template <class Operands = std::initializer_list<simt_operand>>
  static simt_walk elements(shape s, int each, const Operands& operands, std::ptrdiff_t most = any) {
    if (!all(operands, [&](const auto& o) { return o.stride == s.c; })) return channels(s, each, most, operands);
    const bool vectors = s.count() % wide == 0 && all(operands, [](const auto& o) { return on_vector(o.data); });
    const int row = vectors ? wide : 1;
    return {simt::channel_tiles::over(std::ptrdiff_t(s.count()) / row, 1, each, most), vectors, row};
  }
  /// Kernels that do.
  template <class Operands = std::initializer_list<simt_operand>>
  static simt_walk channels(shape s, int each, std::ptrdiff_t most, const Operands& operands) {
    const bool vectors = s.c % wide == 0 && all(operands, [](const auto& o) { return o.stride % wide == 0 && on_vector(o.data); });
    return {tiles_of(s, vectors, each, most), vectors, 0};
  }
  static simt::channel_tiles tiles_of(shape s, bool vectors, int each, std::ptrdiff_t most) {
    return simt::channel_tiles::over(std::ptrdiff_t(s.pixels()), vectors ? s.c / wide : s.c, each, most);
  }

  const simt::channel_tiles& tiles() const { return tiles_; }
  bool vectors() const { return vectors_; }
  template <class U>
  simt::pixels<U> operator()(view<U> v) const {
    return {v.data, row_ ? row_ : v.step.w};
  }

  /// Kernel<T, channels an access>{tiles, a...}.
  template <template <class, int> class Kernel, class Context, class... A>
  void run(Context& c, const A&... a) const {
    if (vectors_) launch(c, tiles_.blocks(), Kernel<T, wide>{tiles_, a...});
    else launch(c, tiles_.blocks(), Kernel<T, 1>{tiles_, a...});
  }

private:
  simt_walk(const simt::channel_tiles& tiles, bool vectors, std::ptrdiff_t row) : tiles_(tiles), vectors_(vectors), row_(row) {}
  static bool on_vector(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; }
  template <class Operands, class F>
  static bool all(const Operands& operands, F&& f) {
    return std::all_of(std::begin(operands), std::end(operands), [&](const simt_operand& o) { return !o.data || f(o); });
  }

  simt::channel_tiles tiles_;
  bool vectors_;
  std::ptrdiff_t row_;  // elements of a row of vectors, 0: pixels as they are
};

}  // namespace viseme::backends
