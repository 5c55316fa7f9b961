// Body of inverted_residual.hpp.

/// A block's two products in float, of pixels that lie side by side in x and in y.
struct float_products {
  dense_product to_low, to_hidden, to_filters;

  void prepare(float*) {}

  /// y[to + i] of x[from + i], i < count.
  void multiply(const dense_product& p, std::ptrdiff_t from, std::ptrdiff_t to, int count) const {
    constexpr int most = 48;  // pixels of one call of the product
    const float* inputs[most];
    std::ptrdiff_t pixel[most];
    for (int begin = 0; begin < count; begin += most) {
      const int n = std::min(most, count - begin);
      for (int i = 0; i < dense::in_whole_tiles(n); ++i) {
        const int at = begin + std::min(i, n - 1);  // as a tile's lists repeat their last row
        inputs[i] = p.x[from + at], pixel[i] = to + at;
      }
      const std::ptrdiff_t step = std::ptrdiff_t(p.packed_depth()) * dense::panel_width;
      const int panels = p.columns / dense::panel_width, cut_off = p.columns % dense::panel_width;
      const float* weights = p.packed + p.first_depth * dense::panel_width;
      for (int i = 0; i < n; i += dense::tile_rows) {
        const int rows = std::min(dense::tile_rows, n - i);
        dense::tile t{rows, inputs + i, 1, p.depth, 0, weights, panels, step, pixel + i, 0, p.columns, true, true};
        if (panels) dense::multiply_tile(p, t);
        if (cut_off) {
          t.column = panels * dense::panel_width;
          t.columns = cut_off;
          t.panel += panels * step;
          t.panels = 1;
          dense::multiply_tile(p, t);
        }
      }
    }
  }
};

/// The same in narrow numbers.
template <arithmetic how>
struct narrow_products {
  struct part : narrow_product {
    const std::int32_t* start;
  };
  part to_low, to_hidden, to_filters;
  narrow_pixels some;

  /// With the products' sizes and weights known; `memory` as inverted_residual_scratch counts it.
  void prepare(float* memory) {
    some = narrow_at(memory, narrow_at_once);
    auto* start = reinterpret_cast<std::int32_t*>(memory + narrow_size(how, narrow_at_once, std::max({to_low.depth, to_hidden.depth, to_filters.depth})));
    to_filters.from_zero = true;
    for (part* p : {&to_low, &to_hidden, &to_filters}) {
      p->start = start;
      for (int i = 0; i < narrow::panels(p->columns); ++i, start += narrow::panel_width) narrow::start_sums<how>(*p, i, start);
    }
  }

  void multiply(const part& p, std::ptrdiff_t from, std::ptrdiff_t to, int count) const {
    narrow_product piece = p;
    for (int begin = 0; begin < count; begin += narrow_at_once) {
      const int n = std::min(narrow_at_once, count - begin);
      piece.x.data = p.x[from + begin];
      narrow::narrow<how>(piece, 0, n, some);
      narrow::multiply_block<how>(piece, {some.numbers, some.scale, to + begin, n, 0, narrow::panels(p.columns), p.start});
    }
  }
};

/// One strip of one band, the ring that holds the hidden rows above, under and below the row of y being made, and the rows of L low around them.
template <class Products>
class inverted_residual_strip : Products {
  using Products::to_low, Products::to_hidden, Products::to_filters;

public:
  inverted_residual_strip(const inverted_residual_arguments& arguments, int task, float* scratch)
      : a(arguments), s(a.shape), hidden(s.hidden), ring(scratch), low_rows(ring + std::ptrdiff_t(3) * s.ring_columns() * hidden),
        mixed(low_rows + std::ptrdiff_t(3) * s.low_columns() * hidden) {
    const int strip = task % s.strips(), band = task / s.strips() % s.bands();
    image = task / s.strips() / s.bands();
    columns = {std::ptrdiff_t(strip) * s.columns(), std::min((strip + 1) * s.columns(), s.out().w)};
    rows = {std::ptrdiff_t(band) * s.rows(), std::min((band + 1) * s.rows(), s.out().h)};
    first = int(columns.begin) * s.stride - 1;
    const int last = (int(columns.end) - 1) * s.stride + 1;
    inside = {std::max(first, 0), std::min(last + 1, s.in.w)};
    for (int slot = 0; slot < 3; ++slot) {  // columns left and right of the image
      std::fill(at(slot, first), at(slot, int(inside.begin)), 0.0f);
      std::fill(at(slot, int(inside.end)), at(slot, last + 1), 0.0f);
    }
    to_low.columns = to_hidden.columns = to_filters.depth = hidden;
    to_low.depth = s.low_channels;
    to_hidden.depth = s.channels;
    to_hidden.first_depth = s.low_channels;
    to_low.of_depth = to_hidden.of_depth = s.low_channels + s.channels;
    to_low.packed = to_hidden.packed = a.expand;
    to_low.x = a.low;
    to_hidden.x = a.x;
    to_hidden.after = {a.expand_bias, {}, activation::relu, 0};
    to_filters.columns = s.filters;
    to_filters.packed = a.project;
    to_filters.x = {mixed, hidden};
    to_filters.y = a.y;
    to_filters.after = {a.project_bias, a.residual, activation::none, 0};
    this->prepare(mixed + std::ptrdiff_t(mixed_pixels) * hidden);
  }

