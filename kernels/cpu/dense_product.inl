// Body of dense_product.hpp, compiled once per instruction set.

namespace dense {

inline constexpr int panel_width = 2 * width;
inline constexpr int tile_rows = registers == 32 ? 12 : 6;
inline constexpr int block_rows = 96;    // pixels of a task
inline constexpr int block_depth = 256;  // products summed per pass over a panel: 16 KiB (width 8) or 32 KiB of weights
inline constexpr int block_taps = 16;    // bounds the pointer list: 12 KiB
inline constexpr int block_columns = 512;
inline constexpr int resident_weights = 1 << 14;  // floats that stay in L2 beside x and y
inline constexpr int enough_tasks = 64;

inline constexpr int ceil_div(std::int64_t a, std::int64_t b) { return int((a + b - 1) / b); }

inline constexpr int in_whole_tiles(int rows) { return ceil_div(rows, tile_rows) * tile_rows; }

inline int panels(const dense_product& p) { return ceil_div(p.columns, panel_width); }

/// Floats of the weights of the lattices before `lattice`; with lattice = lattices(), of all.
inline std::size_t packed_offset(const dense_product& p, int lattice) {
  std::size_t taps = 0;
  for (int i = 0; i < lattice; ++i) taps += p.taps_of(i);
  return taps * p.packed_depth() * panels(p) * panel_width;
}

/// Floats of the row of zeros that is read for pixels outside, or for a row of a window's.
inline std::size_t zeros_size(const dense_product& p) { return std::size_t(p.kernel.w) * p.depth; }

/// Floats of the packed weights; the zeros come last.
inline std::size_t packed_size(const dense_product& p) { return packed_offset(p, p.lattices()) + zeros_size(p); }

inline int pack_tasks(const dense_product& p) { return p.lattices() * panels(p); }

/// Packs one panel of one lattice from weights (O, I, kernel.h, kernel.w).
inline void pack(const dense_product& p, const float* weights, float* packed, int task) {
  const int lattice = task / panels(p), first = task % panels(p) * panel_width;
  const auto rows = p.rows_of(lattice), cols = p.cols_of(lattice);
  const std::ptrdiff_t window = std::ptrdiff_t(p.kernel.h) * p.kernel.w;
  const std::ptrdiff_t column_step = p.transposed ? window : window * p.depth, depth_step = p.transposed ? window * p.columns : window;
  const int step_h = p.transposed ? p.stride.h : 1, step_w = p.transposed ? p.stride.w : 1;
  const int count = std::min(panel_width, p.columns - first);
  float* to = packed + packed_offset(p, lattice) + std::size_t(rows.taps) * cols.taps * p.depth * first;
  for (int i = 0; i < rows.taps; ++i)
    for (int j = 0; j < cols.taps; ++j) {
      const float* from = weights + first * column_step + (rows.first_tap + i * step_h) * p.kernel.w + cols.first_tap + j * step_w;
      for (int d = 0; d < p.depth; d += 16, to += 16 * panel_width, from += 16 * depth_step) {  // whole cache lines of 1x1 weights
        const int depth = std::min(16, p.depth - d);
        for (int n = 0; n < panel_width; ++n)
          for (int i = 0; i < depth; ++i) to[i * panel_width + n] = n < count ? from[n * column_step + i * depth_step] : 0;
      }
      to -= (ceil_div(p.depth, 16) * 16 - p.depth) * panel_width;
    }
  if (task == 0) std::fill_n(packed + packed_offset(p, p.lattices()), zeros_size(p), 0.0f);
}

/// How a lattice is cut into tasks. Small maps are also cut by columns; a task keeps a million operations.
struct partition {
  int row_blocks = 0, rows = 0, column_blocks = 0, panels = 0;
  int tasks() const { return row_blocks * column_blocks; }
};

inline partition cut(const dense_product& p, int lattice) {
  const std::int64_t pixels = p.pixels_of(lattice);
  if (pixels == 0 || p.columns == 0) return {};
  partition c;
  c.rows = ceil_div(ceil_div(pixels, ceil_div(pixels, block_rows)), tile_rows) * tile_rows;
  c.row_blocks = ceil_div(pixels, c.rows);
  c.panels = std::min(panels(p), block_columns / panel_width);
  const double panel_work = 2.0 * c.rows * p.taps_of(lattice) * p.depth * panel_width;
  while (c.panels > 1 && c.row_blocks * ceil_div(panels(p), c.panels) < enough_tasks && panel_work * c.panels > (1 << 21))
    c.panels = (c.panels + 1) / 2;
  c.column_blocks = ceil_div(panels(p), c.panels);
  return c;
}

inline int tasks(const dense_product& p) {
  int sum = 0;
  for (int i = 0; i < p.lattices(); ++i) sum += cut(p, i).tasks();
  return sum;
}

/// One pass of one tile: the pointers of its pixels, the same stretch of one or more panels, and where the sums go.
/// What a tile's lists hold behind its own rows repeats the last of them: it is computed, and stored, again.
struct tile {
  int rows;                    // 1 to tile_rows
  const float* const* inputs;  // (taps, tile_rows)
  int taps, depth;
  std::ptrdiff_t first_channel;
  const float* panel;           // (taps, depth, panel_width)
  int panels;                   // more than one only where all are whole
  std::ptrdiff_t panel_step;    // floats between them
  const std::ptrdiff_t* pixel;  // (tile_rows): output pixels
  int column, columns;          // first column, columns left of the tensor
  bool begins, ends;            // first, last stretch of depth
};

inline vec load_columns(const float* p, int n) { return n >= width ? load(p) : load_first(p, n); }
inline void store_columns(float* p, vec v, int n) { n >= width ? store(p, v) : store_first(p, v, n); }

/// Stores sums (rows, vectors) under an activation that has a function of its own.
[[gnu::noinline]] inline void finish(const dense_product& p, const tile& t, int column, activation act, const vec* sums, int vectors) {
  for (int r = 0; r < t.rows; ++r)
    for (int v = 0; v < vectors; ++v)
      store_columns(p.y[t.pixel[r]] + column + v * width, activate(act, *sums++, broadcast(p.after.slope)), p.columns - column - v * width);
}

template <int rows, int vectors>
[[gnu::noinline]] void multiply(const dense_product& p, const tile& t) {
  // Stores may alias anything: what is read after the first of them is read here.
  const bool biased = t.begins && p.after.bias;
  const int last = t.columns - (vectors - 1) * width;  // columns of the last vector: whole ones stand before it
  const activation act = t.ends ? p.after.act : activation::none;
  const bool leaks = act == activation::leaky_relu && p.after.slope > 0 && p.after.slope <= 1;
  const bool at_once = act == activation::none || act == activation::relu || leaks;
  const vec least = broadcast(act == activation::relu ? 0 : -std::numeric_limits<float>::infinity()), leak = broadcast(leaks ? p.after.slope : 1);
  const const_pixels from = t.begins ? p.after.residual : const_pixels(p.y);  // the residual, or the sums of the stretches before
  const float* bias = p.after.bias + t.column;
  const float* panel = t.panel;
  const std::ptrdiff_t depth = t.depth, panel_step = t.panel_step;
  const int taps = t.taps, panels = t.panels;
  float* out[rows];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) out[r] = p.y[t.pixel[r]] + t.column;

