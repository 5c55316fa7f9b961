// Body of pooling.hpp.

/// Larger of two, NaN the largest of all.
inline vec greater(vec a, vec b) { return (b > a) | (b != b) ? b : a; }

template <bool partial> [[gnu::always_inline]] inline void max_pool_vector(const float* const* x, float* y, std::ptrdiff_t c, int n) {
  vec m = load<partial>(x[0] + c, n);
#pragma GCC unroll 4
  for (int k = 1; k < 4; ++k) m = greater(m, load<partial>(x[k] + c, n));
  store<partial>(y + c, m, n);
}

inline void run(const max_pool2x2_arguments& a, int task) {
  const pooling_shape& s = a.shape;
  const piece_range rows = slice(std::ptrdiff_t(s.n) * s.out_h(), tasks(s), task);
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    const std::ptrdiff_t top = (row / s.out_h() * s.h + row % s.out_h() * 2) * s.w;
    for (int w = 0; w < s.out_w(); ++w) {
      const float* const x[] = {a.x[top + 2 * w], a.x[top + 2 * w + 1], a.x[top + s.w + 2 * w], a.x[top + s.w + 2 * w + 1]};
      float* y = a.y[row * s.out_w() + w];
      std::ptrdiff_t c = 0;
      for (; c + width <= s.channels; c += width) max_pool_vector<false>(x, y, c, width);
      if (c < s.channels) max_pool_vector<true>(x, y, c, int(s.channels - c));
    }
  }
}

template <bool partial>
[[gnu::always_inline]] inline void max_pool_gradient(const float* const* x, const float* dy, float* const* dx, bool accumulate, std::ptrdiff_t c, int n) {
  const vec zero = broadcast(0.0f), g = load<partial>(dy + c, n);
  vec m = load<partial>(x[0] + c, n), d[4] = {g, zero, zero, zero};
#pragma GCC unroll 4
  for (int k = 1; k < 4; ++k) {
    const vec v = load<partial>(x[k] + c, n);
    const auto wins = (v > m) | (v != v);
    m = wins ? v : m;
#pragma GCC unroll 4
    for (int j = 0; j < k; ++j) d[j] = wins ? zero : d[j];
    d[k] = wins ? g : zero;
  }
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) store<partial>(dx[k] + c, accumulate ? d[k] + load<partial>(dx[k] + c, n) : d[k], n);
}

/// Pixels of a row, or of whole rows, that no window covers have no gradient.
inline void clear(const pixels& dx, piece_range range, int channels) {
  for (std::ptrdiff_t p = range.begin; p < range.end; ++p) std::fill(dx[p], dx[p] + channels, 0.0f);
}

/// What a backward pass leaves to zero below and right of the windows of one output row, when it overwrites.
inline void clear_uncovered(const pooling_shape& s, const pixels& dx, std::ptrdiff_t row) {
  const std::ptrdiff_t h = row % s.out_h() * s.window.h, top = row / s.out_h() * s.h + h;
  for (int i = 0; i < s.window.h; ++i) clear(dx, {(top + i) * s.w + s.out_w() * s.window.w, (top + i + 1) * s.w}, s.channels);
  if (row % s.out_h() == s.out_h() - 1) clear(dx, {(top + s.window.h) * s.w, (top - h + s.h) * s.w}, s.channels);
}

inline void run(const max_pool2x2_backward_arguments& a, int task) {
  const pooling_shape& s = a.shape;
  const bool accumulate = a.how == writing::accumulate;
  const piece_range rows = slice(std::ptrdiff_t(s.n) * s.out_h(), tasks(s), task);
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    const std::ptrdiff_t top = (row / s.out_h() * s.h + row % s.out_h() * 2) * s.w;
    for (int w = 0; w < s.out_w(); ++w) {
      const std::ptrdiff_t p[] = {top + 2 * w, top + 2 * w + 1, top + s.w + 2 * w, top + s.w + 2 * w + 1};
      const float* const x[] = {a.x[p[0]], a.x[p[1]], a.x[p[2]], a.x[p[3]]};
      float* const dx[] = {a.dx[p[0]], a.dx[p[1]], a.dx[p[2]], a.dx[p[3]]};
      const float* dy = a.dy[row * s.out_w() + w];
      std::ptrdiff_t c = 0;
      for (; c + width <= s.channels; c += width) max_pool_gradient<false>(x, dy, dx, accumulate, c, width);
      if (c < s.channels) max_pool_gradient<true>(x, dy, dx, accumulate, c, int(s.channels - c));
    }
    if (!accumulate) clear_uncovered(s, a.dx, row);
  }
}

