// Body of narrow_product.hpp, compiled once per instruction set.

namespace narrow {

inline constexpr int panel_width = 2 * width;
inline constexpr int tile_rows = registers == 32 ? 12 : 6;
inline constexpr int block_rows = 96;                 // pixels of a task
inline constexpr int resident_weights = 1 << 16;      // bytes that stay in L2 beside x and y
inline constexpr std::ptrdiff_t task_work = 1 << 19;  // products that a task keeps where the map is small

inline int panels(int columns) { return (columns + panel_width - 1) / panel_width; }

/// What the formats differ in besides how numbers become narrow.
template <arithmetic how>
struct format;
template <>
struct format<arithmetic::int8> {
  using sum = ivec;
  static sum dot(sum s, ivec a, ivec b) { return dot4(s, a, b); }
  static vec value(sum s) { return to_float(s); }
};
template <>
struct format<arithmetic::bf16> {
  using sum = vec;
  static sum dot(sum s, ivec a, ivec b) { return dot2(s, a, b); }
  static vec value(sum s) { return s; }
};

template <arithmetic how>
int groups(int depth) {
  return (depth + narrow_group(how) - 1) / narrow_group(how);
}
template <arithmetic how>
std::ptrdiff_t panel_bytes(int depth) {
  return std::ptrdiff_t(groups<how>(depth)) * 4 * panel_width;
}
template <arithmetic how>
std::size_t packed_size(int columns, int depth) {
  return std::size_t(panels(columns)) * (panel_width + panel_bytes<how>(depth) / 4);
}

/// Where the weights of a panel begin; the scales of all come first.
template <arithmetic how>
const std::byte* panel_of(const narrow_product& p, int panel) {
  const auto* weights = reinterpret_cast<const std::byte*>(p.packed + std::ptrdiff_t(panels(p.columns)) * panel_width);
  return weights + panel * panel_bytes<how>(p.packed_depth()) + std::ptrdiff_t(p.first_depth / narrow_group(how)) * 4 * panel_width;
}

/// The smallest scale of a column whose numbers and neighbouring pairs then fit; NaN where one is not finite.
inline double scale_of(const float* w, int depth) {
  double most = 0, sum = 0;
  for (int d = 0; d < depth; d += 2) {
    const double a = std::abs(w[d]), b = d + 1 < depth ? std::abs(w[d + 1]) : 0;
    most = std::max({most, a / 127, b / 127, (a + b) / 128});
    sum += a + b;
  }
  return std::isfinite(sum) ? most : std::numeric_limits<double>::quiet_NaN();
}

/// A pair of weights as integers; the one that was rounded up more is taken down where both together are too large.
inline std::array<std::int8_t, 2> int8_pair(double a, double b) {
  double x = std::nearbyint(a), y = std::nearbyint(b);
  const bool first = std::abs(x) - std::abs(a) >= std::abs(y) - std::abs(b);
  if (std::abs(x) + std::abs(y) > 128) (first ? x : y) -= std::copysign(1, first ? a : b);
  return {std::int8_t(x), std::int8_t(y)};
}

/// Weights of one column, one group every 4 * panel_width bytes; returns its scale.
template <arithmetic how>
float pack_column(const float* w, int depth, std::byte* to) {
  const double scale = how == arithmetic::int8 ? scale_of(w, depth) : 1;
  if (!(scale > 0)) return float(scale);
  for (int d = 0; d < depth; d += 2) {
    const float a = w[d], b = d + 1 < depth ? w[d + 1] : 0;
    std::byte* group = to + std::ptrdiff_t(d / narrow_group(how)) * 4 * panel_width;
    if constexpr (how == arithmetic::int8) {
      const auto pair = int8_pair(a / scale, b / scale);
      std::memcpy(group + d % 4, pair.data(), 2);
    } else {
      const bf16 pair[2] = {bf16(a), bf16(b)};
      std::memcpy(group, pair, 4);
    }
  }
  return float(scale);
}

/// Packs one panel of weights (columns, depth).
template <arithmetic how>
void pack(int columns, int depth, const float* weights, float* packed, int panel) {
  float* scales = packed + std::ptrdiff_t(panel) * panel_width;
  auto* to = reinterpret_cast<std::byte*>(packed + std::ptrdiff_t(panels(columns)) * panel_width) + panel * panel_bytes<how>(depth);
  std::fill_n(to, panel_bytes<how>(depth), std::byte(0));
  std::fill_n(scales, panel_width, 0.0f);
  for (int n = 0; n < std::min(panel_width, columns - panel * panel_width); ++n)
    scales[n] = pack_column<how>(weights + std::ptrdiff_t(panel * panel_width + n) * depth, depth, to + n * 4);
}

/// Codes of one pixel; returns their scale. Magnitudes are compared as integers, where infinities and NaN are above all numbers.
template <bool from_zero>
float int8_of(const float* x, int depth, std::byte* codes) {
  constexpr int step = 2 * width;
  constexpr std::int32_t infinity = 0x7f800000;
  constexpr float range = from_zero ? 255 : 127, least = 1e-30f;
  const int whole = depth / step * step, left = depth - whole;
  const vec tail[2] = {load_first(x + whole, std::min(left, width)), load_first(x + whole + width, std::max(left - width, 0))};
  ivec most[2] = {broadcast_sum(0), broadcast_sum(0)};
  const auto look = [](vec v, ivec & most) __attribute__((always_inline)) {
    const ivec magnitude = (ivec)v & 0x7fffffff;
    most = magnitude > most ? magnitude : most;
  };
  for (int d = 0; d < whole; d += step) look(load(x + d), most[0]), look(load(x + d + width), most[1]);
  look(tail[0], most[0]), look(tail[1], most[1]);
  const std::int32_t bits = largest(most[0] > most[1] ? most[0] : most[1]);
  const float size = std::bit_cast<float>(bits);
  const bool counts = size > least && bits < infinity;
  const vec per_step = broadcast(counts ? range / size : 0);
  for (int d = 0; d < whole; d += step) store_codes<from_zero>(codes + d, load(x + d) * per_step, load(x + d + width) * per_step);
  if (left) store_codes<from_zero>(codes + whole, tail[0] * per_step, tail[1] * per_step);
  return counts ? size / range : bits < infinity ? 0 : std::numeric_limits<float>::quiet_NaN();
}

/// One pixel in bf16; returns its scale, 1.
inline float bf16_of(const float* x, int depth, std::byte* to) {
  constexpr int step = 2 * width;
  const int whole = depth / step * step, left = depth - whole;
  for (int d = 0; d < whole; d += step) store_bf16(to + 2 * d, load(x + d), load(x + d + width));
  if (left)
    store_bf16(to + 2 * whole, load_first(x + whole, std::min(left, width)), load_first(x + whole + width, std::max(left - width, 0)));
  return 1;
}

/// The pixels [first, end) of x, as pixels [first, end) of `to`.
template <arithmetic how>
void narrow(const narrow_product& p, std::ptrdiff_t first, std::ptrdiff_t end, const narrow_pixels& to) {
  std::byte* numbers = to.numbers + first * narrow_stride(how, p.depth);
  for (std::ptrdiff_t i = first; i < end; ++i, numbers += narrow_stride(how, p.depth))
    to.scale[i] = how == arithmetic::bf16 ? bf16_of(p.x[i], p.depth, numbers)
                  : p.from_zero           ? int8_of<true>(p.x[i], p.depth, numbers)
                                          : int8_of<false>(p.x[i], p.depth, numbers);
}

/// What the sums of one panel begin with: zeros, or -128 times the sums of the weights. As bits.
template <arithmetic how>
void start_sums(const narrow_product& p, int panel, std::int32_t* start) {
  ivec sum[2] = {broadcast_sum(0), broadcast_sum(0)};
  const std::byte codes[4] = {std::byte(128), std::byte(128), std::byte(128), std::byte(128)};
  if (how == arithmetic::int8 && !p.from_zero) {
    const std::byte* w = panel_of<how>(p, panel);
    for (int g = 0; g < groups<how>(p.depth); ++g, w += 4 * panel_width)
      for (int v = 0; v < 2; ++v) sum[v] = dot4(sum[v], broadcast_group(codes), load_groups(w + v * 4 * width));
  }
  for (int v = 0; v < 2; ++v) store_sums(start + v * width, -sum[v]);
}

/// A few pixels by panels that lie behind each other: numbers and scale of the first pixel, its place in y and residual.
struct tile {
  const std::byte* numbers;
  const float* scale;
  std::ptrdiff_t pixel;
  int pixels, panel, panels;
  const std::int32_t* start;  // (panels, panel_width), as start_sums gives it
};

/// What becomes of a vector of sums of each pixel: one column vector of y and residual.
template <class Format, bool partial>
[[gnu::always_inline]] inline void store_sums_of(const typename Format::sum (*sum)[2], int v, int pixels, const float* scales,
                                                 const vec scale, const vec bias, const vec least, float* y, std::ptrdiff_t y_stride,
                                                 const float* from, std::ptrdiff_t from_stride, int n) {
#pragma GCC unroll 16
  for (int r = 0; r < tile_rows; ++r, y += y_stride, from += from_stride) {
    if (r == pixels) return;
    vec value = fma(Format::value(sum[r][v]), scale * scales[r], bias);
    if (from_stride) value += load<partial>(from, n);
    store<partial>(y, max(value, least), n);
  }
}

/// Sums of tile_rows pixels, of which the tile's own are stored: one function for all counts.
template <arithmetic how>
[[gnu::noinline]] void multiply(const narrow_product& p, const tile& t) {
  using format = narrow::format<how>;
  constexpr int rows = tile_rows;
  const std::ptrdiff_t stride = narrow_stride(how, p.depth), step = panel_bytes<how>(p.packed_depth());
  const int depth = groups<how>(p.depth);
  const vec least = broadcast(p.after.act == activation::relu ? 0 : -std::numeric_limits<float>::infinity());
  const float *bias = p.after.bias, *from = p.after.residual ? p.after.residual[t.pixel] : nullptr;
  const std::ptrdiff_t y_stride = p.y.stride, from_stride = from ? p.after.residual.stride : 0;
  float* y = p.y[t.pixel];
  const std::byte* panel = panel_of<how>(p, t.panel);
  const std::int32_t* start = t.start;
  for (int i = t.panel; i < t.panel + t.panels; ++i, panel += step, start += panel_width) {
    typename format::sum sum[rows][2];
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) sum[r][v] = (typename format::sum)load_sums(start + v * width);
    const std::byte *numbers = t.numbers, *w = panel;
    for (int g = 0; g < depth; ++g, numbers += 4, w += 4 * panel_width) {
      const ivec first = load_groups(w), second = load_groups(w + 4 * width);
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) {
        const ivec group = broadcast_group(numbers + r * stride);
        sum[r][0] = format::dot(sum[r][0], group, first);
        sum[r][1] = format::dot(sum[r][1], group, second);
      }
    }
    const float* scales = p.packed + std::ptrdiff_t(i) * panel_width;
    const int column = i * panel_width;
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      const int at = column + v * width, n = std::min(width, p.columns - at);
      const vec scale = load(scales + v * width);
      if (n == width)
        store_sums_of<format, false>(sum, v, t.pixels, t.scale, scale, bias ? load(bias + at) : broadcast(0), least, y + at, y_stride,
                                     from ? from + at : nullptr, from_stride, n);
      else if (n > 0)
        store_sums_of<format, true>(sum, v, t.pixels, t.scale, scale, bias ? load_first(bias + at, n) : broadcast(0), least, y + at,
                                    y_stride, from ? from + at : nullptr, from_stride, n);
    }
  }
}

