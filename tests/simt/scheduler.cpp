// The host's way of running kernels: collectives, the mistakes it must report, and orders that must not matter.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <kernels/simt/host.hpp>

namespace scheduler_suite {

using namespace viseme;

thread_pool& pool() {
  static thread_pool p(2);
  return p;
}

struct block_row_sum {
  static constexpr int threads = 256;
  struct shared {
    float part[8];
  };
  const float* x;
  float* y;
  int n;
  template <class Thread>
  void operator()(const Thread& t) const {
    float v = 0;
    for (int i = t.thread(); i < n; i += threads) v += x[t.block().x * n + i];
    const float sum = simt::block_sum<threads>(t, v, t.template shared<shared>().part);
    if (t.thread() == 0) y[t.block().x] = sum;
  }
};

/// mask: lanes at which a thread goes its own way.
struct stray {
  static constexpr int threads = 64;
  struct shared {};
  int at;
  template <class Thread>
  void operator()(const Thread& t) const {
    if (t.thread() == at) t.warp_sum(1);
    t.sync();
  }
};

struct reads_unwritten {
  static constexpr int threads = 32;
  struct shared {
    float value[32];
  };
  float* y;
  template <class Thread>
  void operator()(const Thread& t) const { y[t.thread()] = t.template shared<shared>().value[t.thread()]; }
};

/// Each thread hands its number on through shared memory; the barrier may be left out.
struct hands_on {
  static constexpr int threads = 64;
  struct shared {
    float value[64];
  };
  float* y;
  bool barrier;
  template <class Thread>
  void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    s.value[t.thread()] = float(t.thread());
    if (barrier) t.sync();
    y[t.thread()] = s.value[63 - t.thread()];
  }
};

struct throws_in_block_two {
  static constexpr int threads = 32;
  struct shared {};
  template <class Thread>
  void operator()(const Thread& t) const {
    if (t.block().x == 2 && t.thread() == 7) throw error("a", "b", "c");
    t.warp_sum(0);
  }
};

template <class T>
struct small_product {
  static constexpr int threads = 32;
  struct shared {};
  const T *a, *b;  // (16, 16), (16, 8), rows first
  float* c;
  template <class Thread>
  void operator()(const Thread& t) const {
    const int g = t.lane() / 4, q = t.lane() % 4;
    const auto two = [](T low, T high) { return std::uint32_t(low.bits) | std::uint32_t(high.bits) << 16; };
    simt::fragment_a fa;
    simt::fragment_b fb;
    simt::fragment_c fc{};
    for (int i = 0; i < 4; ++i) {
      const T* from = a + (g + i % 2 * 8) * 16 + 2 * q + i / 2 * 8;
      fa.word[i] = two(from[0], from[1]);
    }
    for (int i = 0; i < 2; ++i) fb.word[i] = two(b[(2 * q + 8 * i) * 8 + g], b[(2 * q + 8 * i + 1) * 8 + g]);
    t.mma(fc, fa, fb, T{});
    for (int i = 0; i < 4; ++i) c[(g + i / 2 * 8) * 8 + 2 * q + i % 2] = fc.at[i];
  }
};

/// Word i of lane 4 g + q: column g of rows 2q and 2q + 1 of matrix i.
struct turns_matrices {
  static constexpr int threads = 32;
  struct alignas(16) shared {
    std::uint16_t row[32][8];
  };
  std::uint32_t* words;
  template <class Thread>
  void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    for (int i = 0; i < 8; ++i) s.row[t.lane()][i] = std::uint16_t(8 * t.lane() + i);
    t.sync();
    const auto f = t.load_transposed(s.row[t.lane()]);
    for (int i = 0; i < 4; ++i) words[4 * t.lane() + i] = f.word[i];
  }
};

/// Two copies a thread, each a group; what has come after the first wait, and the second after the last.
struct copies_ahead {
  static constexpr int threads = 64;
  struct alignas(16) shared {
    float first[64][4], second[64][4];
  };
  const float* x;
  float *first, *early, *second;
  template <class Thread>
  void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const int i = t.thread();
    t.copy_async(s.first[i], x + 4 * i, i % 2);
    t.commit_copies();
    t.copy_async(s.second[i], x + 4 * i, true);
    t.commit_copies();
    t.template wait_copies<1>();
    first[i] = s.first[i][3];
    early[i] = s.second[i][3];
    t.template wait_copies<0>();
    t.sync();
    second[i] = s.second[63 - i][3];
  }
};

