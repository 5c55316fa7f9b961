// The truth: plain loops over any layout, sums in double, on all cores. Every other host backend falls back to it.
#pragma once

#include <backends/cpu/pool.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <viseme/run/backend.hpp>
#include <viseme/run/op.hpp>

namespace viseme::backends {

/// Threads and instruction set shared by everything that computes on the host.
struct host_context {
  pool threads;
  kernels::cpu::instruction_set set;

  explicit host_context(int count, kernels::cpu::instruction_set s = kernels::cpu::best_instruction_set()) : threads(count), set(s) {}

  /// f(n, c) for every plane of a tensor.
  template <class F>
  void for_each_plane(shape s, F&& f) {
    threads.run(s.n * s.c, [&](int i) { f(i / s.c, i % s.c); });
  }
};

template <class T>
struct reference {
  using scalar = T;
  using fallback = void;
  using context = host_context;
  using buffer = host_buffer;
  static constexpr layout preferred = layout::nchw;
  static constexpr const char* name = "reference";
};

/// y = or += value.
template <class T>
void put(T& y, double value, gradient_write write) {
  y = T(write == gradient_write::accumulate ? double(y) + value : value);
}

}  // namespace viseme::backends
