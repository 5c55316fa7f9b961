// Part of simd_narrow.hpp for sets without instructions for bf16: a pair lies in the halves of 32 bits, of which each is a float's upper half.

/// Bits of floats rounded to bf16, in the upper halves; what lies below them is not cleared.
inline ivec rounded_to_bf16(vec v) {
  const ivec bits = (ivec)v, rounded = bits + 0x7fff + (bits >> 16 & 1);
  return v == v ? rounded : bits | 0x400000;
}
inline vec dot2(vec sum, ivec a, ivec b) {
  constexpr int upper = int(0xffff0000);
  return fma((vec)(a & upper), (vec)(b & upper), fma((vec)(a << 16), (vec)(b << 16), sum));
}
