// `activate<A>(x, slope)` and `activate_gradient<A>(dy, y, slope)`: forward, and backward from the output y; NaN passes through both.
// `load<partial>` and `store<partial>`: the whole vector, or its first n lanes.

template <bool partial> inline vec load(const float* p, int n) {
  if constexpr (partial) return load_first(p, n);
  else return load(p);
}

template <bool partial> inline void store(float* p, vec v, int n) {
  if constexpr (partial) store_first(p, v, n);
  else store(p, v);
}

/// e^x to 1e-7 relative; below -87.3 it stays at e^-87.3. x = n ln 2 + r, |r| <= ln 2 / 2, and a polynomial for e^r (Cephes expf).
inline vec exponential(vec x) {
  typedef int lanes __attribute__((vector_size(sizeof(vec))));
  const vec magic = broadcast(12582912.0f);  // 1.5 * 2^23: adding it leaves round(.) in the low bits
  x = x < -87.3f ? broadcast(-87.3f) : x;
  x = x > 88.3f ? broadcast(88.3f) : x;
  const vec shifted = fma(x, broadcast(1.44269504088896341f), magic);
  const vec n = shifted - magic;
  vec r = fma(n, broadcast(-0.693359375f), x);
  r = fma(n, broadcast(2.12194440e-4f), r);
  vec e = broadcast(1.9875691500e-4f);
  e = fma(e, r, broadcast(1.3981999507e-3f));
  e = fma(e, r, broadcast(8.3334519073e-3f));
  e = fma(e, r, broadcast(4.1665795894e-2f));
  e = fma(e, r, broadcast(1.6666665459e-1f));
  e = fma(e, r, broadcast(5.0000001201e-1f));
  e = fma(e, r * r, r) + 1.0f;
  const lanes exponent = ((lanes)shifted + 127) << 23;
  return e * (vec)exponent;
}

template <activation A> inline vec activate(vec x, [[maybe_unused]] vec slope) {
  if constexpr (A == activation::relu) return max(x, broadcast(0.0f));
  else if constexpr (A == activation::leaky_relu) return x > 0.0f ? x : x * slope;
  else if constexpr (A == activation::sigmoid) {
    const vec t = exponential(x < 0.0f ? x : -x);
    return (x < 0.0f ? t : broadcast(1.0f)) / (1.0f + t);
  } else return x;
}

template <activation A> inline vec activate_gradient(vec dy, [[maybe_unused]] vec y, [[maybe_unused]] vec slope) {
  if constexpr (A == activation::relu) return y <= 0.0f ? broadcast(0.0f) : dy;
  else if constexpr (A == activation::leaky_relu) return y > 0.0f ? dy : dy * slope;
  else if constexpr (A == activation::sigmoid) return dy * (y * (1.0f - y));
  else return dy;
}

/// The same where the activation is known at run time only.
inline vec activate(activation a, vec x, vec slope) {
  switch (a) {
    case activation::relu: return activate<activation::relu>(x, slope);
    case activation::leaky_relu: return activate<activation::leaky_relu>(x, slope);
    case activation::sigmoid: return activate<activation::sigmoid>(x, slope);
    case activation::none: break;
  }
  return x;
}
