// The host's copy engine, barriers and warpgroups: where numbers end up, and the mistakes that must show.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include <kernels/simt/host.hpp>
#include <viseme/core/scalar.hpp>

namespace scheduler_hopper_suite {

using namespace viseme;

constexpr int columns = 64, rows = 64;

using halves = std::tuple<bf16, fp16>;

enum class mistake { none, reads_tiles_early, reads_sums_early, refills_early, begins_late, operands_apart, announces_more, leaves_tiles };

/// y = x w^T of 64 x 64 numbers each, with the raw memory of x's tile.
template <class T>
struct one_product {
  static constexpr int threads = simt::warpgroup_size;
  struct alignas(1024) shared {
    T x[rows][columns], w[rows][columns];
    simt::barrier here;
  };
  simt::tile_map x, w;
  float* y;
  std::uint16_t* raw;
  mistake made = mistake::none;

  template <class Thread>
  void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    if (t.thread() == 0) t.start(s.here, 1);
    t.sync();
    if (t.thread() == 0) {
      t.expect(s.here, sizeof s.x + sizeof s.w + (made == mistake::announces_more ? 2 : 0));
      t.copy_tile(s.x, x, 0, 0, s.here);
      t.copy_tile(s.w, w, 0, 0, s.here);
    }
    if (made == mistake::leaves_tiles) return;
    if (made != mistake::reads_tiles_early) t.wait(s.here, 0);
    for (int i = t.thread(); i < rows * columns; i += threads) raw[i] = s.x[i / columns][i % columns].bits;
    if (made != mistake::begins_late) t.begin_products();
    simt::warpgroup_sums<rows> sum{};
    for (int k = 0; k < columns / 16; ++k) {
      const int apart = made == mistake::operands_apart && t.warp() == 2;
      t.multiply(sum, t.operand(s.x) + 2 * std::uint64_t(k + apart), t.operand(s.w) + 2 * std::uint64_t(k), T{}, k > 0);
    }
    t.end_products();
    if (made == mistake::refills_early && t.thread() == 0) {
      t.expect(s.here, sizeof s.x);
      t.copy_tile(s.x, x, 0, 0, s.here);
    }
    if (made != mistake::reads_sums_early) t.template wait_products<0>();
    if (made == mistake::refills_early || made == mistake::reads_tiles_early) t.wait(s.here, made == mistake::refills_early);
    for (int i = 0; i < rows / 2; ++i) {
      const int row = t.warp() * 16 + t.lane() / 4 + i / 2 % 2 * 8, column = i / 4 * 8 + t.lane() % 4 * 2 + i % 2;
      y[row * rows + column] = sum.at[i];
    }
  }
};

template <class T>
struct run {
  static constexpr int x_rows = 61, x_columns = 56;  // the rest of the tile is zeros
  std::vector<T> x, w;
  std::vector<float> y = std::vector<float>(rows * rows);
  std::vector<std::uint16_t> raw = std::vector<std::uint16_t>(rows * columns);

  run() {
    for (int i = 0; i < rows * columns; ++i) {
      x.push_back(T(float((i * 7919 % 41 - 20) / 4.0)));
      w.push_back(T(float((i * 104729 % 37 - 18) / 8.0)));
    }
  }
  void go(mistake made = mistake::none, simt::lane_order order = simt::lane_order::forward) {
    static thread_pool pool(2);
    simt::host_launcher launcher(pool);
    launcher.set_order(order, 5);
    const auto map = [](const std::vector<T>& m, int c, int r) {
      return simt::map_tiles({m.data(), c, r, columns * int(sizeof(T)), rows});
    };
    launcher.launch({1}, one_product<T>{map(x, x_columns, x_rows), map(w, columns, rows), y.data(), raw.data(), made});
  }
  float x_at(int r, int c) const { return r < x_rows && c < x_columns ? float(x[std::size_t(r * columns + c)]) : 0; }
};

bool says(mistake made, const std::string& what) {
  try {
    run<bf16>().go(made);
  } catch (const error& e) {
    return std::string(e.what()).find(what) != std::string::npos;
  }
  return false;
}

/// Bits 0 .. 13 the address, 16 .. 29 unused, 32 .. 45 eight rows, 62 .. 63 the swizzle; all but the last in 16 bytes.
static_assert(simt::swizzled_operand(0x400) == 0x4000004000010040);
static_assert(simt::swizzled_operand(0x38c00) == 0x40000040000138c0);
static_assert(simt::swizzled_operand(0x400) + 2 == simt::swizzled_operand(0x400 + 32));

BOOST_AUTO_TEST_SUITE(scheduler_hopper)

BOOST_AUTO_TEST_CASE(tiles_lie_swizzled_and_end_in_zeros) {
  run<bf16> r;
  r.go();
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column) {
      const int piece = column / 8 ^ row % 8;
      bf16 have;
      have.bits = r.raw[std::size_t(row * columns + piece * 8 + column % 8)];
      BOOST_REQUIRE_EQUAL(float(have), r.x_at(row, column));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(multiplies, T, halves) {
  for (auto order : {simt::lane_order::forward, simt::lane_order::reverse, simt::lane_order::shuffled}) {
    run<T> r;
    r.go(mistake::none, order);
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < rows; ++j) {
        float want = 0;  // exact
        for (int k = 0; k < columns; ++k) want += r.x_at(i, k) * float(r.w[std::size_t(j * columns + k)]);
        BOOST_REQUIRE_EQUAL(r.y[std::size_t(i * rows + j)], want);
      }
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_there_yet_is_nan) {
  for (auto made : {mistake::reads_tiles_early, mistake::reads_sums_early, mistake::refills_early}) {
    run<bf16> r;
    r.go(made);
    int nan = 0;
    for (float v : r.y) nan += std::isnan(v);
    BOOST_TEST(nan == rows * rows, "mistake " << int(made));
  }
}

BOOST_AUTO_TEST_CASE(reports_misuse) {
  BOOST_TEST(says(mistake::begins_late, "without begin_products()"));
  BOOST_TEST(says(mistake::operands_apart, "different operands"));
  BOOST_TEST(says(mistake::announces_more, "waits at a barrier"));
  BOOST_TEST(says(mistake::leaves_tiles, "ends with tiles on their way"));
}

BOOST_AUTO_TEST_CASE(takes_matrices_as_the_copy_engine_does) {
  alignas(16) const std::uint16_t numbers[64]{};
  const simt::tiled_matrix good{numbers, 16, 2, 32, 64};
  simt::map_tiles(good);
  const auto refused = [&](auto change) {
    auto m = good;
    change(m);
    BOOST_CHECK_THROW(simt::map_tiles(m), error);
  };
  refused([&](auto& m) { m.data = numbers + 1; });
  refused([](auto& m) { m.pitch = 36; });
  refused([](auto& m) { m.columns = 0; });
  refused([](auto& m) { m.tile_rows = 257; });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace scheduler_hopper_suite
