// Body of upsample2x.hpp.

/// Between the corners of one output pixel: x[0], x[1] above, x[2], x[3] below.
template <bool partial>
[[gnu::always_inline]] inline void upsample_vector(const float* const* x, vec down, vec right, float* y, std::ptrdiff_t c, int n) {
  const vec a = load<partial>(x[0] + c, n), b = load<partial>(x[2] + c, n);
  const vec above = fma(load<partial>(x[1] + c, n) - a, right, a), below = fma(load<partial>(x[3] + c, n) - b, right, b);
  store<partial>(y + c, fma(below - above, down, above), n);
}

inline void run(const upsample2x_arguments& a, int task) {
  const upsample2x_shape& s = a.shape;
  const piece_range rows = slice(std::ptrdiff_t(s.n) * s.out_h, tasks(a), task);
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    const int n = int(row / s.out_h), h = int(row % s.out_h) - s.top;
    const bool covered = h >= 0 && h < 2 * s.h;
    const bilinear_position v(covered ? h : 0, s.h);
    const std::ptrdiff_t above = (std::ptrdiff_t(n) * s.h + v.below) * s.w, below = (std::ptrdiff_t(n) * s.h + v.above) * s.w;
    const vec down = broadcast(v.fraction);
    for (int j = 0; j < s.out_w; ++j) {
      float* y = a.y[row * s.out_w + j];
      const int w = j - s.left;
      if (!covered || w < 0 || w >= 2 * s.w) {
        std::fill(y, y + s.channels, 0.0f);
        continue;
      }
      const bilinear_position u(w, s.w);
      const float* const x[] = {a.x[above + u.below], a.x[above + u.above], a.x[below + u.below], a.x[below + u.above]};
      const vec right = broadcast(u.fraction);
      std::ptrdiff_t c = 0;
      for (; c + width <= s.channels; c += width) upsample_vector<false>(x, down, right, y, c, width);
      if (c < s.channels) upsample_vector<true>(x, down, right, y, c, int(s.channels - c));
    }
  }
}

template <bool partial>
[[gnu::always_inline]] inline void upsample_gather(const float* const* dy, const float* weights, int count, float* dx, bool accumulate, std::ptrdiff_t c, int n) {
  vec sum = accumulate ? load<partial>(dx + c, n) : broadcast(0.0f);
  for (int i = 0; i < count; ++i) sum = fma(load<partial>(dy[i] + c, n), broadcast(weights[i]), sum);
  store<partial>(dx + c, sum, n);
}

inline void run(const upsample2x_backward_arguments& a, int task) {
  const upsample2x_shape& s = a.shape;
  const bool accumulate = a.how == writing::accumulate;
  const piece_range rows = slice(std::ptrdiff_t(s.n) * s.h, tasks(a), task);
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    const int n = int(row / s.h), h = int(row % s.h);
    const bilinear_touches v(h, s.h, std::max(0, -s.top), std::min(2 * s.h, s.out_h - s.top), s.top);
    for (int w = 0; w < s.w; ++w) {
      const bilinear_touches u(w, s.w, std::max(0, -s.left), std::min(2 * s.w, s.out_w - s.left), s.left);
      const float* dy[16];
      float weights[16];
      int count = 0;
      for (int i = 0; i < v.count; ++i)
        for (int j = 0; j < u.count; ++j) {
          dy[count] = a.dy[(std::ptrdiff_t(n) * s.out_h + v.index[i]) * s.out_w + u.index[j]];
          weights[count++] = v.weight[i] * u.weight[j];
        }
      float* dx = a.dx[row * s.w + w];
      std::ptrdiff_t c = 0;
      for (; c + width <= s.channels; c += width) upsample_gather<false>(dy, weights, count, dx, accumulate, c, width);
      if (c < s.channels) upsample_gather<true>(dy, weights, count, dx, accumulate, c, int(s.channels - c));
    }
  }
}
