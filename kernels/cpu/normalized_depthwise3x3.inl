// Body of normalized_depthwise3x3.hpp.

/// Three rows of a strip, `columns` of the map from `first` on, with zeros left and right of the map; a row's slot is its number modulo
/// three.
struct strip_ring {
  float* data;
  std::ptrdiff_t first, columns, channels;
  piece_range inside;  // columns that lie in the map

  strip_ring(float* memory, std::ptrdiff_t from, std::ptrdiff_t end, std::ptrdiff_t map_width, std::ptrdiff_t channels)
      : data(memory),
        first(from),
        columns(end - from),
        channels(channels),
        inside{std::max<std::ptrdiff_t>(from, 0), std::min(end, map_width)} {
    for (int row = 0; row < 3; ++row) {
      std::fill(at(row, first), at(row, inside.begin), 0.0f);
      std::fill(at(row, inside.end), at(row, end), 0.0f);
    }
  }
  float* at(std::ptrdiff_t row, std::ptrdiff_t column) const { return data + (row % 3 * columns + column - first) * channels; }
  float* behind() const { return data + 3 * columns * channels; }
};

template <int stride>
inline void normalized_depthwise(const normalized_depthwise3x3_arguments a, int task, float* scratch) {
  constexpr int tile = stride == 1 ? 6 : 4;
  const depthwise3x3_shape& s = a.shape;
  const depthwise3x3_strips cut(s);
  const piece_range columns = cut.columns(s, task), rows = cut.rows(s, task);
  const std::ptrdiff_t channels = s.channels, image = cut.image(task), count = columns.end - columns.begin;
  const strip_ring ring(scratch, columns.begin * stride - 1, (columns.end - 1) * stride + 2, s.w, channels);
  double* totals = a.behind ? sums_of(*a.behind, task) : nullptr;
  if (totals) std::fill(totals, totals + 2 * channels, 0.0);
  const bool streams = bypasses_caches(a.y, std::ptrdiff_t(s.n) * s.out_h() * s.out_w(), s.channels);
  const depthwise3x3_epilogue e{nullptr, activation::none, broadcast(0.0f)};
  std::ptrdiff_t next = rows.begin * stride - 1;
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    for (; next <= row * stride + 1; ++next)
      if (next >= 0 && next < s.h)
        normalize(a.x, a.scale, a.shift, s.channels, (image * s.h + next) * s.w + ring.inside.begin, ring.inside.end - ring.inside.begin,
                  {ring.at(next, ring.inside.begin), channels});
    tap_rows taps{};
    for (std::ptrdiff_t k = 0; k < 3; ++k)
      if (const std::ptrdiff_t v = row * stride + k - 1; v >= 0 && v < s.h) {
        taps.x[taps.count] = ring.at(v, ring.first);
        taps.w[taps.count++] = a.weights + 3 * k * channels;
      }
    const std::ptrdiff_t y_row = (image * s.out_h() + row) * s.out_w() + columns.begin;
    const pixels y = streams ? pixels{ring.behind(), channels} : pixels{a.y[y_row], a.y.stride};
    for (std::ptrdiff_t i = 0; i < count;) {
      const std::ptrdiff_t n = count - i >= tile ? tile : 1;
      for (std::ptrdiff_t c = 0; c < channels; c += width)
        n == tile ? depthwise_tile<stride, tile, false>(taps, channels, channels, e, {}, y, i, c, width)
                  : depthwise_tile<stride, 1, false>(taps, channels, channels, e, {}, y, i, c, width);
      for (int r = 0; r < taps.count; ++r) taps.x[r] += n * stride * channels;
      i += n;
    }
    if (totals) add_moments(y, {0, count}, s.channels, totals);
    if (streams) stream_block(y, s.channels, y_row, count, a.y);
  }
  if (streams) end_streams();
}

inline void run_normalized_depthwise(const normalized_depthwise3x3_arguments& a, int task, float* scratch) {
  a.shape.stride == 1 ? normalized_depthwise<1>(a, task, scratch) : normalized_depthwise<2>(a, task, scratch);
}

