// Body of normalize.hpp.

inline void run(const normalize_arguments& a, int task) {
  const float* x = a.x + task * a.count;
  float* y = a.y + task * a.count;
  const double length = std::sqrt(dot(x, x, a.count)), norm = length < normalize_epsilon ? normalize_epsilon : length;
  for (std::ptrdiff_t i = 0; i < a.count; ++i) y[i] = float(x[i] / norm);
}

inline void run(const normalize_backward_arguments& a, int task) {
  const float *dy = a.dy + task * a.count, *x = a.x + task * a.count;
  float* dx = a.dx + task * a.count;
  const double length = std::sqrt(dot(x, x, a.count));
  const bool constant = length < normalize_epsilon;
  const double norm = constant ? normalize_epsilon : length, along = constant ? 0.0 : dot(x, dy, a.count) / (norm * norm);
  for (std::ptrdiff_t i = 0; i < a.count; ++i) {
    const double g = (dy[i] - x[i] * along) / norm;
    dx[i] = a.how == writing::accumulate ? float(dx[i] + g) : float(g);
  }
}
