// Body of batch_norm.hpp. Arguments are copied where the hot loops begin: vec may alias anything, so what lies behind a reference would
// be read again after every store.

typedef double double_vec __attribute__((vector_size(2 * sizeof(vec)), aligned(8), may_alias));

inline constexpr int batch_norm_block = 64;  // pixels whose sums are kept in float

template <bool partial> [[gnu::always_inline]] inline void add_to(double* total, double_vec v, int n) {
  if constexpr (partial) {
    for (int i = 0; i < n; ++i) total[i] += v[i];
  } else {
    double_vec t;
    std::memcpy(&t, total, sizeof t);
    t += v;
    std::memcpy(total, &t, sizeof t);
  }
}

/// Sum of x and of x^2 over one block of pixels, one vector of channels, added to totals[0] and totals[channels].
template <bool partial>
[[gnu::always_inline]] inline void batch_norm_moments(const const_pixels& x, piece_range block, int channels, std::ptrdiff_t c, int n, double* totals) {
  vec sum0 = broadcast(0.0f), sum1 = sum0;
  std::ptrdiff_t p = block.begin;
  for (; p + 2 <= block.end; p += 2) {
    sum0 += load<partial>(x[p] + c, n);
    sum1 += load<partial>(x[p + 1] + c, n);
  }
  if (p < block.end) sum0 += load<partial>(x[p] + c, n);
  const vec centre = (sum0 + sum1) * (1.0f / float(block.end - block.begin));
  vec first0 = broadcast(0.0f), first1 = first0, second0 = first0, second1 = first0;
  for (p = block.begin; p + 2 <= block.end; p += 2) {
    const vec a = load<partial>(x[p] + c, n) - centre, b = load<partial>(x[p + 1] + c, n) - centre;
    first0 += a, first1 += b;
    second0 = fma(a, a, second0), second1 = fma(b, b, second1);
  }
  if (p < block.end) {
    const vec a = load<partial>(x[p] + c, n) - centre;
    first0 += a;
    second0 = fma(a, a, second0);
  }
  const double_vec k = __builtin_convertvector(centre, double_vec), s = __builtin_convertvector(first0 + first1, double_vec),
                   q = __builtin_convertvector(second0 + second1, double_vec), sum = k * double(block.end - block.begin) + s;
  add_to<partial>(totals + c, sum, n);
  add_to<partial>(totals + channels + c, q + k * (s + sum), n);
}

/// Adds sums of x and x^2 over the pixels to totals, (2, C).
inline void add_moments(const const_pixels x, piece_range range, int channels, double* totals) {
  for (std::ptrdiff_t p = range.begin; p < range.end; p += batch_norm_block) {
    const piece_range block{p, std::min(p + batch_norm_block, range.end)};
    std::ptrdiff_t c = 0;
    for (; c + width <= channels; c += width) batch_norm_moments<false>(x, block, channels, c, width, totals);
    if (c < channels) batch_norm_moments<true>(x, block, channels, c, int(channels - c), totals);
  }
}

inline void run(const batch_norm_statistics_arguments& a, int task) {
  double* totals = sums_of(a, task);
  std::fill(totals, totals + 2 * a.channels, 0.0);
  add_moments(a.x, slice(a.pixels, tasks(a), task), a.channels, totals);
}

template <activation A, bool with_residual, bool partial>
[[gnu::always_inline]] inline void batch_norm_vector(const batch_norm_apply_arguments& a, bool streams, std::ptrdiff_t p, std::ptrdiff_t c, vec slope, int n) {
  vec y = fma(load<partial>(a.x[p] + c, n), load<partial>(a.scale + c, n), load<partial>(a.shift + c, n));
  if constexpr (with_residual) y += load<partial>(a.residual[p] + c, n);
  if (!partial && streams) stream(a.y[p] + c, activate<A>(y, slope));
  else store<partial>(a.y[p] + c, activate<A>(y, slope), n);
}

