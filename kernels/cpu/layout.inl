// Body of layout.hpp.

typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));

/// y[j y_step + i] = x[i x_step + j] for i, j < 4.
[[gnu::always_inline]] inline void transpose4x4(const float* x, std::ptrdiff_t x_step, float* y, std::ptrdiff_t y_step) {
  quad r[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) std::memcpy(&r[i], x + i * x_step, sizeof(quad));
  const quad a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5),
             c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  const quad t[] = {__builtin_shufflevector(a, b, 0, 1, 4, 5), __builtin_shufflevector(a, b, 2, 3, 6, 7),
                    __builtin_shufflevector(c, d, 0, 1, 4, 5), __builtin_shufflevector(c, d, 2, 3, 6, 7)};
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) std::memcpy(y + j * y_step, &t[j], sizeof(quad));
}

/// y[j y_step + i] = x[i x_step + j] for i < rows, j < columns.
inline void transpose(const float* x, std::ptrdiff_t x_step, float* y, std::ptrdiff_t y_step, std::ptrdiff_t rows, std::ptrdiff_t columns) {
  const std::ptrdiff_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (std::ptrdiff_t i = 0; i < whole_rows; i += 4)
    for (std::ptrdiff_t j = 0; j < whole_columns; j += 4) transpose4x4(x + i * x_step + j, x_step, y + j * y_step + i, y_step);
  for (std::ptrdiff_t i = 0; i < rows; ++i)
    for (std::ptrdiff_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j) y[j * y_step + i] = x[i * x_step + j];
}

inline void run(const to_nhwc_arguments& a, int task) {
  const std::ptrdiff_t blocks = layout_blocks(a.plane);
  const piece_range range = slice(a.n * blocks, tasks(a), task);
  for (std::ptrdiff_t b = range.begin; b < range.end; ++b) {
    const std::ptrdiff_t n = b / blocks, first = b % blocks * layout_block;
    transpose(a.x + n * a.channels * a.plane + first, a.plane, a.y[n * a.plane + first], a.y.stride, a.channels,
              std::min(layout_block, a.plane - first));
  }
}

inline void run(const to_nchw_arguments& a, int task) {
  const std::ptrdiff_t blocks = layout_blocks(a.plane);
  const piece_range range = slice(a.n * blocks, tasks(a), task);
  for (std::ptrdiff_t b = range.begin; b < range.end; ++b) {
    const std::ptrdiff_t n = b / blocks, first = b % blocks * layout_block;
    transpose(a.x[n * a.plane + first], a.x.stride, a.y + n * a.channels * a.plane + first, a.plane, std::min(layout_block, a.plane - first),
              a.channels);
  }
}