  for (int i = 0; i < panels; ++i, panel += panel_step, bias += panel_width) {
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) __builtin_prefetch(out[r], 1);  // the stores would wait for memory one after the other
    vec sum[rows][vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const vec first = !biased ? broadcast(0) : v + 1 < vectors ? load(bias + v * width) : load_columns(bias + v * width, last);
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) sum[r][v] = first;
    }

    const float* b = panel;
    for (int tap = 0; tap < taps; ++tap) {
      const float* a[rows];
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) a[r] = t.inputs[tap * tile_rows + r] + t.first_channel;
      for (std::ptrdiff_t d = 0; d < depth; ++d, b += panel_width) {
        vec column[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) column[v] = load(b + v * width);
#pragma GCC unroll 16
        for (int r = 0; r < rows; ++r) {
          const vec value = broadcast(a[r][d]);
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) sum[r][v] = fma(value, column[v], sum[r][v]);
        }
      }
    }

    if (from) {  // added last, because short sums round less
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) {
        const float* add = from[t.pixel[r]] + t.column + i * panel_width;
        if (vectors == 2) sum[r][0] += load(add);
        sum[r][vectors - 1] += load_columns(add + (vectors - 1) * width, last);
      }
    }
    if (at_once) {
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r, out[r - 1] += panel_width) {
        const auto act = [&](vec v) __attribute__((always_inline)) { return max(max(v, least), v * leak); };
        if (vectors == 2) store(out[r], act(sum[r][0]));
        store_columns(out[r] + (vectors - 1) * width, act(sum[r][vectors - 1]), last);
      }
    } else {
      vec sums[rows * vectors];
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) sums[r * vectors + v] = sum[r][v];
      finish(p, t, t.column + i * panel_width, act, sums, vectors);
    }
  }
}