template <activation A, bool with_residual> inline void batch_norm_pixels(const batch_norm_apply_arguments a, piece_range range) {
  const vec slope = broadcast(a.slope);
  const bool streams = a.y.data != a.x.data && bypasses_caches(a.y, a.pixels, a.channels);
  for (std::ptrdiff_t p = range.begin; p < range.end; ++p) {
    std::ptrdiff_t c = 0;
    for (; c + width <= a.channels; c += width) batch_norm_vector<A, with_residual, false>(a, streams, p, c, slope, width);
    if (c < a.channels) batch_norm_vector<A, with_residual, true>(a, streams, p, c, slope, int(a.channels - c));
  }
  if (streams) end_streams();
}

template <activation A> inline void batch_norm_pixels(const batch_norm_apply_arguments& a, piece_range range) {
  if (a.residual) batch_norm_pixels<A, true>(a, range);
  else batch_norm_pixels<A, false>(a, range);
}

inline void run(const batch_norm_apply_arguments& a, int task) {
  const piece_range range = slice(a.pixels, tasks(a), task);
  switch (a.act) {
    case activation::none: return batch_norm_pixels<activation::none>(a, range);
    case activation::relu: return batch_norm_pixels<activation::relu>(a, range);
    case activation::leaky_relu: return batch_norm_pixels<activation::leaky_relu>(a, range);
    case activation::sigmoid: return batch_norm_pixels<activation::sigmoid>(a, range);
  }
}

/// Where the gradient of an activation finds its sign: there is no activation, in y, or in scale x + shift.
enum class sign { all, from_y, from_x };

/// g = act'(.) dy of one vector. relu and leaky_relu differ in the slope below zero only; NaN passes as in activate_gradient.
template <sign S, bool partial>
[[gnu::always_inline]] inline vec masked_gradient(const batch_norm_backward_arguments& a, std::ptrdiff_t p, std::ptrdiff_t c, vec slope, int n) {
  const vec dy = load<partial>(a.dy[p] + c, n);
  if constexpr (S == sign::all) return dy;
  vec y;
  if constexpr (S == sign::from_y) y = load<partial>(a.y[p] + c, n);
  else y = fma(load<partial>(a.x[p] + c, n), load<partial>(a.scale + c, n), load<partial>(a.shift + c, n));
  return y <= 0.0f ? dy * slope : dy;
}

/// Adds sum g and sum g (x - mean) over a block to totals[0] and totals[channels].
template <sign S, bool partial>
[[gnu::always_inline]] inline void batch_norm_gradient_moments(const batch_norm_backward_arguments& a, piece_range block, std::ptrdiff_t c, vec slope, int n,
                                        double* totals) {
  const vec mean = load<partial>(a.mean + c, n);
  vec first0 = broadcast(0.0f), first1 = first0, second0 = first0, second1 = first0;
  std::ptrdiff_t p = block.begin;
  for (; p + 2 <= block.end; p += 2) {
    const vec g0 = masked_gradient<S, partial>(a, p, c, slope, n), g1 = masked_gradient<S, partial>(a, p + 1, c, slope, n);
    first0 += g0, first1 += g1;
    second0 = fma(g0, load<partial>(a.x[p] + c, n) - mean, second0);
    second1 = fma(g1, load<partial>(a.x[p + 1] + c, n) - mean, second1);
  }
  if (p < block.end) {
    const vec g = masked_gradient<S, partial>(a, p, c, slope, n);
    first0 += g;
    second0 = fma(g, load<partial>(a.x[p] + c, n) - mean, second0);
  }
  add_to<partial>(totals + c, __builtin_convertvector(first0 + first1, double_vec), n);
  add_to<partial>(totals + a.channels + c, __builtin_convertvector(second0 + second1, double_vec), n);
}

template <sign S> inline void add_gradient_moments(const batch_norm_backward_arguments a, piece_range range, double* totals) {
  const vec slope = broadcast(a.act == activation::leaky_relu ? a.slope : 0.0f);
  for (std::ptrdiff_t p = range.begin; p < range.end; p += batch_norm_block) {
    const piece_range block{p, std::min(p + batch_norm_block, range.end)};
    std::ptrdiff_t c = 0;
    for (; c + width <= a.channels; c += width) batch_norm_gradient_moments<S, false>(a, block, c, slope, width, totals);
    if (c < a.channels) batch_norm_gradient_moments<S, true>(a, block, c, slope, int(a.channels - c), totals);
  }
}