  void run() {
    int next = int(rows.begin) * s.stride - 1;
    for (int row = int(rows.begin); row < rows.end; ++row) {
      for (; next <= row * s.stride + 1; ++next)
        if (next >= 0 && next < s.in.h) expand(next);
      for (int begin = int(columns.begin); begin < columns.end; begin += mixed_pixels) {
        const int count = std::min(mixed_pixels, int(columns.end) - begin);
        s.stride == 1 ? mix<1>(row, begin, count) : mix<2>(row, begin, count);
        project(row, begin, count);
      }
    }
  }

private:
  float* at(int slot, int column) const { return ring + (std::ptrdiff_t(slot) * s.ring_columns() + column - first) * hidden; }
  static int slot_of(int row) { return row % 3; }

  void expand(int row) {
    float* to = at(slot_of(row), int(inside.begin));
    to_hidden.y = {to, hidden};
    if (s.low_channels) {
      upsample(row, to);
      to_hidden.after.residual = to_hidden.y;
    }
    this->multiply(to_hidden, (std::ptrdiff_t(image) * s.in.h + row) * s.in.w + inside.begin, 0, int(inside.end - inside.begin));
  }

  /// A row of L low, as far as the strip reads it. The one before it stays.
  const float* low(int row, piece_range columns) {
    const int slot = row % 2;
    float* to = low_rows + std::ptrdiff_t(slot) * s.low_columns() * hidden;
    if (std::exchange(low_row[slot], row) != row) {
      to_low.y = {to, hidden};
      this->multiply(to_low, (std::ptrdiff_t(image) * (s.in.h / 2) + row) * (s.in.w / 2) + columns.begin, 0, int(columns.end - columns.begin));
    }
    return to;
  }

  /// One row of up2(L low): first between its two rows, then between their columns.
  void upsample(int row, float* to) {
    const size2 size{s.in.h / 2, s.in.w / 2};
    const bilinear_position v(row, size.h);
    bilinear_position u(int(inside.begin), size.w);
    const piece_range read{u.below, bilinear_position(int(inside.end) - 1, size.w).above + 1};
    const float *above = low(v.below, read), *below = low(v.above, read);
    float* between = low_rows + std::ptrdiff_t(2) * s.low_columns() * hidden;
    const vec down = broadcast(v.fraction);
    for (std::ptrdiff_t i = 0; i < (read.end - read.begin) * hidden; i += width) store(between + i, fma(load(below + i) - load(above + i), down, load(above + i)));
    for (int column = int(inside.begin); column < inside.end;) {
      const float *before = between + (u.below - read.begin) * hidden, *behind = between + (u.above - read.begin) * hidden;
      const vec along = broadcast(u.fraction);
      const int left = u.below;
      const bool pair = ++column < inside.end && (++u).below == left;  // two columns between the same two of `low`
      const vec further = broadcast(u.fraction);
      for (int c = 0; c < hidden; c += width) {
        const vec from = load(before + c), way = load(behind + c) - from;
        store(to + c, fma(way, along, from));
        if (pair) store(to + hidden + c, fma(way, further, from));
      }
      to += (1 + pair) * hidden;
      if (pair) ++column, ++u;
    }
  }

  template <int stride>
  void mix(int row, int begin, int count) const {
    constexpr int tile = stride == 1 ? 6 : 4;
    tap_rows taps{};
    for (int k = 0; k < 3; ++k)
      if (const int v = row * stride + k - 1; v >= 0 && v < s.in.h) {
        taps.x[taps.count] = at(slot_of(v), begin * stride - 1);
        taps.w[taps.count++] = a.depthwise + std::ptrdiff_t(3) * k * hidden;
      }
    const depthwise3x3_epilogue after{a.depthwise_bias, activation::relu, broadcast(0.0f)};
    const struct pixels to{mixed, hidden};
    for (int i = 0; i < count;) {
      const int n = count - i >= tile ? tile : 1;
      for (int c = 0; c < hidden; c += width)
        n == tile ? depthwise_tile<stride, tile, false>(taps, hidden, hidden, after, {}, to, i, c, width)
                  : depthwise_tile<stride, 1, false>(taps, hidden, hidden, after, {}, to, i, c, width);
      for (int r = 0; r < taps.count; ++r) taps.x[r] += std::ptrdiff_t(n) * stride * hidden;
      i += n;
    }
  }

  void project(int row, int begin, int count) const {
    this->multiply(to_filters, 0, (std::ptrdiff_t(image) * s.out().h + row) * s.out().w + begin, count);
  }

  const inverted_residual_arguments& a;
  const inverted_residual_shape s;
  const int hidden;
  float *ring, *low_rows, *mixed;  // (3, ring_columns, hidden), (3, low_columns, hidden), (mixed_pixels, hidden)
  int low_row[2] = {-1, -1};       // which of L low the first two are
  int image, first;               // first: column of the ring's column 0
  piece_range columns, rows;      // of y
  piece_range inside;             // columns of the ring that lie in the image
};

template <arithmetic how>
void run_inverted_residual(const inverted_residual_arguments& a, int task, float* scratch) {
  inverted_residual_strip<std::conditional_t<how == arithmetic::fp32, float_products, narrow_products<how>>>(a, task, scratch).run();
}
