// Persistent threads that share the tasks of one loop. The ticket holds [tasks | next] in one word: a claim is one fetch_add whose
// answer says by itself whether it is valid, so a worker that wakes late can only find an exhausted ticket or work of the newest loop;
// nobody waits for sleepers, and a claimed task pins the loop (its fields cannot change before that task is counted as done).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace viseme {

/// A pool of `threads` threads, the caller of `run` counted.
class thread_pool {
public:
  explicit thread_pool(int threads) {
    workers_.reserve(std::max(threads, 1) - 1);
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
    } catch (...) {
      stop();
      throw;
    }
  }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;
  ~thread_pool() { stop(); }

  int threads() const { return int(workers_.size()) + 1; }

  /// Calls f(0) ... f(tasks - 1), or f(task, slot) with a slot < threads() that no other thread of this loop has, each once, in any order and
  /// on any thread of the pool; returns when all are done and rethrows the first exception (tasks not begun by then are dropped). Called from
  /// inside a task, or while another thread runs a loop here, it is a plain loop on the calling thread.
  template <class F>
  void run(int tasks, F&& f) {
    if (tasks <= 0) return;
    if (tasks == 1 || workers_.empty() || inside_ || busy_.exchange(true, std::memory_order_acquire)) {
      for (int i = 0; i < tasks; ++i) call(f, i, 0);
      return;
    }
    body_ = [](void* context, int task, int slot) { call(*static_cast<std::remove_reference_t<F>*>(context), task, slot); };
    context_ = const_cast<void*>(static_cast<const void*>(std::addressof(f)));
    failed_.store(false, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    ticket_.store(std::uint64_t(tasks) << 32);
    epoch_.fetch_add(1);
    epoch_.notify_all();
    drain(0);
    wait_while([&](std::uint32_t done) { return done != std::uint32_t(tasks); }, done_);
    const std::exception_ptr error = std::exchange(error_, nullptr);
    busy_.store(false, std::memory_order_release);
    if (error) std::rethrow_exception(error);
  }

private:
  static constexpr int spins = 1000;  // some 25 microseconds of `pause`

  static void pause() {
#if defined(__x86_64__)
    _mm_pause();
#else
    std::this_thread::yield();
#endif
  }

  template <class Condition>
  static void wait_while(Condition waiting, const std::atomic<std::uint32_t>& value) {
    for (int i = 0; i < spins; ++i) {
      if (!waiting(value.load(std::memory_order_acquire))) return;
      pause();
    }
    for (auto seen = value.load(std::memory_order_acquire); waiting(seen); seen = value.load(std::memory_order_acquire)) value.wait(seen);
  }

  template <class F>
  static void call(F& f, int task, int slot) {
    if constexpr (std::is_invocable_v<F&, int, int>) f(task, slot);
    else f(task);
  }

  void drain(int slot) {
    inside_ = true;
    for (;;) {
      const std::uint64_t claim = ticket_.fetch_add(1, std::memory_order_acq_rel);
      const auto tasks = std::uint32_t(claim >> 32), task = std::uint32_t(claim);
      if (task >= tasks) break;
      try {
        if (!failed_.load(std::memory_order_relaxed)) body_(context_, int(task), slot);
      } catch (...) {
        if (!failed_.exchange(true)) error_ = std::current_exception();
      }
      if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == tasks) done_.notify_one();
    }
    inside_ = false;
  }

  void work(int slot) {
    for (std::uint32_t seen = 0;;) {
      wait_while([&](std::uint32_t epoch) { return epoch == seen; }, epoch_);
      seen = epoch_.load(std::memory_order_acquire);
      if (stopping_.load(std::memory_order_acquire)) return;
      drain(slot);
    }
  }

  void stop() {
    stopping_.store(true, std::memory_order_release);
    epoch_.fetch_add(1);
    epoch_.notify_all();
    for (auto& worker : workers_) worker.join();
  }

  inline static thread_local bool inside_ = false;
  void (*body_)(void*, int, int) = nullptr;
  void* context_ = nullptr;
  std::exception_ptr error_;
  alignas(64) std::atomic<std::uint64_t> ticket_{0};
  alignas(64) std::atomic<std::uint32_t> done_{0};
  alignas(64) std::atomic<std::uint32_t> epoch_{0};
  std::atomic<bool> failed_{false}, stopping_{false}, busy_{false};
  std::vector<std::thread> workers_;
};

}  // namespace viseme