/// The rows of dy that touch one row of x, the weights under which they do, and these weights' sums.
struct touching_rows {
  int count;
  const float *dy[3], *w[3];
  float* sums[3];
};

/// One vector of channels of `tile` columns of x: dx, and sum[k] += f(x) dy. Stride 1: `dy` points one column to the left of the first.
template <int tile>
[[gnu::always_inline]] inline void depthwise_gradients(const touching_rows& rows, const const_pixels& x, vec scale, vec shift,
                                                       std::ptrdiff_t channels, float* dx, std::ptrdiff_t c) {
  vec f[tile], sum[tile];
#pragma GCC unroll 16
  for (int t = 0; t < tile; ++t)
    f[t] = activate<activation::relu>(fma(load(x[t] + c), scale, shift), broadcast(0.0f)), sum[t] = broadcast(0.0f);
  for (int r = 0; r < rows.count; ++r) {
    vec dy[tile + 2];
#pragma GCC unroll 16
    for (int i = 0; i < tile + 2; ++i) dy[i] = load(rows.dy[r] + i * channels + c);
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) {
      const vec w = load(rows.w[r] + k * channels + c);
      float* to = rows.sums[r] + k * channels + c;
      vec weight = load(to);
#pragma GCC unroll 16
      for (int t = 0; t < tile; ++t) {
        sum[t] = fma(dy[t + 2 - k], w, sum[t]);
        weight = fma(dy[t + 2 - k], f[t], weight);
      }
      store(to, weight);
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < tile; ++t) store(dx + t * channels + c, sum[t]);
}

/// The same under stride 2: `tile` pairs of columns 2j, 2j + 1; the even one lies under k = 1 of dy's column j, the odd one, where it
/// exists, under k = 2 of column j and k = 0 of column j + 1. `dy` points at column j.
template <int tile>
[[gnu::always_inline]] inline void depthwise_pair_gradients(const touching_rows& rows, const const_pixels& x, bool has_odd, vec scale,
                                                            vec shift, std::ptrdiff_t channels, float* dx, std::ptrdiff_t c) {
  const auto value = [&](int i) { return activate<activation::relu>(fma(load(x[i] + c), scale, shift), broadcast(0.0f)); };
  vec f[2 * tile], sum[2 * tile];
#pragma GCC unroll 16
  for (int i = 0; i < 2 * tile; ++i) f[i] = i % 2 && !has_odd ? broadcast(0.0f) : value(i), sum[i] = broadcast(0.0f);
  for (int r = 0; r < rows.count; ++r) {
    const float* w = rows.w[r] + c;
    float* to = rows.sums[r] + c;
    const vec w0 = load(w), w1 = load(w + channels), w2 = load(w + 2 * channels);
    vec weight0 = load(to), weight1 = load(to + channels), weight2 = load(to + 2 * channels), dy = load(rows.dy[r] + c);
#pragma GCC unroll 16
    for (int t = 0; t < tile; ++t) {
      const vec right = load(rows.dy[r] + (t + 1) * channels + c);
      sum[2 * t] = fma(dy, w1, sum[2 * t]);
      sum[2 * t + 1] = fma(right, w0, fma(dy, w2, sum[2 * t + 1]));
      weight0 = fma(right, f[2 * t + 1], weight0);
      weight1 = fma(dy, f[2 * t], weight1);
      weight2 = fma(dy, f[2 * t + 1], weight2);
      dy = right;
    }
    store(to, weight0), store(to + channels, weight1), store(to + 2 * channels, weight2);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 2 * tile; ++i) store(dx + i * channels + c, sum[i]);
}

