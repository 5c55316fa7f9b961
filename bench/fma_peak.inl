// Independent chains of fused multiply-adds, as many as the registers hold.

inline constexpr int fma_chains = registers - 4;

__attribute__((noinline)) inline float fma_loop(long iterations, float start) {
  vec sums[fma_chains];
#pragma GCC unroll 32
  for (int i = 0; i < fma_chains; ++i) sums[i] = broadcast(start + float(i));
  const vec factor = broadcast(0.999f), term = broadcast(0.001f);
  for (long k = 0; k < iterations; ++k) {
#pragma GCC unroll 32
    for (int i = 0; i < fma_chains; ++i) sums[i] = fma(sums[i], factor, term);
  }
#pragma GCC unroll 32
  for (int i = 1; i < fma_chains; ++i) sums[0] = sums[0] + sums[i];
  float lanes[width], total = 0;
  store(lanes, sums[0]);
  for (float lane : lanes) total += lane;
  return total;
}
