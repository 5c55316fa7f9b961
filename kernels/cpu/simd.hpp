// One vector of floats per instruction set: `vec` is GCC's vector type, so + - * / and comparisons are the language's own;
// here is what the language has no operator for. Every function works on `width` lanes.
// stream() stores past the caches to an aligned address; end_streams() before another thread may read it.
//
// A kernel family F is a header F.hpp that includes its body once per set:
//     #define VISEME_KERNEL_BODY <kernels/cpu/F.inl>
//     #include <kernels/cpu/each_set.hpp>
// The body defines functions at namespace scope; they land in kernels::cpu::{plain, avx2, avx512}, compiled for that set.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace viseme::kernels::cpu {

namespace plain {
#if defined(__aarch64__)
inline constexpr int width = 4;  // NEON, which every such machine has
#else
inline constexpr int width = 16;
#endif
inline constexpr int registers = 32;
typedef float vec __attribute__((vector_size(width * sizeof(float)), aligned(4), may_alias));

inline vec load(const float* p) { vec v; std::memcpy(&v, p, sizeof v); return v; }
inline void store(float* p, vec v) { std::memcpy(p, &v, sizeof v); }
inline void stream(float* p, vec v) { store(p, v); }
inline void end_streams() {}
inline vec load_first(const float* p, int n) { vec v = {}; std::memcpy(&v, p, n * sizeof(float)); return v; }
inline void store_first(float* p, vec v, int n) { std::memcpy(p, &v, n * sizeof(float)); }
inline vec broadcast(float x) { return vec{} + x; }
inline vec fma(vec a, vec b, vec c) { return a * b + c; }
inline vec max(vec a, vec b) { for (int i = 0; i < width; ++i) a[i] = a[i] < b[i] ? b[i] : a[i]; return a; }
inline vec square_root(vec v) { for (int i = 0; i < width; ++i) v[i] = std::sqrt(v[i]); return v; }
inline float sum(vec v) { float s = 0; for (int i = 0; i < width; ++i) s += v[i]; return s; }
}  // namespace plain

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
inline constexpr int width = 8, registers = 16;
typedef float vec __attribute__((vector_size(32), aligned(4), may_alias));

inline __m256i first(int n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }
inline vec load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, vec v) { _mm256_storeu_ps(p, v); }
inline void stream(float* p, vec v) { _mm256_stream_ps(p, v); }
inline void end_streams() { _mm_sfence(); }
inline vec load_first(const float* p, int n) { return _mm256_maskload_ps(p, first(n)); }
inline void store_first(float* p, vec v, int n) {  // in whole pieces: a masked store takes AMD's cores a dozen cycles
  if (n >= width) return store(p, v);
  __m128 part = _mm256_castps256_ps128(v);
  if (n & 4) _mm_storeu_ps(p, part), p += 4, part = _mm256_extractf128_ps(v, 1);
  if (n & 2) _mm_storel_pi(reinterpret_cast<__m64*>(p), part), p += 2, part = _mm_movehl_ps(part, part);
  if (n & 1) _mm_store_ss(p, part);
}
inline vec broadcast(float x) { return _mm256_set1_ps(x); }
inline vec fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
inline vec max(vec a, vec b) { return _mm256_max_ps(b, a); }
inline vec square_root(vec v) { return _mm256_sqrt_ps(v); }
inline float sum(vec v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma")
namespace avx512 {
inline constexpr int width = 16, registers = 32;
typedef float vec __attribute__((vector_size(64), aligned(4), may_alias));

inline __mmask16 first(int n) { return __mmask16((1u << n) - 1); }
inline vec load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, vec v) { _mm512_storeu_ps(p, v); }
inline void stream(float* p, vec v) { _mm512_stream_ps(p, v); }
inline void end_streams() { _mm_sfence(); }
inline vec load_first(const float* p, int n) { return _mm512_maskz_loadu_ps(first(n), p); }
inline void store_first(float* p, vec v, int n) { _mm512_mask_storeu_ps(p, first(n), v); }
inline vec broadcast(float x) { return _mm512_set1_ps(x); }
inline vec fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
inline vec max(vec a, vec b) { return _mm512_maskz_max_ps(0xffff, b, a); }
inline vec square_root(vec v) { return _mm512_maskz_sqrt_ps(0xffff, v); }
inline float sum(vec v) { return _mm512_reduce_add_ps(v); }
}  // namespace avx512
#pragma GCC pop_options
#else
namespace avx2 = plain;
namespace avx512 = plain;
#endif

}  // namespace viseme::kernels::cpu