inline sign sign_source(const batch_norm_backward_arguments& a) {
  return a.act == activation::none ? sign::all : a.y ? sign::from_y : sign::from_x;
}

/// Adds sum g and sum g (x - mean) over the pixels to totals, (2, C).
inline void add_gradient_moments(const batch_norm_backward_arguments& a, piece_range range, double* totals) {
  switch (sign_source(a)) {
    case sign::all: return add_gradient_moments<sign::all>(a, range, totals);
    case sign::from_y: return add_gradient_moments<sign::from_y>(a, range, totals);
    case sign::from_x: return add_gradient_moments<sign::from_x>(a, range, totals);
  }
}

/// First pass of the backward pass: the sums of one task.
inline void batch_norm_sums(const batch_norm_backward_arguments& a, int task) {
  double* totals = sums_of(a, task);
  std::fill(totals, totals + 2 * a.channels, 0.0);
  add_gradient_moments(a, slice(a.pixels, tasks(a), task), totals);
}

template <sign S, bool frozen, bool partial>
[[gnu::always_inline]] inline void batch_norm_gradient_vector(const batch_norm_backward_arguments& a, bool streams, const float* mean_g, const float* slope_x, std::ptrdiff_t p,
                                       std::ptrdiff_t c, vec slope, int n) {
  const vec g = masked_gradient<S, partial>(a, p, c, slope, n);
  if (a.d_residual) {
    float* r = a.d_residual[p] + c;
    store<partial>(r, a.d_residual_how == writing::accumulate ? g + load<partial>(r, n) : g, n);
  }
  vec dx = g;
  if constexpr (!frozen)
    dx -= fma(load<partial>(a.x[p] + c, n) - load<partial>(a.mean + c, n), load<partial>(slope_x + c, n), load<partial>(mean_g + c, n));
  dx *= load<partial>(a.scale + c, n);
  if (a.dx_how == writing::accumulate) dx += load<partial>(a.dx[p] + c, n);
  if (!partial && streams) stream(a.dx[p] + c, dx);
  else store<partial>(a.dx[p] + c, dx, n);
}

template <sign S, bool frozen> inline void batch_norm_gradient_pixels(const batch_norm_backward_arguments a, piece_range range) {
  const vec slope = broadcast(a.act == activation::leaky_relu ? a.slope : 0.0f);
  const float* mean_g = frozen ? nullptr : reinterpret_cast<const float*>(a.scratch);
  const float* slope_x = frozen ? nullptr : mean_g + a.channels;
  const bool streams = a.dx.data != a.dy.data && a.dx_how == writing::overwrite && bypasses_caches(a.dx, a.pixels, a.channels);
  for (std::ptrdiff_t p = range.begin; p < range.end; ++p) {
    std::ptrdiff_t c = 0;
    for (; c + width <= a.channels; c += width) batch_norm_gradient_vector<S, frozen, false>(a, streams, mean_g, slope_x, p, c, slope, width);
    if (c < a.channels) batch_norm_gradient_vector<S, frozen, true>(a, streams, mean_g, slope_x, p, c, slope, int(a.channels - c));
  }
  if (streams) end_streams();
}

template <bool frozen> inline void batch_norm_gradient(const batch_norm_backward_arguments& a, piece_range range) {
  switch (sign_source(a)) {
    case sign::all: return batch_norm_gradient_pixels<sign::all, frozen>(a, range);
    case sign::from_y: return batch_norm_gradient_pixels<sign::from_y, frozen>(a, range);
    case sign::from_x: return batch_norm_gradient_pixels<sign::from_x, frozen>(a, range);
  }
}

/// Second pass: dx and d_residual.
inline void batch_norm_gradient(const batch_norm_backward_arguments& a, piece_range range) {
  if (a.frozen) batch_norm_gradient<true>(a, range);
  else batch_norm_gradient<false>(a, range);
}
inline void run(const batch_norm_backward_arguments& a, int task) { batch_norm_gradient(a, slice(a.pixels, tasks(a), task)); }
