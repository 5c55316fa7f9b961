// Body of adam.hpp.

struct adam_step {
  const adam_arguments a;
  vec scale, beta1, rest1, beta2, rest2, rate, root, epsilon;

  explicit adam_step(const adam_arguments& a)
      : a(a),
        scale(broadcast(a.scale)),
        beta1(broadcast(float(a.beta1))),
        rest1(broadcast(float(1 - a.beta1))),
        beta2(broadcast(float(a.beta2))),
        rest2(broadcast(float(1 - a.beta2))),
        rate(broadcast(float(a.rate / (1 - std::pow(a.beta1, double(a.step)))))),
        root(broadcast(float(std::sqrt(1 - std::pow(a.beta2, double(a.step)))))),
        epsilon(broadcast(float(a.epsilon))) {}

  template <bool partial> [[gnu::always_inline]] void at(std::ptrdiff_t i, int n) const {
    const vec g = load<partial>(a.gradients + i, n) * scale;
    const vec m = fma(load<partial>(a.m + i, n), beta1, g * rest1);
    const vec v = fma(load<partial>(a.v + i, n), beta2, g * g * rest2);
    store<partial>(a.m + i, m, n);
    store<partial>(a.v + i, v, n);
    store<partial>(a.parameters + i, load<partial>(a.parameters + i, n) - rate * m / (square_root(v) / root + epsilon), n);
  }
};

inline void run(const adam_arguments& a, int task) {
  const piece_range range = slice(a.count, tasks(a), task);
  const adam_step step(a);
  std::ptrdiff_t i = range.begin;
  for (; i + width <= range.end; i += width) step.at<false>(i, width);
  if (i < range.end) step.at<true>(i, int(range.end - i));
}
