// Kernels on the host: blocks share the threads of a pool, the threads of a block are fibers that change over at collectives. What a GPU forgives
// or hides is an error here: a barrier that not all threads reach, lanes of a warp at different collectives, shared memory read before it is
// written (it starts as NaN), results that depend on the order of threads (run once more in another one).
#pragma once

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <kernels/simt/fiber.hpp>
#include <kernels/simt/thread.hpp>
#include <viseme/core/error.hpp>
#include <viseme/run/thread_pool.hpp>

namespace viseme::simt {

/// In which order the ready threads of a block go on. Correct kernels give the same bits in each.
enum class lane_order { forward, reverse, shuffled };

namespace detail {

enum class meeting : std::uint8_t { none, block, sum, max, shuffle, product, matrices };

constexpr const char* name(meeting m) {
  constexpr const char* names[] = {"nothing", "sync", "warp_sum", "warp_max", "shuffle_xor", "mma", "load_transposed"};
  return names[int(m)];
}

/// What the 32 lanes of a warp lay down for each other. Two of them in turn: nobody writes the one that others may still read.
struct exchange {
  float value[warp_size];
  float a[16][16], b[16][8], product[16][8];  // of a warp's fragments; the first lane to go on multiplies for all
  bool multiplied;
  const std::uint16_t* row[warp_size];

  void multiply() {
    for (int row = 0; row < 16; ++row) {
      float sum[8] = {};
      for (int k = 0; k < 16; ++k)
        for (int column = 0; column < 8; ++column) sum[column] += a[row][k] * b[k][column];
      std::copy_n(sum, 8, product[row]);
    }
  }
};

struct warp_state {
  exchange slot[2];
  int turn[warp_size];
};

/// Accesses of 16 bytes, as a GPU allows them.
template <class T>
T* aligned_16(T* p) {
  if (reinterpret_cast<std::uintptr_t>(p) % 16) throw error("kernel", "an access of 16 bytes is not at a multiple of 16", "go by single numbers there");
  return p;
}

/// What a thread has on its way to shared memory: delivered when it waits, and NaN until then.
class copies_under_way {
public:
  static constexpr std::size_t bytes = 16;

  void clear() { all_.clear(), groups_ = 0; }
  void start(void* to, const void* from) {
    std::memset(aligned_16(to), 0xff, bytes);
    all_.push_back({to, aligned_16(from), groups_});
  }
  void commit() { ++groups_; }
  void deliver(int but_groups) {
    const auto late = std::find_if(all_.begin(), all_.end(), [&](const copy& c) { return c.group >= groups_ - but_groups; });
    for (auto c = all_.begin(); c != late; ++c) {
      if (c->from) std::memcpy(c->to, c->from, bytes);
      else std::memset(c->to, 0, bytes);
    }
    all_.erase(all_.begin(), late);
  }

private:
  struct copy {
    void* to;
    const void* from;  // null: zeros
    int group;
  };
  std::vector<copy> all_;
  int groups_ = 0;
};

/// Runs the threads of one block after the other as fibers. One a pool thread.
class block_runner {
public:
  using body = void (*)(const void* kernel, block_runner&, int thread);

  void run(body f, const void* kernel, int threads, std::size_t shared_bytes, index3 block, index3 blocks, const std::vector<int>& order) {
    prepare(threads, shared_bytes);
    body_ = f;
    kernel_ = kernel;
    block_ = block;
    blocks_ = blocks;
    std::memset(shared_.get(), 0xff, shared_bytes);
    std::fill_n(state_.begin(), threads, where{});
    for (auto& w : warps_) std::fill_n(w.turn, warp_size, 0);
    for (auto& c : copies_) c.clear();
    try {
      for (int left = threads; left;) {
        left -= go_on(order);
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        if (left) release(threads);
      }
    } catch (...) {
      for (auto& f : fibers_) f->restart();
      throw;
    }
  }

  index3 block() const { return block_; }
  index3 blocks() const { return blocks_; }
  std::byte* shared() const { return shared_.get(); }