template <int vectors>
void multiply_rows(const dense_product& p, const tile& t) {
  constexpr int half = tile_rows / 2;
  t.rows > half ? multiply<tile_rows, vectors>(p, t) : t.rows > 1 ? multiply<half, vectors>(p, t) : multiply<1, vectors>(p, t);
}

inline void multiply_tile(const dense_product& p, const tile& t) { t.columns > width ? multiply_rows<2>(p, t) : multiply_rows<1>(p, t); }

/// The pixels of a task: where each one's window begins in x. The last is repeated until the last tile is full.
struct pixel_block {
  int count = 0;
  const float* image[block_rows];
  int y[block_rows], x[block_rows];  // input coordinates of tap 0
  std::ptrdiff_t pixel[block_rows];  // output pixel
};

inline void locate(const dense_product& p, const lattice_axis& rows, const lattice_axis& cols, std::int64_t first, int count,
                   pixel_block& b) {
  const int out_h = p.transposed ? p.stride.h : 1, out_w = p.transposed ? p.stride.w : 1;
  const int in_h = p.transposed ? 1 : p.stride.h, in_w = p.transposed ? 1 : p.stride.w;
  int j = int(first % cols.count), i = int(first / cols.count % rows.count);
  std::int64_t image = first / cols.count / rows.count;
  b.count = count;
  for (int r = 0; r < in_whole_tiles(count); ++r) {
    b.image[r] = p.x[image * p.in.h * p.in.w];
    b.y[r] = i * in_h + rows.offset;
    b.x[r] = j * in_w + cols.offset;
    b.pixel[r] = (image * p.out.h + rows.origin + i * out_h) * p.out.w + cols.origin + j * out_w;
    if (r + 1 < count && ++j == cols.count) {
      j = 0;
      if (++i == rows.count) i = 0, ++image;
    }
  }
}

/// Pointers (tap, tile_rows) of one tile, its first pixel at `begin`, for taps [first, first + taps).
inline void point_tile(const dense_product& p, const pixel_block& b, int begin, int taps_w, int first, int taps, const float* zeros, const float** to) {
  const int sign = p.transposed ? -1 : 1;
  for (int t = 0; t < taps; ++t) {
    const int dy = sign * ((first + t) / taps_w), dx = sign * ((first + t) % taps_w);
    for (int r = begin; r < begin + tile_rows; ++r) {
      const int y = b.y[r] + dy, x = b.x[r] + dx;
      const bool inside = unsigned(y) < unsigned(p.in.h) && unsigned(x) < unsigned(p.in.w);
      to[t * tile_rows + r - begin] = inside ? b.image[r] + (std::ptrdiff_t(y) * p.in.w + x) * p.x.stride : zeros;
    }
  }
}

/// Pointers (tile, tap, tile_rows) for taps [first, first + taps).
inline void point(const dense_product& p, const pixel_block& b, int taps_w, int first, int taps, const float* zeros, const float** to) {
  for (int begin = 0; begin < b.count; begin += tile_rows, to += taps * tile_rows) point_tile(p, b, begin, taps_w, first, taps, zeros, to);
}

/// Windows of few floats, each of whose rows lies in one piece, as under a net's first layer.
inline bool has_small_windows(const dense_product& p) {
  const int taps = p.kernel.h * p.kernel.w;
  return !p.transposed && p.kernel.w > 1 && p.x.stride == p.depth && taps * p.depth <= block_depth && taps * tile_rows <= block_rows * block_taps;
}

/// Pointers (window row, tile_rows) where no window of the tile is cut off on the left or right; false where one is.
inline bool point_rows(const dense_product& p, const pixel_block& b, int begin, const float* zeros, const float** to) {
  const int end = begin + tile_rows;
  for (int r = begin; r < end; ++r)
    if (b.x[r] < 0 || b.x[r] + p.kernel.w > p.in.w) return false;
  for (int row = 0; row < p.kernel.h; ++row)
    for (int r = begin; r < end; ++r) {
      const bool inside = unsigned(b.y[r] + row) < unsigned(p.in.h);
      to[row * tile_rows + r - begin] = inside ? b.image[r] + (std::ptrdiff_t(b.y[r] + row) * p.in.w + b.x[r]) * p.x.stride : zeros;
    }
  return true;
}

/// Every output pixel reads the input pixel of its own number, and no other.
inline bool pixelwise(const dense_product& p) { return p.kernel == size2{1, 1} && p.stride == size2{1, 1} && p.pad == size2{0, 0}; }

