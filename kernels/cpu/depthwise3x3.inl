// Body of depthwise3x3.hpp. Arguments are copied where the hot loops begin: vec may alias anything, so what lies behind a reference
// would be read again after every store.

/// One input pixel under one of the nine weights: both (C).
struct tap {
  const float *x, *w;
};

/// What happens to a sum before it is stored; every pointer may be null.
struct depthwise3x3_epilogue {
  const float* bias;
  activation act;
  vec slope;
  bool streams = false;  // past the caches

  template <bool partial> [[gnu::always_inline]] vec operator()(vec sum, const float* residual, std::ptrdiff_t c, int n) const {
    if (bias) sum += load<partial>(bias + c, n);
    if (residual) sum += load<partial>(residual + c, n);
    return activate(act, sum, slope);
  }
};

/// y = act(sum over taps + ...), one pixel: for borders and leftover columns.
template <bool partial>
[[gnu::always_inline]] inline void depthwise_taps(const tap* taps, int count, const depthwise3x3_epilogue& e, const float* residual, float* y, std::ptrdiff_t c,
                           int n) {
  vec sum = broadcast(0.0f);
  for (int t = 0; t < count; ++t) sum = fma(load<partial>(taps[t].x + c, n), load<partial>(taps[t].w + c, n), sum);
  store<partial>(y + c, e.template operator()<partial>(sum, residual, c, n), n);
}

inline void depthwise_pixel(const tap* taps, int count, const depthwise3x3_epilogue& e, const float* residual, float* y,
                            piece_range channels) {
  std::ptrdiff_t c = channels.begin;
  for (; c + width <= channels.end; c += width) depthwise_taps<false>(taps, count, e, residual, y, c, width);
  if (c < channels.end) depthwise_taps<true>(taps, count, e, residual, y, c, int(channels.end - c));
}

/// The rows inside the image that one row of the result reads.
struct tap_rows {
  int count;
  const float *x[3], *w[3];  // leftmost pixel under the tile; weights of kx = 0
};

/// `tile` output columns away from the left and right border, one vector of channels.
template <int stride, int tile, bool partial>
[[gnu::always_inline]] inline void depthwise_tile(const tap_rows& rows, std::ptrdiff_t x_stride, std::ptrdiff_t w_stride, const depthwise3x3_epilogue& e,
                           const const_pixels& residual, const pixels& y, std::ptrdiff_t p, std::ptrdiff_t c, int n) {
  constexpr int span = stride * (tile - 1) + 3;
  vec sum[tile];
#pragma GCC unroll 16
  for (int t = 0; t < tile; ++t) sum[t] = broadcast(0.0f);
  for (int r = 0; r < rows.count; ++r) {
    vec x[span];
#pragma GCC unroll 16
    for (int i = 0; i < span; ++i) x[i] = load<partial>(rows.x[r] + i * x_stride + c, n);
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) {
      const vec w = load<partial>(rows.w[r] + k * w_stride + c, n);
#pragma GCC unroll 16
      for (int t = 0; t < tile; ++t) sum[t] = fma(x[t * stride + k], w, sum[t]);
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < tile; ++t) {
    const vec v = e.template operator()<partial>(sum[t], residual ? residual[p + t] : nullptr, c, n);
    if (!partial && e.streams) stream(y[p + t] + c, v);
    else store<partial>(y[p + t] + c, v, n);
  }
}

/// What the next row of results reads that row h did not.
inline void prefetch_rows_below(const depthwise3x3_shape& s, const depthwise3x3_block& b, std::ptrdiff_t h, const_pixels x, std::ptrdiff_t column, int count) {
  const std::ptrdiff_t first = h * s.stride + 2, end = std::min<std::ptrdiff_t>(first + s.stride, s.h);
  for (std::ptrdiff_t v = first; v < end; ++v) prefetch(x, (std::ptrdiff_t(b.n) * s.h + v) * s.w + column, count, b.channels);
}

