// The truth: plain loops over any layout, sums in double, on all cores. Every other host backend falls back to it.
#pragma once

#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <viseme/run/thread_pool.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <viseme/run/backend.hpp>
#include <viseme/run/op.hpp>

namespace viseme::backends {

/// Threads and instruction set shared by everything that computes on the host.
struct host_context {
  thread_pool threads;
  kernels::cpu::instruction_set set;

  explicit host_context(int count, kernels::cpu::instruction_set s = kernels::cpu::best_instruction_set()) : threads(count), set(s) {}

  /// Scratch of at least `count` doubles for a reduction; grown on first use, then reused.
  double* doubles(std::size_t count) {
    if (sums_.size() < count) sums_.resize(count);
    return sums_.data();
  }

  /// f(n, c) for every plane of a tensor.
  template <class F>
  void for_each_plane(shape s, F&& f) {
    threads.run(s.n * s.c, [&](int i) { f(i / s.c, i % s.c); });
  }

  /// Between memory of the host and of the backend, which is the same here; and within it.
  void upload(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  void download(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes) std::memcpy(to, from, bytes);
  }
  void zero(void* to, std::size_t bytes) { std::memset(to, 0, bytes); }
  /// Until everything asked for is done.
  void wait() const {}

private:
  std::vector<double> sums_;
};

/// += 1, each.
template <class T>
void increment_each(std::span<T* const> numbers) {
  for (T* n : numbers) *n += T(1);
}

/// y = or += value.
template <class T>
void put(T& y, double value, gradient_write write) {
  y = T(write == gradient_write::accumulate ? double(y) + value : value);
}

template <class From, class To>
void move_elements(host_context& c, view<const From> from, view<To> to, gradient_write write) {
  c.for_each_plane(to.size, [&](int n, int ch) {
    for (int h = 0; h < to.size.h; ++h)
      for (int w = 0; w < to.size.w; ++w) put(to(n, ch, h, w), from(n, ch, h, w), write);
  });
}

template <class T>
struct reference {
  using scalar = T;
  using fallback = void;
  using context = host_context;
  using buffer = host_buffer;
  static constexpr layout preferred = layout::nchw;
  static constexpr const char* name = "reference";
  static constexpr std::array<std::string_view, 0> fusions{};

  /// Between dense NCHW float32 outside and the backend's own views; and between two of these.
  static void load(context& c, const float* nchw, view<T> to) { move_elements(c, view<const float>{nchw, to.size, layout::nchw}, to, gradient_write::overwrite); }
  static void store(context& c, view<const T> from, float* nchw) { move_elements(c, from, view<float>{nchw, from.size, layout::nchw}, gradient_write::overwrite); }
  static void move(context& c, view<const T> from, view<T> to, gradient_write write) { move_elements(c, from, to, write); }
  static void increment(context&, std::span<T* const> counters) { increment_each(counters); }
};

}  // namespace viseme::backends