template <int stride>
inline void normalized_depthwise_backward(const normalized_depthwise3x3_backward_arguments a, int task, float* scratch) {
  constexpr int tile = stride == 1 ? 4 : 2;
  const depthwise3x3_shape& s = a.shape;
  const depthwise3x3_strips cut(s);
  const piece_range columns = cut.columns(s, task), rows = cut.rows(s, task);
  const std::ptrdiff_t channels = s.channels, image = cut.image(task), out_h = s.out_h();
  const std::ptrdiff_t first = columns.begin * stride, end = std::min<std::ptrdiff_t>(columns.end * stride, s.w), count = end - first;
  const strip_ring ring(scratch, columns.begin - 1, columns.end + 1, s.out_w(), channels);
  const pixels row_of_dx{ring.behind(), channels}, projected{scratch + 4 * cut.ring_columns(s) * channels, a.project.channels};
  dense_product to_ring = product({1, s.channels, a.project.channels, {1, 1}}, direction::backward_data);
  to_ring.packed = a.packed;
  to_ring.x = projected;
  float* sums = a.sums + std::ptrdiff_t(task) * 9 * channels;
  std::fill(sums, sums + 9 * channels, 0.0f);
  double* totals = needs_sums(a.before) ? sums_of(a.before, task) : nullptr;
  if (totals) std::fill(totals, totals + 2 * channels, 0.0);
  const bool streams = bypasses_caches(a.dx, std::ptrdiff_t(s.n) * s.h * s.w, s.channels);
  std::ptrdiff_t next = rows.begin - (stride == 1);
  for (std::ptrdiff_t row = rows.begin * stride; row < std::min<std::ptrdiff_t>(rows.end * stride, s.h); ++row) {
    for (; next <= (row + 1) / stride; ++next)
      if (next >= 0 && next < out_h) {
        const std::ptrdiff_t inside = ring.inside.end - ring.inside.begin, y_row = (image * out_h + next) * s.out_w() + ring.inside.begin;
        auto project = part_of(a.project, y_row, inside), behind = part_of(a.behind, y_row, inside);
        project.dx = projected;
        behind.dy = behind.dx = to_ring.y = {ring.at(next, ring.inside.begin), channels};
        batch_norm_gradient(project, {0, inside});
        multiply_block(to_ring, int(inside));
        batch_norm_gradient(behind, {0, inside});
      }
    touching_rows taps{};
    for (std::ptrdiff_t k = 0; k < 3; ++k)
      if (const std::ptrdiff_t v = row + 1 - k; v >= 0 && v % stride == 0 && v / stride < out_h) {
        taps.dy[taps.count] = ring.at(v / stride, columns.begin - (stride == 1));
        taps.w[taps.count] = a.weights + 3 * k * channels;
        taps.sums[taps.count++] = sums + 3 * k * channels;
      }
    const std::ptrdiff_t x_row = (image * s.h + row) * s.w + first;
    for (std::ptrdiff_t i = 0; i < count;) {
      const std::ptrdiff_t n = count - i >= tile * stride ? tile : 1;
      const const_pixels x{a.before.x[x_row + i], a.before.x.stride};
      float* dx = row_of_dx[i];
      for (std::ptrdiff_t c = 0; c < channels; c += width) {
        const vec scale = load(a.before.scale + c), shift = load(a.before.shift + c);
        if constexpr (stride == 1)
          n == tile ? depthwise_gradients<tile>(taps, x, scale, shift, channels, dx, c)
                    : depthwise_gradients<1>(taps, x, scale, shift, channels, dx, c);
        else
          n == tile ? depthwise_pair_gradients<tile>(taps, x, true, scale, shift, channels, dx, c)
                    : depthwise_pair_gradients<1>(taps, x, i + 1 < count, scale, shift, channels, dx, c);
      }
      for (int r = 0; r < taps.count; ++r) taps.dy[r] += n * channels;
      i += n * stride;
    }
    if (totals) {
      auto before = part_of(a.before, x_row, count);
      before.dy = row_of_dx;
      add_gradient_moments(before, {0, count}, totals);
    }
    if (streams)
      stream_block(row_of_dx, s.channels, x_row, count, a.dx);
    else
      for (std::ptrdiff_t i = 0; i < count; ++i) dense::copy_row(a.dx[x_row + i], row_of_dx[i], s.channels);
  }
  if (streams) end_streams();
}

inline void run_normalized_depthwise_backward(const normalized_depthwise3x3_backward_arguments& a, int task, float* scratch) {
  a.shape.stride == 1 ? normalized_depthwise_backward<1>(a, task, scratch) : normalized_depthwise_backward<2>(a, task, scratch);
}