/// One block; weight k of channel c is at weights[k w_stride + c] (a negative stride turns the kernel by half a turn).
template <int stride>
inline void depthwise_block(const depthwise3x3_shape s, const depthwise3x3_block b, const const_pixels x, const float* weights,
                            std::ptrdiff_t w_stride, const depthwise3x3_epilogue e, const const_pixels residual, const pixels y) {
  constexpr int tile = 4;
  const int out_w = s.out_w();
  const std::ptrdiff_t inner_end = std::min<std::ptrdiff_t>(b.columns.end, (s.w - 2) / stride + 1);  // columns whose right tap exists
  for (std::ptrdiff_t h = b.rows.begin; h < b.rows.end; ++h) {
    const std::ptrdiff_t y_row = (std::ptrdiff_t(b.n) * s.out_h() + h) * out_w;
    tap_rows rows{};
    std::ptrdiff_t x_row[3];
    for (int k = 0; k < 3; ++k)
      if (const std::ptrdiff_t v = h * stride + k - 1; v >= 0 && v < s.h) {
        x_row[rows.count] = (std::ptrdiff_t(b.n) * s.h + v) * s.w;
        rows.w[rows.count++] = weights + 3 * k * w_stride;
      }
    for (std::ptrdiff_t w = b.columns.begin; w < b.columns.end;) {
      if (w > 0 && w + tile <= inner_end) {
        for (int r = 0; r < rows.count; ++r) rows.x[r] = x[x_row[r] + w * stride - 1];
        prefetch_rows_below(s, b, h, x, w * stride, tile * stride);
        std::ptrdiff_t c = b.channels.begin;
        for (; c + width <= b.channels.end; c += width)
          depthwise_tile<stride, tile, false>(rows, x.stride, w_stride, e, residual, y, y_row + w, c, width);
        if (c < b.channels.end)
          depthwise_tile<stride, tile, true>(rows, x.stride, w_stride, e, residual, y, y_row + w, c, int(b.channels.end - c));
        w += tile;
        continue;
      }
      tap taps[9];
      int count = 0;
      for (int r = 0; r < rows.count; ++r)
        for (int k = 0; k < 3; ++k)
          if (const std::ptrdiff_t u = w * stride + k - 1; u >= 0 && u < s.w) taps[count++] = {x[x_row[r] + u], rows.w[r] + k * w_stride};
      depthwise_pixel(taps, count, e, residual ? residual[y_row + w] : nullptr, y[y_row + w], b.channels);
      ++w;
    }
  }
  if (e.streams) end_streams();
}

inline void run(const depthwise3x3_arguments& a, int task) {
  const depthwise3x3_block b(blocks(a.shape), a.shape.out_h(), a.shape.out_w(), a.shape.channels, task);
  const std::ptrdiff_t pixels = std::ptrdiff_t(a.shape.n) * a.shape.out_h() * a.shape.out_w();
  const depthwise3x3_epilogue e{a.bias, a.act, broadcast(a.slope), bypasses_caches(a.y, pixels, a.shape.channels)};
  if (a.shape.stride == 1) depthwise_block<1>(a.shape, b, a.x, a.weights, a.shape.channels, e, a.residual, a.y);
  else depthwise_block<2>(a.shape, b, a.x, a.weights, a.shape.channels, e, a.residual, a.y);
}

