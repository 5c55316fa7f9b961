// Body of normalized_pointwise.hpp.

/// The same norm over `count` pixels from `begin` on.
inline batch_norm_backward_arguments part_of(batch_norm_backward_arguments a, std::ptrdiff_t begin, std::ptrdiff_t count) {
  a.pixels = count;
  a.x.data = a.x[begin];
  if (a.dy) a.dy.data = a.dy[begin];
  return a;
}

/// to[i] = relu(scale x[begin + i] + shift), i < count.
inline void normalize(const const_pixels& x, const float* scale, const float* shift, int channels, std::ptrdiff_t begin,
                      std::ptrdiff_t count, const pixels& to) {
  batch_norm_pixels<activation::relu, false>({count, channels, {x[begin], x.stride}, scale, shift, to, {}, activation::relu, 0},
                                             {0, count});
}

/// to[begin + i] = block[i], past the caches.
inline void stream_block(const const_pixels& block, int channels, std::ptrdiff_t begin, std::ptrdiff_t count, const pixels& to) {
  for (std::ptrdiff_t i = 0; i < count; ++i)
    for (int c = 0; c < channels; c += width) stream(to[begin + i] + c, load(block[i] + c));
}

/// p.y[i] = W p.x[i], i < count.
inline void multiply_block(dense_product p, int count) {
  p.in = p.out = {1, count};
  for (int t = 0, n = dense::tasks(p); t < n; ++t) dense::run(p, t);
}

inline void run_normalized(const normalized_pointwise_arguments& a, int task, float* scratch) {
  const piece_range range = slice(a.pixels, tasks(a), task);
  double* totals = a.behind ? sums_of(*a.behind, task) : nullptr;
  if (totals) std::fill(totals, totals + 2 * a.filters, 0.0);
  const bool streams = bypasses_caches(a.y, a.pixels, a.filters);
  const pixels x_block{scratch, a.channels + normalized_gap}, y_block{x_block[normalized_pixels], a.filters + normalized_gap};
  dense_product p = product({1, a.channels, a.filters, {1, 1}}, direction::forward);
  p.packed = a.packed;
  for (std::ptrdiff_t begin = range.begin; begin < range.end; begin += normalized_pixels) {
    const int count = int(std::min<std::ptrdiff_t>(range.end - begin, normalized_pixels));
    if (a.scale) normalize(a.x, a.scale, a.shift, a.channels, begin, count, x_block);
    p.x = a.scale ? const_pixels(x_block) : const_pixels{a.x[begin], a.x.stride};
    p.y = streams ? y_block : pixels{a.y[begin], a.y.stride};
    multiply_block(p, count);
    if (totals) add_moments(p.y, {0, count}, a.filters, totals);
    if (streams) stream_block(y_block, a.filters, begin, count, a.y);
  }
  if (streams) end_streams();
}

inline int padded_channels(int channels) { return dense::ceil_div(channels, dense::panel_width) * dense::panel_width; }

/// A task's sums of dW, (panel, filter, panel_width).
inline float* weight_sums(const normalized_pointwise_backward_arguments& a, int task) {
  return a.sums + std::ptrdiff_t(task) * a.filters * padded_channels(a.channels);
}

inline void run_normalized_backward(const normalized_pointwise_backward_arguments& a, int task, float* scratch) {
  const piece_range range = slice(a.pixels, tasks(a), task);
  const int padded = padded_channels(a.channels);
  const pixels dy_block{scratch, a.filters + normalized_gap}, x_block{dy_block[normalized_pixels], padded + normalized_gap},
      dx_block{x_block[normalized_pixels], a.channels};
  double* totals = a.before && needs_sums(*a.before) ? sums_of(*a.before, task) : nullptr;
  if (totals) std::fill(totals, totals + 2 * a.channels, 0.0);
  for (int i = 0; i < normalized_pixels; ++i) dense::zero_row(x_block[i] + a.channels, padded - a.channels);
  dense_product p = product({1, a.channels, a.filters, {1, 1}}, direction::backward_data);
  p.packed = a.packed;
  p.x = dy_block;
  for (std::ptrdiff_t begin = range.begin; begin < range.end; begin += normalized_pixels) {
    const int count = int(std::min<std::ptrdiff_t>(range.end - begin, normalized_pixels));
    auto behind = part_of(a.behind, begin, count);
    behind.dx = dy_block;
    batch_norm_gradient(behind, {0, count});
    if (a.before)
      normalize(a.x, a.before->scale, a.before->shift, a.channels, begin, count, x_block);
    else
      for (int i = 0; i < count; ++i) dense::copy_row(x_block[i], a.x[begin + i], a.channels);
    if (a.dw)
      for (int column = 0; column < padded; column += dense::panel_width)
        for (int f = 0; f < a.filters; f += dense::tile_rows)
          dense::multiply_chunk_for(std::min(dense::tile_rows, a.filters - f))(
              count, dy_block.data + f, dy_block.stride, x_block.data + column, x_block.stride,
              weight_sums(a, task) + column * a.filters + f * dense::panel_width, begin > range.begin);
    if (totals) {
      p.y = dx_block;
      multiply_block(p, count);
      auto before = part_of(*a.before, begin, count);
      before.dy = dx_block;
      add_gradient_moments(before, {0, count}, totals);
    } else if (a.dx) {
      p.y = {a.dx[begin], a.dx.stride};
      if (a.residual) p.after.residual = {a.residual[begin], a.residual.stride};
      multiply_block(p, count);
    }
  }
}

/// Adds the tasks' sums of one filter in order.
inline void reduce_normalized(const normalized_pointwise_backward_arguments& a, int filter) {
  const int n = tasks(a);
  for (int c = 0; c < a.channels; c += width) {
    const int lanes = std::min(width, a.channels - c);
    const std::ptrdiff_t at =
        c / dense::panel_width * dense::panel_width * a.filters + filter * dense::panel_width + c % dense::panel_width;
    vec sum = broadcast(0.0f);
    for (int t = 0; t < n; ++t) sum += load(weight_sums(a, t) + at);
    float* to = a.dw + std::ptrdiff_t(filter) * a.channels + c;
    store<true>(to, load<true>(to, lanes) + sum, lanes);
  }
}
