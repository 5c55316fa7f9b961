// Body of losses.hpp.

/// One vector: its gradient written, its errors returned.
template <distance kind, bool partial>
[[gnu::always_inline]] inline vec mean_error_vector(const mean_error_arguments& a, std::ptrdiff_t p, std::ptrdiff_t c, float share, int n) {
  const vec d = load<partial>(a.prediction[p] + c, n) - load<partial>(a.target[p] + c, n);
  if (a.d_prediction) {
    vec g;
    if constexpr (kind == distance::squared) g = d * (2 * share);
    else g = d > 0.0f ? broadcast(share) : d < 0.0f ? broadcast(-share) : d;  // 0 or NaN
    float* out = a.d_prediction[p] + c;
    store<partial>(out, a.how == writing::accumulate ? g + load<partial>(out, n) : g, n);
  }
  if constexpr (kind == distance::squared) return d * d;
  else return d < 0.0f ? -d : d;
}

template <distance kind> inline double mean_error_sum(const mean_error_arguments a, piece_range range) {
  const float share = float(double(a.weight) / (double(a.pixels) * a.channels));
  const bool dense = a.prediction.stride == a.channels && a.target.stride == a.channels && (!a.d_prediction || a.d_prediction.stride == a.channels);
  const std::ptrdiff_t row = dense ? (range.end - range.begin) * a.channels : a.channels;
  double_lanes sum = {};
  for (std::ptrdiff_t p = range.begin; p < range.end; p = dense ? range.end : p + 1) {
    std::ptrdiff_t c = 0;
    for (; c + width <= row; c += width) sum += __builtin_convertvector(mean_error_vector<kind, false>(a, p, c, share, width), double_lanes);
    if (c < row) sum += __builtin_convertvector(mean_error_vector<kind, true>(a, p, c, share, int(row - c)), double_lanes);
  }
  double total = 0;
  for (int l = 0; l < width; ++l) total += sum[l];
  return total;
}

inline void run(const mean_error_arguments& a, int task) {
  const piece_range range = slice(a.pixels, tasks(a), task);
  a.scratch[task] = a.kind == distance::squared ? mean_error_sum<distance::squared>(a, range) : mean_error_sum<distance::absolute>(a, range);
}

/// d cosine / d x = (y / |y| - cosine x / |x|) / |x|; a length below epsilon counts as the constant epsilon.
inline void cosine_gradient(const float* x, const float* y, std::ptrdiff_t count, double x_length, double y_length, double cosine,
                            double slope, float* dx, writing how) {
  constexpr double epsilon = 1e-8;
  const double lx = x_length < epsilon ? epsilon : x_length, ly = y_length < epsilon ? epsilon : y_length;
  const double from_y = slope / (lx * ly), from_x = x_length < epsilon ? 0.0 : slope * cosine / (lx * lx);
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const double g = from_y * y[i] - from_x * x[i];
    dx[i] = how == writing::accumulate ? float(dx[i] + g) : float(g);
  }
}

inline void run(const synchrony_loss_arguments& s, int task) {
  constexpr double epsilon = 1e-8;
  const float *a = s.a + task * s.count, *v = s.v + task * s.count;
  const double la = std::sqrt(dot(a, a, s.count)), lv = std::sqrt(dot(v, v, s.count));
  const double cosine = dot(a, v, s.count) / ((la < epsilon ? epsilon : la) * (lv < epsilon ? epsilon : lv));
  const synchrony_term term(cosine, s.labels[task], s.margin);
  s.scratch[task] = term.loss;
  const double slope = term.slope * s.weight / s.n;
  if (s.da) cosine_gradient(a, v, s.count, la, lv, cosine, slope, s.da + task * s.count, s.da_how);
  if (s.dv) cosine_gradient(v, a, s.count, lv, la, cosine, slope, s.dv + task * s.count, s.dv_how);
}