inline void run(const dense_product& p, int task) {
  int lattice = 0;
  partition c = cut(p, 0);
  while (task >= c.tasks()) task -= c.tasks(), c = cut(p, ++lattice);
  const auto rows = p.rows_of(lattice), cols = p.cols_of(lattice);
  const int row_block = task % c.row_blocks, column_block = task / c.row_blocks, taps = rows.taps * cols.taps;
  const std::int64_t first_row = std::int64_t(row_block) * c.rows;
  const int panel_end = std::min(panels(p), (column_block + 1) * c.panels);
  const float* zeros = p.packed + packed_offset(p, p.lattices());
  const float* weights = p.packed + packed_offset(p, lattice);

  const float* inputs[block_rows * block_taps];
  pixel_block block;
  block.count = int(std::min<std::int64_t>(c.rows, p.pixels_of(lattice) - first_row));
  if (pixelwise(p))
    for (int r = 0; r < in_whole_tiles(block.count); ++r) {
      block.pixel[r] = first_row + std::min(r, block.count - 1);
      inputs[r] = p.x[block.pixel[r]];
    }
  else
    locate(p, rows, cols, first_row, block.count, block);

  if (has_small_windows(p)) {  // a row of a window is one tap of kernel.w * depth channels
    const std::ptrdiff_t step = std::ptrdiff_t(taps) * p.depth * panel_width;
    const int first_panel = column_block * c.panels, whole_panels = std::min(panel_end, p.columns / panel_width) - first_panel;
    for (int r = 0; r < block.count; r += tile_rows) {
      const bool by_rows = point_rows(p, block, r, zeros, inputs);
      if (!by_rows) point_tile(p, block, r, p.kernel.w, 0, taps, zeros, inputs);
      tile t{std::min(tile_rows, block.count - r), inputs, by_rows ? p.kernel.h : taps, by_rows ? p.kernel.w * p.depth : p.depth, 0,
             weights + first_panel * step, whole_panels, step, block.pixel + r, first_panel * panel_width, panel_width, true, true};
      if (whole_panels > 0) multiply_tile(p, t);
      if (first_panel + whole_panels == panel_end) continue;
      t.column = (panel_end - 1) * panel_width;
      t.columns = p.columns - t.column;
      t.panel = weights + (panel_end - 1) * step;
      t.panels = 1;
      multiply_tile(p, t);
    }
    return;
  }

  // Stretches of depth: groups of whole taps, or pieces of one tap's channels.
  const int pieces = std::max(1, ceil_div(p.depth, block_depth)), piece = ceil_div(p.depth, pieces);
  const int most_taps = pieces > 1 ? 1 : std::clamp(block_depth / std::max(p.depth, 1), 1, block_taps);
  const int groups = std::max(1, ceil_div(taps, most_taps)), group = ceil_div(taps, groups);

  for (int g = 0; g < groups; ++g) {
    const int first_tap = std::min(g * group, taps), count = std::min(group, taps - first_tap);
    if (!pixelwise(p)) point(p, block, std::max(cols.taps, 1), first_tap, count, zeros, inputs);
    for (int channel = 0; channel == 0 || channel < p.depth; channel += piece) {
      const int depth = std::min(piece, p.depth - channel);
      const bool begins = g == 0 && channel == 0, ends = g == groups - 1 && channel + depth >= p.depth;
      const int first_panel = column_block * c.panels;
      const std::ptrdiff_t panel_step = std::ptrdiff_t(taps) * p.packed_depth() * panel_width;
      const auto multiply_panels = [&](int panel, int panels, int r) __attribute__((always_inline)) {
        const int column = panel * panel_width, columns = std::min(panel_width, p.columns - column);
        const float* stretch = weights + panel * panel_step + (std::size_t(first_tap) * p.depth + p.first_depth + channel) * panel_width;
        const tile t{std::min(tile_rows, block.count - r), inputs + std::size_t(r) * count, count, depth, channel, stretch, panels, panel_step,
                     block.pixel + r, column, columns, begins, ends};
        multiply_tile(p, t);
      };
      if (count * depth * (panel_end - first_panel) * panel_width <= resident_weights) {
        const int whole_panels = std::min(panel_end, p.columns / panel_width) - first_panel;
        for (int r = 0; r < block.count; r += tile_rows) {
          if (whole_panels > 0) multiply_panels(first_panel, whole_panels, r);
          if (first_panel + whole_panels < panel_end) multiply_panels(panel_end - 1, 1, r);
        }
      } else {
        for (int panel = first_panel; panel < panel_end; ++panel)
          for (int r = 0; r < block.count; r += tile_rows) multiply_panels(panel, 1, r);
      }
      if (piece == 0) break;
    }
  }
}

}  // namespace dense
