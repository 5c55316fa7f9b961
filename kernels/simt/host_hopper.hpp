// What kernels/simt/hopper.hpp promises, on the host and by the words of PTX's manual. Everything is as late as it may be: a tile arrives,
// piece by piece in its swizzled place, when no thread can go on without it, and its memory is NaN from the start of the copy; a product
// reads its operands, by their descriptors, when its sums are waited for, and these are NaN until then. So an early refill, an early read
// and a wait too few give NaN, and what waits for ever is reported.
#pragma once

#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <kernels/simt/hopper.hpp>
#include <viseme/core/error.hpp>

namespace viseme::simt {

/// Throws `error` where the copy engine would not take the matrix.
inline tile_map map_tiles(const tiled_matrix& m) {
  const auto whole = [](auto v) { return v % 16 == 0; };
  require(whole(reinterpret_cast<std::uintptr_t>(m.data)) && whole(m.pitch) && m.pitch < std::int64_t(1) << 40, "tiles",
          "a matrix's memory and pitch are no multiples of 16 bytes", "copy it by single numbers");
  require(
      m.columns > 0 && m.rows > 0 && std::max(m.columns, m.rows) <= std::int64_t(1) << 32 && m.tile_rows > 0 && m.tile_rows <= 256, "tiles",
      "a matrix of " + std::to_string(m.rows) + " x " + std::to_string(m.columns) + " in tiles of " + std::to_string(m.tile_rows) + " rows",
      "use at least one row and column, and tiles of 256 rows at most");
  tile_map map{};
  static_assert(sizeof m <= sizeof map.opaque);
  std::memcpy(map.opaque, &m, sizeof m);
  return map;
}

namespace detail {

[[noreturn]] inline void misused(const std::string& why) { throw error("kernel", why, "see kernels/simt/hopper.hpp"); }

/// 128-byte swizzle: bits 4 .. 6 of an address are exclusive-or'ed with bits 7 .. 9.
constexpr std::uintptr_t swizzled(std::uintptr_t address) { return address ^ (address >> 3 & 0x70); }

class shared_barriers {
public:
  void clear() { all_.clear(); }
  void start(const barrier& b, int arrivals) { all_[&b] = {arrivals, arrivals, 0, 0}; }
  void arrive(const barrier& b, int bytes) {
    auto& s = of(b);
    if (s.missing == 0) misused("more threads arrive at a barrier than it was started for");
    --s.missing;
    s.bytes += bytes;
    settle(s);
  }
  void deliver(const barrier& b, int bytes) {
    auto& s = of(b);
    s.bytes -= bytes;
    settle(s);
  }
  bool ended(const barrier& b, unsigned parity) { return (of(b).phase & 1) != parity; }

private:
  struct state {
    int arrivals, missing;
    std::ptrdiff_t bytes;  // announced and not here yet; negative: here and not announced yet
    unsigned phase;
  };
  state& of(const barrier& b) {
    const auto found = all_.find(&b);
    if (found == all_.end()) misused("a barrier is used that was not started");
    return found->second;
  }
  static void settle(state& s) {
    if (s.missing || s.bytes) return;
    ++s.phase;
    s.missing = s.arrivals;
  }

  std::map<const barrier*, state> all_;
};

class tile_copies {
public:
  void clear() { all_.clear(); }
  bool any() const { return !all_.empty(); }
  void start(void* to, const tile_map& map, int column, int row, const barrier& b) {
    copy c{static_cast<std::byte*>(to), {}, column, row, &b};
    std::memcpy(static_cast<void*>(&c.from), map.opaque, sizeof c.from);
    if (reinterpret_cast<std::uintptr_t>(to) % 128) misused("a tile does not begin at a multiple of 128 bytes");
    std::memset(to, 0xff, std::size_t(c.bytes()));
    all_.push_back(c);
  }
  void deliver(shared_barriers& barriers) {
    const copy c = all_.front();
    all_.pop_front();
    constexpr int piece = 8;  // numbers of 16 bytes
    for (int r = 0; r < c.from.tile_rows; ++r)
      for (int first = 0; first < tiled_matrix::tile_columns; first += piece) {
        std::uint16_t numbers[piece] = {};
        for (int k = 0; k < piece; ++k) {
          const std::int64_t row = std::int64_t(c.row) + r, column = std::int64_t(c.column) + first + k;
          if (row < 0 || row >= c.from.rows || column < 0 || column >= c.from.columns) continue;
          std::memcpy(&numbers[k], static_cast<const std::byte*>(c.from.data) + row * c.from.pitch + column * 2, 2);
        }
        const auto linear = reinterpret_cast<std::uintptr_t>(c.to + r * 128 + first * 2);
        std::memcpy(reinterpret_cast<void*>(swizzled(linear)), numbers, sizeof numbers);
      }
    barriers.deliver(*c.at, c.bytes());
  }

private:
  struct copy {
    std::byte* to;
    tiled_matrix from;
    int column, row;
    const barrier* at;