  void meet(int thread, meeting m) {
    state_[thread].at = m;
    fibers_[thread]->pause();
  }
  exchange& begin_exchange(int thread) {
    auto& w = warps_[thread / warp_size];
    return w.slot[w.turn[thread % warp_size]++ & 1];
  }
  copies_under_way& copies(int thread) { return copies_[thread]; }

private:
  struct where {
    meeting at = meeting::none;
    bool done = false;
  };
  struct free_aligned {
    void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t(128)); }
  };

  void prepare(int threads, std::size_t shared_bytes) {
    while (int(fibers_.size()) < threads) {
      arguments_.push_back(std::make_unique<argument>(argument{this, int(fibers_.size())}));
      fibers_.push_back(std::make_unique<fiber>(&foot, arguments_.back().get()));
    }
    state_.resize(std::max(state_.size(), std::size_t(threads)));
    copies_.resize(state_.size());
    warps_.resize(std::max(warps_.size(), std::size_t(threads) / warp_size));
    if (shared_bytes > capacity_) {
      shared_.reset(static_cast<std::byte*>(::operator new[](shared_bytes, std::align_val_t(128))));
      capacity_ = shared_bytes;
    }
  }

  /// Every ready thread until it waits or ends; how many ended.
  int go_on(const std::vector<int>& order) {
    int ended = 0;
    for (int i : order) {
      if (state_[i].done || state_[i].at != meeting::none) continue;
      fibers_[i]->resume();
      ended += state_[i].done;
    }
    return ended;
  }

  /// Those whose partners have come too.
  void release(int threads) {
    bool any = false;
    const auto all_at_block = std::all_of(state_.begin(), state_.begin() + threads, [](where w) { return w.at == meeting::block; });
    for (int first = 0; first < threads; first += warp_size) {
      const auto begin = state_.begin() + first, end = begin + warp_size;
      const auto m = begin->at;
      const bool together = m != meeting::none && m != meeting::block && std::all_of(begin, end, [m](where w) { return w.at == m; });
      if (!together && !all_at_block) continue;
      for (auto s = begin; s != end; ++s) s->at = meeting::none;
      any = true;
    }
    if (!any) stuck(threads);
  }

  [[noreturn]] void stuck(int threads) const {
    std::string who;
    int told = 0;
    for (int i = 0; i < threads && told < 4; ++i) {
      const auto state = [this](int k) { return std::pair(state_[k].done, state_[k].at); };
      if (i && state(i) == state(i - 1)) continue;
      who += (told++ ? ", thread " : "thread ") + std::to_string(i) + (state_[i].done ? " has ended" : std::string(" waits at ") + name(state_[i].at));
    }
    throw error("kernel in block (" + std::to_string(block_.x) + ", " + std::to_string(block_.y) + ", " + std::to_string(block_.z) + ")",
                "its threads wait for each other for ever: " + who, "let all threads reach the same collectives");
  }

  struct argument {
    block_runner* runner;
    int thread;
  };
  static void foot(void* p) {
    const auto [runner, thread] = *static_cast<argument*>(p);
    for (;;) {
      try {
        runner->body_(runner->kernel_, *runner, thread);
      } catch (...) {
        runner->error_ = std::current_exception();
      }
      runner->state_[thread].done = true;
      runner->fibers_[thread]->pause();
    }
  }

  body body_ = nullptr;
  const void* kernel_ = nullptr;
  index3 block_, blocks_;
  std::exception_ptr error_;
  std::vector<std::unique_ptr<argument>> arguments_;
  std::vector<std::unique_ptr<fiber>> fibers_;
  std::vector<where> state_;
  std::vector<warp_state> warps_;
  std::vector<copies_under_way> copies_;
  std::unique_ptr<std::byte[], free_aligned> shared_;
  std::size_t capacity_ = 0;
};

}  // namespace detail

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
        const auto body = [](const void* k, detail::block_runner& r, int thread) { (*static_cast<const Kernel*>(k))(host_thread(r, thread)); };
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
