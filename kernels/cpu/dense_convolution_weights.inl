// Body of dense_convolution_weights.hpp, compiled once per instruction set.

namespace dense {

inline constexpr int chunk_pixels = block_rows;
inline constexpr int weight_filters = 96, weight_columns = 96;  // of a task, at most; multiples of tile_rows and panel_width
inline constexpr int chunk_gap = 16;  // floats between a chunk's rows, so that they do not fall on the same cache sets

/// How the sums are cut into tasks.
struct weight_partition {
  std::int64_t pixels, range;  // output pixels, of all and of a range
  int columns, padded;         // of X; padded to whole panels
  int filters, block_columns;  // of a task
  int ranges, filter_blocks, column_blocks;
  int tasks() const { return ranges * filter_blocks * column_blocks; }
};

inline weight_partition cut(const dense_shape& s) {
  weight_partition c;
  const auto out = s.out();
  c.pixels = std::int64_t(s.images) * out.h * out.w;
  c.columns = s.kernel.h * s.kernel.w * s.channels;
  c.padded = ceil_div(c.columns, panel_width) * panel_width;
  const auto even = [](int total, int most, int step) { return ceil_div(ceil_div(total, ceil_div(total, most)), step) * step; };
  c.filters = even(s.filters, weight_filters, tile_rows);
  c.block_columns = even(c.padded, weight_columns, panel_width);
  c.filter_blocks = ceil_div(s.filters, c.filters);
  c.column_blocks = ceil_div(c.padded, c.block_columns);
  const int blocks = c.filter_blocks * c.column_blocks;
  const int chunks = std::max(1, ceil_div(c.pixels, chunk_pixels));
  const int ranges = std::clamp(ceil_div(enough_tasks, blocks), 1, ceil_div(chunks, 8));
  c.range = std::int64_t(ceil_div(chunks, ranges)) * chunk_pixels;
  c.ranges = std::max(1, ceil_div(c.pixels, c.range));
  return c;
}

/// Scratch: sums (ranges, filters, padded columns), then sums of dy (ranges, filters).
inline std::size_t scratch_size(const dense_shape& s) {
  const auto c = cut(s);
  return std::size_t(c.ranges) * s.filters * (c.padded + 1);
}

inline int weight_tasks(const dense_shape& s) { return cut(s).tasks(); }

/// A 1x1 convolution over one range has its sums in dW's own order.
inline bool sums_in_place(const dense_shape& s, const weight_partition& c) {
  return c.ranges == 1 && s.kernel == size2{1, 1} && c.padded == c.columns;
}

inline void copy_row(float* to, const float* from, int count) {
  int i = 0;
  for (; i + width <= count; i += width) store(to + i, load(from + i));
  for (; i < count; ++i) to[i] = from[i];
}

inline void zero_row(float* to, int count) {
  for (int i = 0; i < count; ++i) to[i] = 0;
}

/// sums (rows, vectors) (+)= dy^T X over a chunk.
template <int rows, int vectors>
void multiply_chunk(int pixels, const float* dy, std::ptrdiff_t dy_stride, const float* x, std::ptrdiff_t x_stride, float* sums,
                    bool adds) {
  vec sum[rows][vectors];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[r][v] = broadcast(0);
  for (int p = 0; p < pixels; ++p, dy += dy_stride, x += x_stride) {
    vec column[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) column[v] = load(x + v * width);
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      const vec value = broadcast(dy[r]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sum[r][v] = fma(value, column[v], sum[r][v]);
    }
  }
  if (adds) {
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sum[r][v] += load(sums + (r * vectors + v) * width);
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) store(sums + (r * vectors + v) * width, sum[r][v]);
}

using multiply_chunk_function = void (*)(int, const float*, std::ptrdiff_t, const float*, std::ptrdiff_t, float*, bool);

template <int rows = tile_rows>
multiply_chunk_function multiply_chunk_for(int count) {
  if constexpr (rows > 1)
    if (count < rows) return multiply_chunk_for<rows - 1>(count);
  return multiply_chunk<rows, 2>;
}

/// Copies columns [first, first + count) of X for a chunk's pixels.
inline void gather(const dense_shape& s, const_pixels x, const pixel_block& b, int first, int count, float* to, std::ptrdiff_t stride) {
  for (int done = 0; done < count;) {
    const int tap = (first + done) / s.channels, channel = (first + done) % s.channels;
    const int run = std::min(count - done, s.channels - channel), dy = tap / s.kernel.w, dx = tap % s.kernel.w;
    for (int p = 0; p < b.count; ++p) {
      const int iy = b.y[p] + dy, ix = b.x[p] + dx;
      if (unsigned(iy) < unsigned(s.in.h) && unsigned(ix) < unsigned(s.in.w))
        copy_row(to + p * stride + done, b.image[p] + (std::ptrdiff_t(iy) * s.in.w + ix) * x.stride + channel, run);
      else
        zero_row(to + p * stride + done, run);
    }
    done += run;
  }
}

inline void sum_weights(const dense_backward_weights_arguments& a, int task) {
  const dense_shape& s = a.shape;
  const auto c = cut(s);
  const int blocks = c.filter_blocks * c.column_blocks, range = task / blocks;
  const int first_filter = task % blocks / c.column_blocks * c.filters, first_column = task % c.column_blocks * c.block_columns;
  const int filters = std::min(c.filters, s.filters - first_filter);
  const int columns = std::min(c.block_columns, c.columns - first_column);
  const int padded = std::min(c.block_columns, c.padded - first_column);
  const bool in_place = sums_in_place(s, c);

  float* to = in_place ? a.dw : a.scratch + std::size_t(range) * s.filters * c.padded;
  to += std::size_t(first_filter) * c.padded + first_column;
  float* dy_sums = a.scratch + std::size_t(c.ranges) * s.filters * c.padded + std::size_t(range) * s.filters + first_filter;
  const bool sums_dy = a.dbias && first_column == 0;

  dense_product p = product(s, direction::forward);
  p.x = a.x;
  const auto rows = p.rows_of(0), cols = p.cols_of(0);
  constexpr std::ptrdiff_t dy_stride = weight_filters + chunk_gap, x_stride = weight_columns + chunk_gap;
  alignas(64) float dy_chunk[chunk_pixels * dy_stride], x_chunk[chunk_pixels * x_stride];
  alignas(64) float sums[weight_filters * weight_columns];  // (panel, filter, panel_width)
  pixel_block block;
  const bool one_tap = pixelwise(p);
  const std::int64_t begin = range * c.range, end = std::min(c.pixels, begin + c.range);

  // An empty range still leaves zeros behind.
  for (std::int64_t pixel = begin; pixel == begin || pixel < end; pixel += chunk_pixels) {
    const int count = int(std::clamp<std::int64_t>(end - pixel, 0, chunk_pixels));
    if (count > 0) locate(p, rows, cols, pixel, count, block);
    for (int i = 0; i < count; ++i) {
      copy_row(dy_chunk + i * dy_stride, a.dy[pixel + i] + first_filter, filters);
      zero_row(dy_chunk + i * dy_stride + filters, ceil_div(filters, width) * width - filters);
      zero_row(x_chunk + i * x_stride + columns, padded - columns);
    }
    if (count > 0) gather(s, a.x, block, first_column, columns, x_chunk, x_stride);
    const piece_range these_filters{first_filter, first_filter + filters}, these_columns{first_column, first_column + columns};
    const std::int64_t next = pixel + chunk_pixels, next_count = std::clamp<std::int64_t>(end - next, 0, chunk_pixels);
    const int products = ceil_div(padded, panel_width) * ceil_div(filters, tile_rows);
    int product = 0;
    for (int column = 0; column < padded; column += panel_width)
      for (int f = 0; f < filters; f += tile_rows, ++product) {
        const auto share = slice(next_count, products, product);  // of the next chunk, on its way while this one is multiplied
        prefetch(a.dy, next + share.begin, share.end - share.begin, these_filters);
        if (one_tap) prefetch(a.x, next + share.begin, share.end - share.begin, these_columns);
        multiply_chunk_for(std::min(tile_rows, filters - f))(count, dy_chunk + f, dy_stride, x_chunk + column, x_stride,
                                                             sums + column * filters + f * panel_width, pixel > begin);
      }
    if (sums_dy) {
      alignas(64) float sum[weight_filters] = {};
      for (int i = 0; i < count; ++i)
        for (int f = 0; f < filters; f += width) store(sum + f, load(sum + f) + load(dy_chunk + i * dy_stride + f));
      for (int f = 0; f < filters; ++f) dy_sums[f] = pixel > begin ? dy_sums[f] + sum[f] : sum[f];
    }
  }
  const bool adds = in_place && a.how == writing::accumulate;
  for (int f = 0; f < filters; ++f, to += c.padded)
    for (int i = 0; i < padded; i += width) {
      const vec sum = load(sums + i / panel_width * panel_width * filters + f * panel_width + i % panel_width);
      store(to + i, adds ? load(to + i) + sum : sum);
    }
}

inline constexpr int reduced_filters = 8;

inline int reduce_tasks(const dense_backward_weights_arguments& a) {
  return sums_in_place(a.shape, cut(a.shape)) && !a.dbias ? 0 : ceil_div(a.shape.filters, reduced_filters);
}

inline void reduce_weights(const dense_backward_weights_arguments& a, int task) {
  const dense_shape& s = a.shape;
  const auto c = cut(s);
  const int taps = s.kernel.h * s.kernel.w, first = task * reduced_filters, end = std::min(s.filters, first + reduced_filters);
  const bool adds = a.how == writing::accumulate;
  const std::size_t range = std::size_t(s.filters) * c.padded;
  for (int f = first; f < end && !sums_in_place(s, c); ++f) {
    float* to = a.dw + std::size_t(f) * c.columns;
    for (int i = 0; i < s.channels; ++i)
      for (int tap = 0; tap < taps; ++tap, ++to) {
        const float* from = a.scratch + std::size_t(f) * c.padded + std::size_t(tap) * s.channels + i;
        float sum = *from;
        for (int r = 1; r < c.ranges; ++r) sum += from[r * range];
        *to = adds ? *to + sum : sum;
      }
  }
  if (!a.dbias) return;
  for (int f = first; f < end; ++f) {
    const float* from = a.scratch + c.ranges * range + f;
    float sum = *from;
    for (int r = 1; r < c.ranges; ++r) sum += from[std::size_t(r) * s.filters];
    a.dbias[f] = adds ? a.dbias[f] + sum : sum;
  }
}

}  // namespace dense