/// Stride 2, pairs of input columns 2j, 2j + 1 of one input row: the even one lies under kx = 1 of output j alone, the odd one under
/// kx = 2 of output j and kx = 0 of output j + 1. `rows.x` points at output column j, `tile` pairs at once.
template <int tile, bool partial>
[[gnu::always_inline]] inline void depthwise_pairs(const tap_rows& rows, std::ptrdiff_t dy_stride, std::ptrdiff_t w_stride, bool accumulate, const pixels& dx,
                            std::ptrdiff_t p, std::ptrdiff_t c, int n) {
  vec even[tile], odd[tile];
#pragma GCC unroll 16
  for (int t = 0; t < tile; ++t) {
    even[t] = accumulate ? load<partial>(dx[p + 2 * t] + c, n) : broadcast(0.0f);
    odd[t] = accumulate ? load<partial>(dx[p + 2 * t + 1] + c, n) : broadcast(0.0f);
  }
  for (int r = 0; r < rows.count; ++r) {
    vec dy[tile + 1];
#pragma GCC unroll 16
    for (int i = 0; i <= tile; ++i) dy[i] = load<partial>(rows.x[r] + i * dy_stride + c, n);
    const vec w0 = load<partial>(rows.w[r] + c, n), w1 = load<partial>(rows.w[r] + w_stride + c, n),
              w2 = load<partial>(rows.w[r] + 2 * w_stride + c, n);
#pragma GCC unroll 16
    for (int t = 0; t < tile; ++t) {
      even[t] = fma(dy[t], w1, even[t]);
      odd[t] = fma(dy[t], w2, odd[t]);
      odd[t] = fma(dy[t + 1], w0, odd[t]);
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < tile; ++t) {
    store<partial>(dx[p + 2 * t] + c, even[t], n);
    store<partial>(dx[p + 2 * t + 1] + c, odd[t], n);
  }
}

inline void depthwise_backward_data_stride2(const depthwise3x3_backward_data_arguments a, const depthwise3x3_block b) {
  constexpr int tile = 2;
  const depthwise3x3_shape& s = a.shape;
  const bool accumulate = a.how == writing::accumulate;
  const depthwise3x3_epilogue e{nullptr, activation::none, broadcast(0.0f)};
  const std::ptrdiff_t channels = s.channels, out_h = s.out_h(), out_w = s.out_w();
  for (std::ptrdiff_t h = 2 * b.rows.begin; h < std::min<std::ptrdiff_t>(2 * b.rows.end, s.h); ++h) {
    const std::ptrdiff_t dx_row = (std::ptrdiff_t(b.n) * s.h + h) * s.w;
    tap_rows rows{};
    std::ptrdiff_t dy_row[3];
    for (std::ptrdiff_t k = 0; k < 3; ++k)
      if (const std::ptrdiff_t v = h + 1 - k; v % 2 == 0 && v / 2 < out_h) {
        dy_row[rows.count] = (std::ptrdiff_t(b.n) * out_h + v / 2) * out_w;
        rows.w[rows.count++] = a.weights + 3 * k * channels;
      }
    for (std::ptrdiff_t j = b.columns.begin; j < b.columns.end;) {
      if (j + tile < out_w && j + tile <= b.columns.end) {
        for (int r = 0; r < rows.count; ++r) rows.x[r] = a.dy[dy_row[r] + j];
        std::ptrdiff_t c = b.channels.begin;
        for (; c + width <= b.channels.end; c += width)
          depthwise_pairs<tile, false>(rows, a.dy.stride, channels, accumulate, a.dx, dx_row + 2 * j, c, width);
        if (c < b.channels.end)
          depthwise_pairs<tile, true>(rows, a.dy.stride, channels, accumulate, a.dx, dx_row + 2 * j, c, int(b.channels.end - c));
        j += tile;
        continue;
      }
      for (std::ptrdiff_t w = 2 * j; w < std::min<std::ptrdiff_t>(2 * j + 2, s.w); ++w) {
        tap taps[4];
        int count = 0;
        for (int r = 0; r < rows.count; ++r)
          for (std::ptrdiff_t k = 0; k < 3; ++k)
            if (const std::ptrdiff_t u = w + 1 - k; u % 2 == 0 && u / 2 < out_w)
              taps[count++] = {a.dy[dy_row[r] + u / 2], rows.w[r] + k * channels};
        depthwise_pixel(taps, count, e, accumulate ? a.dx[dx_row + w] : nullptr, a.dx[dx_row + w], b.channels);
      }
      ++j;
    }
  }
}

/// Stride 1 is the forward pass of dy under the weights turned by half a turn.
inline void run(const depthwise3x3_backward_data_arguments& a, int task) {
  const depthwise3x3_block b(blocks(a.shape), a.shape.out_h(), a.shape.out_w(), a.shape.channels, task);
  if (a.shape.stride == 2) return depthwise_backward_data_stride2(a, b);
  const std::ptrdiff_t channels = a.shape.channels;
  const bool adds = a.how == writing::accumulate;
  const std::ptrdiff_t pixels = std::ptrdiff_t(a.shape.n) * a.shape.h * a.shape.w;
  const depthwise3x3_epilogue e{nullptr, activation::none, broadcast(0.0f), !adds && bypasses_caches(a.dx, pixels, a.shape.channels)};
  depthwise_block<1>(a.shape, b, a.dy, a.weights + 8 * channels, -channels, e, adds ? const_pixels(a.dx) : const_pixels{}, a.dx);
}

/// sum[k] += x dy over `tile` columns away from the border, one vector of channels; sums (9, C) in scratch.
template <int stride, int tile, bool partial>
[[gnu::always_inline]] inline void depthwise_weights_tile(const tap_rows& rows, const int* k0, std::ptrdiff_t x_stride, const float* dy_first,
                                   std::ptrdiff_t dy_stride, float* sums, std::ptrdiff_t channels, std::ptrdiff_t c, int n) {
  constexpr int span = stride * (tile - 1) + 3;
  vec dy[tile];
#pragma GCC unroll 16
  for (int t = 0; t < tile; ++t) dy[t] = load<partial>(dy_first + t * dy_stride + c, n);
  for (int r = 0; r < rows.count; ++r) {
    vec x[span];
#pragma GCC unroll 16
    for (int i = 0; i < span; ++i) x[i] = load<partial>(rows.x[r] + i * x_stride + c, n);
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) {
      float* s = sums + (k0[r] + k) * channels + c;
      vec sum = load<partial>(s, n);
#pragma GCC unroll 16
      for (int t = 0; t < tile; ++t) sum = fma(x[t * stride + k], dy[t], sum);
      store<partial>(s, sum, n);
    }
  }
}