inline float share_of(size2 window) { return 1.0f / (float(window.h) * float(window.w)); }

/// Rows are summed one by one, then together: errors grow with the window's side, not its area.
template <bool partial>
[[gnu::always_inline]] inline void average_vector(const average_pool_arguments& a, std::ptrdiff_t top, float* y, std::ptrdiff_t c, int n) {
  const size2 window = a.shape.window;
  vec total = broadcast(0.0f);
  for (int i = 0; i < window.h; ++i) {
    const std::ptrdiff_t first = top + std::ptrdiff_t(i) * a.shape.w;
    vec even = broadcast(0.0f), odd = even;
    int j = 0;
    for (; j + 2 <= window.w; j += 2) {
      even += load<partial>(a.x[first + j] + c, n);
      odd += load<partial>(a.x[first + j + 1] + c, n);
    }
    if (j < window.w) even += load<partial>(a.x[first + j] + c, n);
    total += even + odd;
  }
  store<partial>(y + c, total * share_of(window), n);
}

inline void run(const average_pool_arguments& a, int task) {
  const pooling_shape& s = a.shape;
  const int pieces = channel_pieces(s);
  const piece_range rows = slice(std::ptrdiff_t(s.n) * s.out_h(), tasks(s), task / pieces), lines = slice((s.channels + 15) / 16, pieces, task % pieces);
  const std::ptrdiff_t first = lines.begin * 16, end = std::min<std::ptrdiff_t>(lines.end * 16, s.channels);
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    const std::ptrdiff_t top = (row / s.out_h() * s.h + row % s.out_h() * s.window.h) * s.w;
    for (std::ptrdiff_t w = 0; w < s.out_w(); ++w) {
      float* y = a.y[row * s.out_w() + w];
      std::ptrdiff_t c = first;
      for (; c + width <= end; c += width) average_vector<false>(a, top + w * s.window.w, y, c, width);
      if (c < end) average_vector<true>(a, top + w * s.window.w, y, c, int(end - c));
    }
  }
}

template <bool partial> [[gnu::always_inline]] inline void average_gradient(const float* dy, float* dx, vec share, bool accumulate, std::ptrdiff_t c, int n) {
  const vec g = load<partial>(dy + c, n) * share;
  store<partial>(dx + c, accumulate ? g + load<partial>(dx + c, n) : g, n);
}

inline void run(const average_pool_backward_arguments& a, int task) {
  const pooling_shape& s = a.shape;
  const bool accumulate = a.how == writing::accumulate;
  const vec share = broadcast(share_of(s.window));
  const piece_range rows = slice(std::ptrdiff_t(s.n) * s.out_h(), tasks(s), task);
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    const std::ptrdiff_t top = (row / s.out_h() * s.h + row % s.out_h() * s.window.h) * s.w;
    for (int i = 0; i < s.window.h; ++i)
      for (int j = 0; j < s.out_w() * s.window.w; ++j) {
        const float* dy = a.dy[row * s.out_w() + j / s.window.w];
        float* dx = a.dx[top + std::ptrdiff_t(i) * s.w + j];
        std::ptrdiff_t c = 0;
        for (; c + width <= s.channels; c += width) average_gradient<false>(dy, dx, share, accumulate, c, width);
        if (c < s.channels) average_gradient<true>(dy, dx, share, accumulate, c, int(s.channels - c));
      }
    if (!accumulate) clear_uncovered(s, a.dx, row);
  }
}