template <class F>
void in_every_order(F&& f) {
  for (auto order : {simt::lane_order::forward, simt::lane_order::reverse, simt::lane_order::shuffled}) {
    simt::host_launcher launcher(pool());
    launcher.set_order(order, 5);
    f(launcher);
  }
}

BOOST_AUTO_TEST_SUITE(scheduler)

BOOST_AUTO_TEST_CASE(sums_rows) {
  const int rows = 37, n = 1000;
  std::vector<float> x(rows * n, 0.5f), y(rows);
  in_every_order([&](auto& launcher) {
    launcher.launch({rows}, block_row_sum{x.data(), y.data(), n});
    for (float v : y) BOOST_TEST(v == 500.0f);
  });
}

BOOST_AUTO_TEST_CASE(reports_a_thread_elsewhere) {
  simt::host_launcher launcher(pool());
  const auto wanted = [](const error& e) { return std::string(e.what()).find("thread 40 waits at warp_sum") != std::string::npos; };
  BOOST_CHECK_EXCEPTION(launcher.launch({3}, stray{40}), error, wanted);
  launcher.launch({3}, stray{-1});
}

BOOST_AUTO_TEST_CASE(fills_shared_memory_with_nan) {
  simt::host_launcher launcher(pool());
  std::vector<float> y(32);
  launcher.launch({1}, reads_unwritten{y.data()});
  for (float v : y) BOOST_TEST(std::isnan(v));
}

BOOST_AUTO_TEST_CASE(orders_differ_where_a_barrier_is_missing) {
  std::vector<std::vector<float>> with, without;
  in_every_order([&](auto& launcher) {
    std::vector<float> y(64);
    launcher.launch({1}, hands_on{y.data(), true});
    with.push_back(y);
    launcher.launch({1}, hands_on{y.data(), false});
    for (auto& v : y) v = std::isnan(v) ? -1 : v;
    without.push_back(y);
  });
  BOOST_TEST((with[0] == with[1] && with[1] == with[2]));
  BOOST_TEST((without[0] != without[1]));
}

BOOST_AUTO_TEST_CASE(passes_exceptions_on) {
  simt::host_launcher launcher(pool());
  BOOST_CHECK_THROW(launcher.launch({4}, throws_in_block_two{}), error);
  std::vector<float> y(64);
  launcher.launch({1}, hands_on{y.data(), true});
  BOOST_TEST(y[0] == 63.0f);
}

BOOST_AUTO_TEST_CASE(multiplies_fragments) {
  std::vector<bf16> a(256), b(128);
  std::vector<float> c(128);
  for (int i = 0; i < 256; ++i) a[i] = bf16(float(i * 37 % 19 - 9));
  for (int i = 0; i < 128; ++i) b[i] = bf16(float(i * 11 % 13 - 6));
  in_every_order([&](auto& launcher) {
    launcher.launch({1}, small_product<bf16>{a.data(), b.data(), c.data()});
    for (int row = 0; row < 16; ++row)
      for (int column = 0; column < 8; ++column) {
        float want = 0;
        for (int k = 0; k < 16; ++k) want += float(a[row * 16 + k]) * float(b[k * 8 + column]);
        BOOST_TEST(c[row * 8 + column] == want);
      }
  });
}

BOOST_AUTO_TEST_CASE(transposes_matrices) {
  std::vector<std::uint32_t> words(128);
  in_every_order([&](auto& launcher) {
    launcher.launch({1}, turns_matrices{words.data()});
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < 4; ++i) {
        const unsigned low = 8 * (8 * i + lane % 4 * 2) + lane / 4;
        BOOST_TEST(words[4 * lane + i] == (low | (low + 8) << 16));
      }
  });
}

BOOST_AUTO_TEST_CASE(delivers_copies_when_waited_for) {
  std::vector<float> x(256), first(64), early(64), second(64);
  for (int i = 0; i < 256; ++i) x[i] = float(i);
  in_every_order([&](auto& launcher) {
    launcher.launch({1}, copies_ahead{x.data(), first.data(), early.data(), second.data()});
    for (int i = 0; i < 64; ++i) {
      BOOST_TEST(first[i] == (i % 2 ? x[4 * i + 3] : 0));
      BOOST_TEST(std::isnan(early[i]));
      BOOST_TEST(second[i] == x[4 * (63 - i) + 3]);
    }
  });
  simt::host_launcher launcher(pool());
  BOOST_CHECK_THROW(launcher.launch({1}, copies_ahead{x.data() + 1, first.data(), early.data(), second.data()}), error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace scheduler_suite