template <bool partial>
[[gnu::always_inline]] inline void depthwise_weights_tap(const float* x, const float* dy, float* sums, std::ptrdiff_t c, int n) {
  store<partial>(sums + c, fma(load<partial>(x + c, n), load<partial>(dy + c, n), load<partial>(sums + c, n)), n);
}

template <int stride> inline void depthwise_backward_weights(const depthwise3x3_backward_weights_arguments a, int task) {
  constexpr int tile = 4;
  const depthwise3x3_shape& s = a.shape;
  const depthwise3x3_blocks all = blocks(s);
  const depthwise3x3_block b(all, s.out_h(), s.out_w(), s.channels, task);
  const std::ptrdiff_t channels = s.channels, first = b.channels.begin, end = b.channels.end;
  const std::ptrdiff_t inner_end = std::min<std::ptrdiff_t>(b.columns.end, (s.w - 2) / stride + 1);
  const std::ptrdiff_t slot = std::ptrdiff_t(b.n) * all.rows * all.columns + task % (all.rows * all.columns);
  float* sums = a.scratch + slot * 9 * channels;
  for (int k = 0; k < 9; ++k) std::memset(sums + k * channels + first, 0, (end - first) * sizeof(float));
  for (std::ptrdiff_t h = b.rows.begin; h < b.rows.end; ++h) {
    const std::ptrdiff_t dy_row = (std::ptrdiff_t(b.n) * s.out_h() + h) * s.out_w();
    tap_rows rows{};
    std::ptrdiff_t x_row[3];
    int k0[3];
    for (int k = 0; k < 3; ++k)
      if (const std::ptrdiff_t v = h * stride + k - 1; v >= 0 && v < s.h) {
        x_row[rows.count] = (std::ptrdiff_t(b.n) * s.h + v) * s.w;
        k0[rows.count++] = 3 * k;
      }
    for (std::ptrdiff_t w = b.columns.begin; w < b.columns.end;) {
      const float* dy = a.dy[dy_row + w];
      if (w > 0 && w + tile <= inner_end) {
        for (int r = 0; r < rows.count; ++r) rows.x[r] = a.x[x_row[r] + w * stride - 1];
        prefetch_rows_below(s, b, h, a.x, w * stride, tile * stride);
        if (h + 1 < b.rows.end) prefetch(a.dy, dy_row + s.out_w() + w, tile, b.channels);
        std::ptrdiff_t c = first;
        for (; c + width <= end; c += width)
          depthwise_weights_tile<stride, tile, false>(rows, k0, a.x.stride, dy, a.dy.stride, sums, channels, c, width);
        if (c < end) depthwise_weights_tile<stride, tile, true>(rows, k0, a.x.stride, dy, a.dy.stride, sums, channels, c, int(end - c));
        w += tile;
        continue;
      }
      for (int r = 0; r < rows.count; ++r)
        for (int k = 0; k < 3; ++k)
          if (const std::ptrdiff_t u = w * stride + k - 1; u >= 0 && u < s.w) {
            const float* x = a.x[x_row[r] + u];
            float* sum = sums + (k0[r] + k) * channels;
            std::ptrdiff_t c = first;
            for (; c + width <= end; c += width) depthwise_weights_tap<false>(x, dy, sum, c, width);
            if (c < end) depthwise_weights_tap<true>(x, dy, sum, c, int(end - c));
          }
      ++w;
    }
  }
}

inline void run(const depthwise3x3_backward_weights_arguments& a, int task) {
  if (a.shape.stride == 1) depthwise_backward_weights<1>(a, task);
  else depthwise_backward_weights<2>(a, task);
}