/// Many pixels by a range of panels; few weights stay and the pixels pass by, of many one panel after the other stays.
template <arithmetic how>
void multiply_block(const narrow_product& p, const tile& first) {
  const bool resident = first.panels * panel_bytes<how>(p.depth) <= resident_weights;
  for (int panel = 0; panel < first.panels; panel += resident ? first.panels : 1)
    for (int r = 0; r < first.pixels; r += tile_rows)
      multiply<how>(
          p, {first.numbers + r * narrow_stride(how, p.depth), first.scale + r, first.pixel + r, std::min(tile_rows, first.pixels - r),
              first.panel + panel, resident ? first.panels : 1, first.start + panel * panel_width});
}

/// A task is a block of pixels and, where the map is small, a range of panels.
struct partition {
  int row_blocks, rows, column_blocks, panels;
};

inline partition cut(const narrow_product& p, std::ptrdiff_t pixels) {
  partition c;
  c.row_blocks = std::max(1, int((pixels + block_rows - 1) / block_rows));
  c.rows = int((pixels + c.row_blocks - 1) / c.row_blocks + tile_rows - 1) / tile_rows * tile_rows;
  c.row_blocks = int((pixels + c.rows - 1) / std::max(c.rows, 1));
  constexpr int most = 16;  // panels whose first sums a task holds
  const std::ptrdiff_t panel_work = std::ptrdiff_t(c.rows) * p.depth * panel_width;
  c.panels = int(
      std::clamp<std::ptrdiff_t>(task_work / std::max<std::ptrdiff_t>(panel_work, 1), 1, std::min(most, std::max(panels(p.columns), 1))));
  c.column_blocks = (panels(p.columns) + c.panels - 1) / c.panels;
  return c;
}

inline int tasks(const narrow_product& p, std::ptrdiff_t pixels) {
  const partition c = cut(p, pixels);
  return c.row_blocks * c.column_blocks;
}

template <arithmetic how>
void run(const narrow_product& p, std::ptrdiff_t pixels, const narrow_pixels& x, int task) {
  const partition c = cut(p, pixels);
  const std::ptrdiff_t row = std::ptrdiff_t(task % c.row_blocks) * c.rows;
  const int panel = task / c.row_blocks * c.panels, count = std::min(c.panels, panels(p.columns) - panel);
  std::int32_t start[16 * panel_width];
  for (int i = 0; i < count; ++i) start_sums<how>(p, panel + i, start + i * panel_width);
  multiply_block<how>(p, {x.numbers + row * narrow_stride(how, p.depth), x.scale + row, row,
                          int(std::min<std::ptrdiff_t>(c.rows, pixels - row)), panel, count, start});
}

}  // namespace narrow
