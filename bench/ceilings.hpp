// What this machine can do at most, measured: fused multiply-adds in registers and copies through memory.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include <bench/bench.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <kernels/cpu/simd.hpp>

#define VISEME_KERNEL_BODY <bench/fma_peak.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::bench {

/// Of all threads together; a copied byte counts twice, read and written.
struct ceilings {
  double fma_gflops = 0, copy_gbps = 0;

  /// The roofline's milliseconds for work that does nothing else: what takes longer, the arithmetic or one pass over its bytes.
  double least_ms(double flops, double bytes) const { return std::max(flops / fma_gflops, bytes / copy_gbps) / 1e6; }
};

namespace detail {

/// Fewest milliseconds of `repetitions` in which every thread runs f(thread) once.
template <class F>
double best_ms(int threads, int repetitions, F&& f) {
  double best = std::numeric_limits<double>::infinity();
  for (int r = 0; r < repetitions; ++r)
    best = std::min(best, milliseconds([&] {
                      std::vector<std::jthread> others;
                      for (int t = 1; t < threads; ++t) others.emplace_back([&f, t] { f(t); });
                      f(0);
                    }));
  return best;
}

inline double fma_gflops(int threads) {
  using namespace kernels::cpu;
  const auto set = best_instruction_set();
  const long iterations = 2'000'000;
  const auto loop = set == instruction_set::avx512 ? avx512::fma_loop : set == instruction_set::avx2 ? avx2::fma_loop : plain::fma_loop;
  const int lanes = set == instruction_set::avx512 ? avx512::width * avx512::fma_chains
                    : set == instruction_set::avx2 ? avx2::width * avx2::fma_chains
                                                   : plain::width * plain::fma_chains;
  std::vector<float> results(threads);
  const double ms = best_ms(threads, 5, [&](int t) { results[t] = loop(iterations, float(t)); });
  return 2.0 * lanes * double(iterations) * threads / ms / 1e6;
}

inline double copy_gbps(int threads) {
  const std::size_t bytes = (std::size_t(128) << 20) / std::size_t(threads);
  std::vector<std::unique_ptr<std::byte[]>> from(threads), to(threads);
  for (auto* blocks : {&from, &to})
    for (auto& b : *blocks) b = std::make_unique<std::byte[]>(bytes);
  const double ms = best_ms(threads, 5, [&](int t) { std::memcpy(to[t].get(), from[t].get(), bytes); });
  return 2.0 * double(bytes) * threads / ms / 1e6;
}

}  // namespace detail

inline ceilings measure_ceilings(int threads) { return {detail::fma_gflops(threads), detail::copy_gbps(threads)}; }

}  // namespace viseme::bench
