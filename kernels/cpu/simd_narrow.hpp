// What products of 8-bit integers and of bf16 need beside simd.hpp's floats, per instruction set. `ivec` are 32-bit lanes, each of four codes or
// weights, or of a pair of bf16.
//     dot4(sum, codes, weights)    sum + the four products of unsigned codes and signed weights in each lane
//     dot2(sum, a, b)              sum + the two products of bf16 in each lane; one product more or less is rounded between, by set
//     broadcast_group(p), load_groups(p)   a lane's worth in every lane; one for each lane
//     to_float(v)                  lane by lane
//     largest(v)                   of the lanes
//     store_codes<from_zero>(p, v, w) floats rounded to the nearest even as 2 width codes: 0 .. 255, or -127 .. 127 lying at 1 .. 255; NaN as any code
//     store_bf16(p, v, w)          floats rounded to the nearest even as 2 width bf16; NaN stays NaN
// AVX2's pairs of products saturate at 16 bits: |w0| + |w1| <= 128 for weights 2i and 2i + 1 keeps 255 (|w0| + |w1|) below, so that every set
// has the same sums (narrow_product packs weights so).
// avx512's dot2 and store_bf16 are AVX512-BF16: for machines that have it (`set_for`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <kernels/cpu/simd.hpp>

namespace viseme::kernels::cpu {

namespace plain {
typedef std::int32_t ivec __attribute__((vector_size(width * sizeof(float)), aligned(4), may_alias));

inline ivec broadcast_sum(std::int32_t x) { return ivec{} + x; }
inline ivec load_sums(const std::int32_t* p) { ivec v; std::memcpy(&v, p, sizeof v); return v; }
inline void store_sums(std::int32_t* p, ivec v) { std::memcpy(p, &v, sizeof v); }
inline ivec broadcast_group(const std::byte* p) { std::int32_t four; std::memcpy(&four, p, 4); return broadcast_sum(four); }
inline ivec load_groups(const std::byte* p) { ivec v; std::memcpy(&v, p, sizeof v); return v; }
inline ivec dot4(ivec sum, ivec codes, ivec weights) {
  typedef std::uint32_t bits __attribute__((vector_size(width * sizeof(float))));
  for (int i = 0; i < 32; i += 8) sum += (ivec)((bits)codes << (24 - i) >> 24) * ((ivec)((bits)weights << (24 - i)) >> 24);
  return sum;
}
inline vec to_float(ivec v) { return __builtin_convertvector(v, vec); }
inline std::int32_t largest(ivec v) {
  std::int32_t most = v[0];
  for (int i = 1; i < width; ++i) most = v[i] > most ? v[i] : most;
  return most;
}
template <bool from_zero>
void store_codes(std::byte* p, vec v, vec w) {
  const auto code = [](float x) { return std::byte((x == x ? int(std::nearbyint(x)) : 0) + (from_zero ? 0 : 128)); };
  for (int i = 0; i < width; ++i) p[i] = code(v[i]), p[width + i] = code(w[i]);
}
#include <kernels/cpu/bf16_halves.inl>
inline void store_bf16(std::byte* p, vec v, vec w) {
  const ivec first = rounded_to_bf16(v), second = rounded_to_bf16(w);
  for (int i = 0; i < 2 * width; ++i) {
    const auto half = std::uint16_t(std::uint32_t(i < width ? first[i] : second[i - width]) >> 16);
    std::memcpy(p + 2 * i, &half, 2);
  }
}
}  // namespace plain

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
typedef std::int32_t ivec __attribute__((vector_size(32), aligned(4), may_alias));

inline ivec broadcast_sum(std::int32_t x) { return ivec{} + x; }
inline ivec load_sums(const std::int32_t* p) { return (ivec)_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline void store_sums(std::int32_t* p, ivec v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), (__m256i)v); }
inline ivec broadcast_group(const std::byte* p) { std::int32_t four; std::memcpy(&four, p, 4); return (ivec)_mm256_set1_epi32(four); }
inline ivec load_groups(const std::byte* p) { return (ivec)_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline ivec dot4(ivec sum, ivec codes, ivec weights) {
  return (ivec)_mm256_add_epi32((__m256i)sum, _mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)codes, (__m256i)weights), _mm256_set1_epi16(1)));
}
inline vec to_float(ivec v) { return _mm256_cvtepi32_ps((__m256i)v); }
inline std::int32_t largest(ivec v) {
  __m128i m = _mm_max_epi32(_mm256_castsi256_si128((__m256i)v), _mm256_extracti128_si256((__m256i)v, 1));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4e));
  return _mm_cvtsi128_si32(_mm_max_epi32(m, _mm_shuffle_epi32(m, 0xb1)));
}
template <bool from_zero>
inline void store_codes(std::byte* p, vec v, vec w) {
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(_mm256_cvtps_epi32(v), _mm256_cvtps_epi32(w)), 0xd8);
  const __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
  const __m128i bytes = from_zero ? _mm_packus_epi16(low, high) : _mm_xor_si128(_mm_packs_epi16(low, high), _mm_set1_epi8(-128));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes);
}
#include <kernels/cpu/bf16_halves.inl>
inline void store_bf16(std::byte* p, vec v, vec w) {
  const __m256i first = _mm256_srli_epi32((__m256i)rounded_to_bf16(v), 16), second = _mm256_srli_epi32((__m256i)rounded_to_bf16(w), 16);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_permute4x64_epi64(_mm256_packus_epi32(first, second), 0xd8));
}
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma")
namespace avx512 {
typedef std::int32_t ivec __attribute__((vector_size(64), aligned(4), may_alias));

inline ivec broadcast_sum(std::int32_t x) { return ivec{} + x; }
inline ivec load_sums(const std::int32_t* p) { return (ivec)_mm512_loadu_si512(p); }
inline void store_sums(std::int32_t* p, ivec v) { _mm512_storeu_si512(p, (__m512i)v); }
inline ivec broadcast_group(const std::byte* p) { std::int32_t four; std::memcpy(&four, p, 4); return (ivec)_mm512_set1_epi32(four); }
inline ivec load_groups(const std::byte* p) { return (ivec)_mm512_loadu_si512(p); }
inline ivec dot4(ivec sum, ivec codes, ivec weights) { return (ivec)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)codes, (__m512i)weights); }
inline vec to_float(ivec v) { return _mm512_maskz_cvtepi32_ps(0xffff, (__m512i)v); }
inline std::int32_t largest(ivec v) {
  const __m256i low = _mm512_maskz_extracti64x4_epi64(0xff, (__m512i)v, 0), high = _mm512_maskz_extracti64x4_epi64(0xff, (__m512i)v, 1);
  return avx2::largest((avx2::ivec)_mm256_max_epi32(low, high));
}
template <bool from_zero>
inline __m128i codes_of(vec v) {
  const __m512i rounded = _mm512_maskz_cvtps_epi32(0xffff, v);
  return from_zero ? _mm512_maskz_cvtusepi32_epi8(0xffff, rounded) : _mm_xor_si128(_mm512_maskz_cvtsepi32_epi8(0xffff, rounded), _mm_set1_epi8(-128));
}
template <bool from_zero>
inline void store_codes(std::byte* p, vec v, vec w) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), codes_of<from_zero>(v));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p + width), codes_of<from_zero>(w));
}
inline vec dot2(vec sum, ivec a, ivec b) { return _mm512_dpbf16_ps(sum, (__m512bh)(__m512i)a, (__m512bh)(__m512i)b); }
inline void store_bf16(std::byte* p, vec v, vec w) { _mm512_storeu_si512(p, (__m512i)_mm512_cvtne2ps_pbh(w, v)); }
}  // namespace avx512
#pragma GCC pop_options
#endif

}  // namespace viseme::kernels::cpu
