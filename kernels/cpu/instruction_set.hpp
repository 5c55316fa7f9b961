// The instruction sets the CPU kernels are compiled for, and which of them this machine runs.
#pragma once

#include <initializer_list>

namespace viseme::kernels::cpu {

/// `plain` is portable code: NEON on aarch64, elsewhere with the tiling of avx512, so that a machine without AVX-512 still tests that tiling.
/// `avx512` is F, BW, VL, DQ and VNNI: server cores since 2019 and AMD's since Zen 4. Its kernels in bf16 need AVX512-BF16 besides (`has_bf16`).
enum class instruction_set { plain, avx2, avx512 };

inline const char* name(instruction_set s) {
#if defined(__aarch64__)
  constexpr const char* plain = "neon";
#else
  constexpr const char* plain = "plain";
#endif
  return s == instruction_set::avx512 ? "avx512" : s == instruction_set::avx2 ? "avx2" : plain;
}

inline bool runs_here(instruction_set s) {
#if defined(__x86_64__)
  if (s == instruction_set::avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
  if (s == instruction_set::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return s == instruction_set::plain;
}

inline bool has_bf16(instruction_set s) {
#if defined(__x86_64__)
  return s != instruction_set::avx512 || __builtin_cpu_supports("avx512bf16");
#else
  return s != instruction_set::avx512;
#endif
}

inline instruction_set best_instruction_set() {
  for (auto s : {instruction_set::avx512, instruction_set::avx2})
    if (runs_here(s)) return s;
  return instruction_set::plain;
}

}  // namespace viseme::kernels::cpu
