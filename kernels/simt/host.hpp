// Kernels on the host: blocks share the threads of a pool, the threads of a block are fibers that change over at collectives. What a GPU
// forgives or hides is an error here: a barrier that not all threads reach, lanes of a warp at different collectives, shared memory read
// before it is written (it starts as NaN), results that depend on the order of threads (run once more in another one).
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include <kernels/simt/block_runner.hpp>
#include <viseme/run/thread_pool.hpp>

namespace viseme::simt {

/// In which order the ready threads of a block go on. Correct kernels give the same bits in each.
enum class lane_order { forward, reverse, shuffled };

/// A thread of a kernel without collectives.
class lone_thread {
public:
  lone_thread(int thread, index3 block, index3 blocks) : thread_(thread), block_(block), blocks_(blocks) {}
  int thread() const { return thread_; }
  index3 block() const { return block_; }
  index3 blocks() const { return blocks_; }
  int lane() const { return thread_ % warp_size; }
  int warp() const { return thread_ / warp_size; }

private:
  int thread_;
  index3 block_, blocks_;
};

/// A thread of a kernel with collectives.
class host_thread : public lone_thread {
public:
  host_thread(detail::block_runner& runner, int thread) : lone_thread(thread, runner.block(), runner.blocks()), runner_(&runner) {}

  template <class S>
  S& shared() const { return *reinterpret_cast<S*>(runner_->shared()); }
  void sync() const { runner_->meet(thread(), detail::meeting::block); }

  float warp_sum(float v) const {
    return tree(lay_down(v, detail::meeting::sum), [](float a, float b) { return a + b; });
  }
  float warp_max(float v) const {
    return tree(lay_down(v, detail::meeting::max), [](float a, float b) { return a > b || a != a ? a : b; });
  }
  float shuffle_xor(float v, int mask) const { return lay_down(v, detail::meeting::shuffle).value[lane() ^ mask]; }

  template <class T>
  void mma(fragment_c& c, const fragment_a& a, const fragment_b& b, T) const {
    auto& all = runner_->begin_exchange(thread());
    const int g = lane() / 4, q = lane() % 4;
    all.multiplied = false;
    for (int i = 0; i < 4; ++i) halves<T>(a.word[i], [&](int k, float v) { all.a[g + i % 2 * 8][2 * q + i / 2 * 8 + k] = v; });
    for (int i = 0; i < 2; ++i) halves<T>(b.word[i], [&](int k, float v) { all.b[2 * q + 8 * i + k][g] = v; });
    runner_->meet(thread(), detail::meeting::product);
    if (!std::exchange(all.multiplied, true)) all.multiply();
    for (int i = 0; i < 4; ++i) c.at[i] += all.product[g + i / 2 * 8][2 * q + i % 2];
  }

  fragment_a load_transposed(const void* row) const {
    auto& all = runner_->begin_exchange(thread());
    all.row[lane()] = static_cast<const std::uint16_t*>(detail::aligned_16(row));
    runner_->meet(thread(), detail::meeting::matrices);
    const int g = lane() / 4, q = lane() % 4;
    fragment_a f;
    for (int i = 0; i < 4; ++i) f.word[i] = all.row[8 * i + 2 * q][g] | std::uint32_t(all.row[8 * i + 2 * q + 1][g]) << 16;
    return f;
  }

  void copy_async(void* to, const void* from, bool there) const { runner_->copies(thread()).start(to, there ? from : nullptr); }
  void commit_copies() const { runner_->copies(thread()).commit(); }
  template <int N>
  void wait_copies() const { runner_->copies(thread()).deliver(N); }