    int bytes() const { return from.tile_rows * tiled_matrix::tile_columns * 2; }
  };
  std::deque<copy> all_;
};

/// A thread's part of the products of its warpgroup.
class products_under_way {
public:
  struct operands {
    std::uint64_t a, b;
    bool operator==(const operands&) const = default;
  };

  void clear() {
    all_.clear();
    groups_ = 0;
    sums_ = nullptr;
    begun_ = false;
  }
  void begin() { begun_ = true; }
  template <int N, class T>
  void start(warpgroup_sums<N>& c, operands by, T, bool add) {
    if (!begun_) misused("a product starts without begin_products() since sums were waited for");
    if (!sums_) {
      sums_ = c.at;
      held_.assign(c.at, c.at + N / 2);
      std::memset(c.at, 0xff, sizeof c.at);
    }
    if (sums_ != c.at) misused("products of two kinds of sums are under way");
    all_.push_back({by, add, groups_, &memory::row<T>});
  }
  operands newest() const { return all_.back().by; }
  void end() { ++groups_; }
  void finish(int but_groups, int thread, const std::byte* shared, std::size_t shared_bytes) {
    const memory operands_of{shared, shared_bytes};
    while (!all_.empty() && all_.front().group < groups_ - but_groups) {
      multiply(all_.front(), thread % warpgroup_size, operands_of);
      all_.pop_front();
    }
    if (!all_.empty()) return;
    if (sums_) std::copy(held_.begin(), held_.end(), sums_);
    sums_ = nullptr;
    begun_ = false;
  }

private:
  struct row_of_16 {
    float at[16];
  };
  struct memory {
    const std::byte* shared;
    std::size_t bytes;

    /// Row r of a K-major operand with 128-byte swizzle: eight rows make an atom, `stride` bytes from one to the next.
    template <class T>
    static row_of_16 row(const memory& m, std::uint64_t descriptor, int r) {
      const auto field = [&](int first, int bits) { return descriptor >> first & ((std::uint64_t(1) << bits) - 1); };
      if (field(62, 2) != 1 || field(49, 3) != 0)
        misused("an operand is not laid out in 128-byte swizzle from a multiple of 1024 bytes on");
      const auto start = field(0, 14) * 16, stride = field(32, 14) * 16;
      row_of_16 to;
      for (int half = 0; half < 2; ++half) {
        const auto address = swizzled(start + unsigned(r / 8) * stride + unsigned(r % 8) * 128 + unsigned(half) * 16);
        T numbers[8];
        if (address + sizeof numbers > m.bytes) misused("an operand leaves the block's memory");
        std::memcpy(numbers, m.shared + address, sizeof numbers);
        for (int k = 0; k < 8; ++k) to.at[8 * half + k] = float(numbers[k]);
      }
      return to;
    }
  };
  struct product {
    operands by;
    bool add;
    int group;
    row_of_16 (*row)(const memory&, std::uint64_t, int);  // of operands of their type
  };

  void multiply(const product& p, int thread, const memory& from) {
    const int first_row = thread / warp_size * 16 + thread % warp_size / 4, first_column = thread % 4 * 2;
    const row_of_16 rows[2] = {p.row(from, p.by.a, first_row), p.row(from, p.by.a, first_row + 8)};
    for (std::size_t i = 0; i < held_.size(); i += 4)
      for (int k = 0; k < 2; ++k) {
        const auto column = p.row(from, p.by.b, int(i) * 2 + first_column + k);
        for (int h = 0; h < 2; ++h) {
          float sum = 0;
          for (int n = 0; n < 16; ++n) sum += rows[h].at[n] * column.at[n];
          auto& held = held_[i + 2 * unsigned(h) + unsigned(k)];
          held = p.add ? held + sum : sum;
        }
      }
  }

  std::deque<product> all_;
  std::vector<float> held_;
  float* sums_ = nullptr;
  int groups_ = 0;
  bool begun_ = false;
};

}  // namespace detail
}  // namespace viseme::simt
