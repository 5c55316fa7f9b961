// The threads of a block on the host, as fibers that change over where they meet: the scheduler behind host.hpp.
#pragma once

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <kernels/simt/fiber.hpp>
#include <kernels/simt/host_hopper.hpp>

namespace viseme::simt {
namespace detail {

enum class meeting : std::uint8_t { none, block, sum, max, shuffle, product, matrices, warpgroup, barrier };

constexpr const char* name(meeting m) {
  constexpr const char* names[] = {"nothing", "sync",            "warp_sum", "warp_max", "shuffle_xor",
                                   "mma",     "load_transposed", "multiply", "a barrier"};
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
  if (reinterpret_cast<std::uintptr_t>(p) % 16)
    throw error("kernel", "an access of 16 bytes is not at a multiple of 16", "go by single numbers there");
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
    for (auto& p : products_) p.clear();
    barriers_.clear();
    tiles_.clear();
    try {
      for (int left = threads; left;) {
        left -= go_on(order);
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        if (left) release(threads);
      }
      if (tiles_.any()) misused("a block ends with tiles on their way");
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

  shared_barriers& barriers() { return barriers_; }
  tile_copies& tiles() { return tiles_; }
  products_under_way& products(int thread) { return products_[thread]; }
  void wait(int thread, const barrier& b, unsigned parity) {
    if (barriers_.ended(b, parity)) return;
    state_[thread].awaited = &b;
    state_[thread].parity = parity;
    meet(thread, meeting::barrier);
  }
  void finish_products(int thread, int but_groups) { products_[thread].finish(but_groups, thread, shared(), shared_bytes_); }

private:
  struct where {
    meeting at = meeting::none;
    bool done = false;
    const barrier* awaited = nullptr;  // at a barrier
    unsigned parity = 0;
  };
  struct free_aligned {
    void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t(1024)); }
  };

  void prepare(int threads, std::size_t shared_bytes) {
    while (int(fibers_.size()) < threads) {
      arguments_.push_back(std::make_unique<argument>(argument{this, int(fibers_.size())}));
      fibers_.push_back(std::make_unique<fiber>(&foot, arguments_.back().get()));
    }
    state_.resize(std::max(state_.size(), std::size_t(threads)));
    copies_.resize(state_.size());
    products_.resize(state_.size());
    shared_bytes_ = shared_bytes;
    warps_.resize(std::max(warps_.size(), std::size_t(threads) / warp_size));
    if (shared_bytes > capacity_) {
      shared_.reset(static_cast<std::byte*>(::operator new[](shared_bytes, std::align_val_t(1024))));
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
    bool any = release_barriers(threads) | release_warpgroups(threads);
    const auto all_at_block = std::all_of(state_.begin(), state_.begin() + threads, [](const where& w) { return w.at == meeting::block; });
    for (int first = 0; first < threads; first += warp_size) {
      const auto begin = state_.begin() + first, end = begin + warp_size;
      const auto m = begin->at;
      const bool of_warp = m != meeting::none && m != meeting::block && m != meeting::warpgroup && m != meeting::barrier;
      const bool together = of_warp && std::all_of(begin, end, [m](const where& w) { return w.at == m; });
      if (!together && !all_at_block) continue;
      for (auto s = begin; s != end; ++s) s->at = meeting::none;
      any = true;
    }
    if (any) return;
    if (tiles_.any()) tiles_.deliver(barriers_);
    else stuck(threads);
  }
  bool release_barriers(int threads) {
    bool any = false;
    for (int i = 0; i < threads; ++i) {
      auto& s = state_[i];
      if (s.at != meeting::barrier || !barriers_.ended(*s.awaited, s.parity)) continue;
      s.at = meeting::none;
      any = true;
    }
    return any;
  }
  bool release_warpgroups(int threads) {
    bool any = false;
    for (int first = 0; first + warpgroup_size <= threads; first += warpgroup_size) {
      const auto begin = state_.begin() + first, end = begin + warpgroup_size;
      if (!std::all_of(begin, end, [](const where& w) { return w.at == meeting::warpgroup; })) continue;
      for (int i = first; i < first + warpgroup_size; ++i) {
        if (products_[i].newest() != products_[first].newest()) misused("threads of a warpgroup multiply different operands");
        state_[i].at = meeting::none;
      }
      any = true;
    }
    return any;
  }

  [[noreturn]] void stuck(int threads) const {
    std::string who;
    int told = 0;
    for (int i = 0; i < threads && told < 4; ++i) {
      const auto state = [this](int k) { return std::pair(state_[k].done, state_[k].at); };
      if (i && state(i) == state(i - 1)) continue;
      who += (told++ ? ", thread " : "thread ") + std::to_string(i) +
             (state_[i].done ? " has ended" : std::string(" waits at ") + name(state_[i].at));
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
  shared_barriers barriers_;
  tile_copies tiles_;
  std::vector<products_under_way> products_;
  std::unique_ptr<std::byte[], free_aligned> shared_;
  std::size_t capacity_ = 0, shared_bytes_ = 0;
};

}  // namespace detail

}  // namespace viseme::simt