  void start(barrier& b, int arrivals) const { runner_->barriers().start(b, arrivals); }
  void arrive(barrier& b) const { runner_->barriers().arrive(b, 0); }
  void expect(barrier& b, int bytes) const { runner_->barriers().arrive(b, bytes); }
  void wait(barrier& b, unsigned parity) const { runner_->wait(thread(), b, parity); }
  void copy_tile(void* to, const tile_map& map, int column, int row, barrier& b) const { runner_->tiles().start(to, map, column, row, b); }
  std::uint64_t operand(const void* rows) const {
    return swizzled_operand(std::uint32_t(static_cast<const std::byte*>(rows) - runner_->shared()));
  }
  void begin_products() const { runner_->products(thread()).begin(); }
  template <int N, class T>
  void multiply(warpgroup_sums<N>& c, std::uint64_t a, std::uint64_t b, T, bool add) const {
    runner_->products(thread()).start(c, {a, b}, T{}, add);
    runner_->meet(thread(), detail::meeting::warpgroup);
  }
  void end_products() const { runner_->products(thread()).end(); }
  template <int N>
  void wait_products() const { runner_->finish_products(thread(), N); }

private:
  const detail::exchange& lay_down(float v, detail::meeting m) const {
    auto& all = runner_->begin_exchange(thread());
    all.value[lane()] = v;
    runner_->meet(thread(), m);
    return all;
  }
  /// As xor-shuffles by 16, 8, 4, 2, 1 combine: every lane has the same bits.
  template <class F>
  static float tree(const detail::exchange& all, F&& f) {
    float v[warp_size];
    std::copy_n(all.value, warp_size, v);
    for (int half = warp_size / 2; half; half /= 2)
      for (int i = 0; i < half; ++i) v[i] = f(v[i], v[i + half]);
    return v[0];
  }
  template <class T, class F>
  static void halves(std::uint32_t word, F&& f) {
    for (int k = 0; k < 2; ++k) {
      T t;
      t.bits = std::uint16_t(word >> 16 * k);
      f(k, float(t));
    }
  }

  detail::block_runner* runner_;
};

/// Where emulated kernels run: a pool, the order of threads, a runner for each pool thread.
class host_launcher {
public:
  explicit host_launcher(thread_pool& pool) : pool_(&pool), runners_(std::size_t(pool.threads())) {
    for (auto& r : runners_) r = std::make_unique<detail::block_runner>();
  }

  void set_order(lane_order order, unsigned seed = 1) {
    order_ = order;
    seed_ = seed;
    orders_.clear();
  }

  template <class Kernel>
  void launch(grid g, const Kernel& kernel) {
    static_assert(Kernel::threads % warp_size == 0 && Kernel::threads <= 1024, "a block has a multiple of 32 threads, 1024 at most");
    const auto& order = threads_in_order(Kernel::threads);
    const index3 blocks{g.x, g.y, g.z};
    pool_->run(g.x * g.y * g.z, [&](int task, int slot) {
      const index3 block{task % g.x, task / g.x % g.y, task / g.x / g.y};
      if constexpr (collective<Kernel>) {
        const auto body = [](const void* k, detail::block_runner& r, int thread) {
          (*static_cast<const Kernel*>(k))(host_thread(r, thread));
        };
        runners_[slot]->run(body, &kernel, Kernel::threads, sizeof(typename Kernel::shared), block, blocks, order);
      } else {
        for (int thread : order) kernel(lone_thread(thread, block, blocks));
      }
    });
  }

private:
  const std::vector<int>& threads_in_order(int threads) {
    for (const auto& o : orders_)
      if (int(o.size()) == threads) return o;
    auto& o = orders_.emplace_back(threads);
    std::iota(o.begin(), o.end(), 0);
    if (order_ == lane_order::reverse) std::reverse(o.begin(), o.end());
    if (order_ == lane_order::shuffled)
      for (unsigned i = unsigned(threads) - 1, x = seed_ * 2654435761u + 1; i; --i) {
        x = x * 1664525u + 1013904223u;
        std::swap(o[i], o[(x >> 8) % (i + 1)]);
      }
    return o;
  }

  thread_pool* pool_;
  std::vector<std::unique_ptr<detail::block_runner>> runners_;
  std::vector<std::vector<int>> orders_;
  lane_order order_ = lane_order::forward;
  unsigned seed_ = 1;
};

}  // namespace viseme::simt
