// Body of dot.hpp.

typedef double double_lanes __attribute__((vector_size(2 * sizeof(vec)), aligned(8), may_alias));

/// sum a[i] b[i]; products and sums in double, so it neither overflows nor underflows where the result is a float.
inline double dot(const float* a, const float* b, std::ptrdiff_t count) {
  double_lanes sum = {};
  std::ptrdiff_t i = 0;
  for (; i + width <= count; i += width) sum += __builtin_convertvector(load(a + i), double_lanes) * __builtin_convertvector(load(b + i), double_lanes);
  double total = 0;
  for (int l = 0; l < width; ++l) total += sum[l];
  for (; i < count; ++i) total += double(a[i]) * double(b[i]);
  return total;
}
