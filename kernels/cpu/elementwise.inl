// Body of elementwise.hpp. An operation is a struct whose `at<partial>(pixel, channel, n)` does one vector (n lanes of it if partial).

/// Applies `op` to the pixels of one task; `dense` walks them as one row of floats, else pixel by pixel.
template <class Operation> inline void each_vector(const Operation op, piece_range range, int channels, bool dense) {
  const std::ptrdiff_t row = dense ? (range.end - range.begin) * channels : channels;
  for (std::ptrdiff_t p = range.begin; p < range.end; p = dense ? range.end : p + 1) {
    std::ptrdiff_t c = 0;
    for (; c + width <= row; c += width) op.template at<false>(p, c, width);
    if (c < row) op.template at<true>(p, c, int(row - c));
  }
}

template <activation A> struct activation_operation {
  const activation_arguments a;
  vec slope;

  template <bool partial> [[gnu::always_inline]] void at(std::ptrdiff_t p, std::ptrdiff_t c, int n) const {
    store<partial>(a.y[p] + c, activate<A>(load<partial>(a.x[p] + c, n), slope), n);
  }
};

template <activation A, bool accumulate> struct activation_gradient_operation {
  const activation_gradient_arguments a;
  vec slope;

  template <bool partial> [[gnu::always_inline]] void at(std::ptrdiff_t p, std::ptrdiff_t c, int n) const {
    vec dx = activate_gradient<A>(load<partial>(a.dy[p] + c, n), load<partial>(a.y[p] + c, n), slope);
    if constexpr (accumulate) dx += load<partial>(a.dx[p] + c, n);
    store<partial>(a.dx[p] + c, dx, n);
  }
};

struct add_operation {
  const add_arguments a;

  template <bool partial> [[gnu::always_inline]] void at(std::ptrdiff_t p, std::ptrdiff_t c, int n) const {
    store<partial>(a.y[p] + c, load<partial>(a.a[p] + c, n) + load<partial>(a.b[p] + c, n), n);
  }
};

template <bool accumulate> struct copy_operation {
  const copy_arguments a;
  vec scale;

  template <bool partial> [[gnu::always_inline]] void at(std::ptrdiff_t p, std::ptrdiff_t c, int n) const {
    const vec x = load<partial>(a.x[p] + c, n);
    if constexpr (accumulate) store<partial>(a.y[p] + c, fma(x, scale, load<partial>(a.y[p] + c, n)), n);
    else store<partial>(a.y[p] + c, x * scale, n);
  }
};

struct fill_operation {
  const fill_arguments a;
  vec value;

  template <bool partial> [[gnu::always_inline]] void at(std::ptrdiff_t p, std::ptrdiff_t c, int n) const { store<partial>(a.y[p] + c, value, n); }
};

template <activation A> inline void run_activation(const activation_arguments& a, piece_range range) {
  each_vector(activation_operation<A>{a, broadcast(a.slope)}, range, a.channels, a.x.stride == a.channels && a.y.stride == a.channels);
}

inline void run(const activation_arguments& a, int task) {
  const piece_range range = slice(a.pixels, tasks(a), task);
  switch (a.act) {
    case activation::none: return run_activation<activation::none>(a, range);
    case activation::relu: return run_activation<activation::relu>(a, range);
    case activation::leaky_relu: return run_activation<activation::leaky_relu>(a, range);
    case activation::sigmoid: return run_activation<activation::sigmoid>(a, range);
  }
}

template <activation A> inline void run_activation_gradient(const activation_gradient_arguments& a, piece_range range) {
  const bool dense = a.y.stride == a.channels && a.dy.stride == a.channels && a.dx.stride == a.channels;
  const vec slope = broadcast(a.slope);
  if (a.how == writing::accumulate) each_vector(activation_gradient_operation<A, true>{a, slope}, range, a.channels, dense);
  else each_vector(activation_gradient_operation<A, false>{a, slope}, range, a.channels, dense);
}

inline void run(const activation_gradient_arguments& a, int task) {
  const piece_range range = slice(a.pixels, tasks(a), task);
  switch (a.act) {
    case activation::none: return run_activation_gradient<activation::none>(a, range);
    case activation::relu: return run_activation_gradient<activation::relu>(a, range);
    case activation::leaky_relu: return run_activation_gradient<activation::leaky_relu>(a, range);
    case activation::sigmoid: return run_activation_gradient<activation::sigmoid>(a, range);
  }
}

inline void run(const add_arguments& a, int task) {
  const bool dense = a.a.stride == a.channels && a.b.stride == a.channels && a.y.stride == a.channels;
  each_vector(add_operation{a}, slice(a.pixels, tasks(a), task), a.channels, dense);
}

inline void run(const copy_arguments& a, int task) {
  const bool dense = a.x.stride == a.channels && a.y.stride == a.channels;
  const piece_range range = slice(a.pixels, tasks(a), task);
  if (a.how == writing::accumulate) each_vector(copy_operation<true>{a, broadcast(a.scale)}, range, a.channels, dense);
  else each_vector(copy_operation<false>{a, broadcast(a.scale)}, range, a.channels, dense);
}

inline void run(const fill_arguments& a, int task) {
  each_vector(fill_operation{a, broadcast(a.value)}, slice(a.pixels, tasks(a), task), a.channels, a.y.stride == a.channels);
}
