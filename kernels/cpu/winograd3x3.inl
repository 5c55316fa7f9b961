// Body of winograd3x3.hpp, compiled once per instruction set.

namespace winograd {

using namespace cpu::winograd;

inline constexpr int panel_width = 2 * width, panels = block_filters / panel_width;
inline constexpr int tile_rows = registers == 32 ? 12 : 6;
inline constexpr int depth_step = 32;  // channels summed before the sum is added to those before

/// The points other than 0 and infinity, +-root, with their squares. For tile 2 there is one pair.
inline constexpr float root[2] = {0.625f, 1.5f}, square[2] = {0.390625f, 2.25f};

/// d (side) to B^T d.
template <int tile>
[[gnu::always_inline]] inline void to_points(const vec* d, vec* v) {
  if constexpr (tile == 2) {
    v[0] = d[0] - d[2];
    v[1] = d[2] + d[1];
    v[2] = d[2] - d[1];
    v[3] = d[3] - d[1];
  } else {
    const vec s = broadcast(-(square[0] + square[1])), p = broadcast(square[0] * square[1]);
    v[0] = fma(p, d[0], fma(s, d[2], d[4]));
    v[5] = fma(p, d[1], fma(s, d[3], d[5]));
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const vec other = broadcast(-square[1 - i]), r = broadcast(root[i]);
      const vec even = fma(other, d[2], d[4]), odd = r * fma(other, d[1], d[3]);
      v[1 + 2 * i] = even + odd;
      v[2 + 2 * i] = even - odd;
    }
  }
}

/// m (side) to A^T m (tile).
template <int tile>
[[gnu::always_inline]] inline void from_points(const vec* m, vec* y) {
  const vec sum = m[1] + m[2], difference = m[1] - m[2];
  if constexpr (tile == 2) {
    y[0] = m[0] + sum;
    y[1] = difference + m[3];
  } else {
    const vec sum1 = m[3] + m[4], difference1 = m[3] - m[4];
    y[0] = m[0] + (sum + sum1);
    y[1] = fma(broadcast(root[1]), difference1, broadcast(root[0]) * difference);
    y[2] = fma(broadcast(square[1]), sum1, broadcast(square[0]) * sum);
    y[3] = fma(broadcast(root[1] * square[1]), difference1, fma(broadcast(root[0] * square[0]), difference, m[5]));
  }
}

typedef double wide __attribute__((vector_size(2 * sizeof(vec))));

/// g (3, step apart) to G g (side, step apart).
template <int tile>
[[gnu::always_inline]] inline void weights_to_points(const wide* g, wide* u, int step) {
  constexpr int side = tile + 2;
  constexpr double p[2] = {tile == 2 ? 1.0 : square[0], square[1]}, r[2] = {tile == 2 ? 1.0 : root[0], root[1]};
  constexpr double product = tile == 2 ? 1.0 : p[0] * p[1];
  u[0] = g[0] * (1 / product);
  u[(side - 1) * step] = g[2 * step];
  for (int i = 0; i < tile / 2; ++i) {
    const double norm = tile == 2 ? 0.5 : 1 / (2 * p[i] * (p[i] - p[1 - i]));
    const wide even = (g[0] + p[i] * g[2 * step]) * norm, odd = g[step] * (r[i] * norm);
    u[(1 + 2 * i) * step] = even + odd;
    u[(2 + 2 * i) * step] = even - odd;
  }
}

/// Weights of block_filters filters and up to block_channels channels.
template <int tile>
void pack(const winograd3x3_shape& s, direction to, const float* weights, float* packed, int task) {
  constexpr int side = tile + 2;
  typedef float narrow __attribute__((vector_size(sizeof(vec))));
  const bool back = to == direction::backward_data;
  const int kernel = s.kernel(), window = kernel * kernel;
  const std::ptrdiff_t filter_step = window * std::ptrdiff_t(back ? 1 : s.channels), channel_step = window * std::ptrdiff_t(back ? s.filters : 1);
  const int filter_block = task / s.depth_blocks(), begin = task % s.depth_blocks() * block_channels, end = std::min(begin + block_channels, s.depth());
  for (int panel = 0; panel < panels; ++panel)
    for (int d = begin; d < end; ++d) {
      const int phase = d / s.channels, channel = d % s.channels;
      for (int n = 0; n < panel_width; n += width) {
        const int filter = filter_block * block_filters + panel * panel_width + n;
        float g[9][width] = {};
        for (int k = 0; k < 9 && filter < s.filters; ++k) {
          const int row = k / 3 * s.stride + phase / s.stride, column = k % 3 * s.stride + phase % s.stride;
          if (row >= kernel || column >= kernel) continue;
          const float* from = weights + filter * filter_step + channel * channel_step + (back ? 8 - k : row * kernel + column);
          for (int i = 0; i < width; ++i) g[k][i] = from[i * filter_step];
        }
        wide taps[9], columns[side * 3], points[side * side];
        for (int k = 0; k < 9; ++k) taps[k] = __builtin_convertvector((narrow)load(g[k]), wide);
        for (int j = 0; j < 3; ++j) weights_to_points<tile>(taps + j, columns + j, 3);
        for (int i = 0; i < side; ++i) weights_to_points<tile>(columns + 3 * i, points + side * i, 1);
        float* u = packed + ((std::size_t(filter_block) * s.products() * panels + panel) * s.depth() + d) * panel_width + n;
        for (int f = 0; f < side * side; ++f, u += std::ptrdiff_t(block_filters) * s.depth()) store(u, (vec)__builtin_convertvector(points[f], narrow));
      }
    }
}

inline void pack(const winograd3x3_shape& s, direction to, const float* weights, float* packed, int task) {
  s.tile == 2 ? pack<2>(s, to, weights, packed, task) : pack<4>(s, to, weights, packed, task);
}

/// Where a tile lies.
struct tile_position {
  int image, h, w;  // of its first output
  tile_position(const winograd3x3_shape& s, std::ptrdiff_t i)
      : image(int(i / (s.tiles().h * s.tiles().w))), h(int(i / s.tiles().w % s.tiles().h) * s.tile), w(int(i % s.tiles().w) * s.tile) {}
  std::ptrdiff_t pixel(const winograd3x3_shape& s, int i, int j) const { return (std::ptrdiff_t(image) * s.out().h + h + i) * s.out().w + w + j; }
};

/// V's columns [begin, end) of one block.
template <int tile>
void transform(const winograd3x3_arguments& a, int block, piece_range depth, float* v) {
  constexpr int side = tile + 2;
  const winograd3x3_shape s = a.shape;
  const const_pixels x = a.x;
  const float* zeros = a.packed + winograd3x3_packed_size(s) - s.channels;
  const std::ptrdiff_t step = s.input_step();
  const piece_range tiles = s.tiles_of(block);
  const auto transform_phase = [&](const tile_position& at, int phase, piece_range channels, float* v) __attribute__((always_inline)) {
    const int top = at.h * s.stride + phase / s.stride - s.pad, left = at.w * s.stride + phase % s.stride - s.pad;
    const float* from[side * side];
    for (int i = 0; i < side; ++i)
      for (int j = 0; j < side; ++j) {
        const int row = top + i * s.stride, column = left + j * s.stride;
        const bool inside = unsigned(row) < unsigned(s.in.h) && unsigned(column) < unsigned(s.in.w);
        from[i * side + j] = inside ? x[(std::ptrdiff_t(at.image) * s.in.h + row) * s.in.w + column] : zeros;
      }
    for (std::ptrdiff_t c = channels.begin; c < channels.end; c += width) {
      vec rows[side][side];
#pragma GCC unroll 1
      for (int j = 0; j < side; ++j) {
        vec d[side], column[side];
#pragma GCC unroll 6
        for (int i = 0; i < side; ++i) d[i] = load(from[i * side + j] + c);
        to_points<tile>(d, column);
#pragma GCC unroll 6
        for (int i = 0; i < side; ++i) rows[i][j] = column[i];
      }
      float* to = v + c;
#pragma GCC unroll 1
      for (int i = 0; i < side; ++i) {
        vec row[side];
        to_points<tile>(rows[i], row);
#pragma GCC unroll 6
        for (int j = 0; j < side; ++j, to += step) store(to, row[j]);
      }
    }
  };
  for (std::ptrdiff_t t = tiles.begin; t < tiles.end; ++t, v += s.depth())
    for (std::ptrdiff_t first = 0; first < s.depth(); first += s.channels) {
      const piece_range channels{std::max<std::ptrdiff_t>(depth.begin - first, 0), std::min<std::ptrdiff_t>(depth.end - first, s.channels)};
      if (channels.begin < channels.end) transform_phase(tile_position(s, t), int(first / s.channels), channels, v + first);
    }
}

inline void transform(const winograd3x3_arguments& a, int block, piece_range depth, float* v) {
  a.shape.tile == 2 ? transform<2>(a, block, depth, v) : transform<4>(a, block, depth, v);
}

/// m (rows, panel_width) = v (rows, depth) u (depth, panel_width).
template <int rows>
void multiply_rows(const float* v, const float* u, std::ptrdiff_t depth, float* m) {
  for (std::ptrdiff_t begin = 0; begin < depth; begin += depth_step) {
    const std::ptrdiff_t end = std::min<std::ptrdiff_t>(begin + depth_step, depth);
    vec sum[rows][2];
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) sum[r][0] = sum[r][1] = broadcast(0);
    for (std::ptrdiff_t d = begin; d < end; ++d, u += panel_width) {
      const vec u0 = load(u), u1 = load(u + width);
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) {
        const vec value = broadcast(v[r * depth + d]);
        sum[r][0] = fma(value, u0, sum[r][0]);
        sum[r][1] = fma(value, u1, sum[r][1]);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i) {
        float* to = m + r * block_filters + i * width;
        store(to, begin == 0 ? sum[r][i] : load(to) + sum[r][i]);
      }
  }
}

using multiply_rows_function = void (*)(const float*, const float*, std::ptrdiff_t, float*);

template <int rows = tile_rows>
multiply_rows_function multiply_rows_for(int count) {
  if constexpr (rows > 1)
    if (count < rows) return multiply_rows_for<rows - 1>(count);
  return multiply_rows<rows>;
}

/// y of one tile from M's columns [0, count), filters first + ...
template <int tile, activation act>
void finish(const winograd3x3_arguments& a, std::ptrdiff_t t, int first, int count, const float* m) {
  constexpr int side = tile + 2;
  const winograd3x3_shape s = a.shape;
  const pixels y = a.y;
  const epilogue after = a.after;
  const vec slope = broadcast(after.slope);
  const std::ptrdiff_t step = s.output_step();
  const tile_position at(s, t);
  const int rows = std::min(tile, s.out().h - at.h), columns = std::min(tile, s.out().w - at.w);
  for (int n = 0; n < count; n += width, m += width) {
    vec half[tile][side];
#pragma GCC unroll 1
    for (int j = 0; j < side; ++j) {
      vec d[side], column[tile];
#pragma GCC unroll 6
      for (int i = 0; i < side; ++i) d[i] = load(m + (i * side + j) * step);
      from_points<tile>(d, column);
#pragma GCC unroll 4
      for (int i = 0; i < tile; ++i) half[i][j] = column[i];
    }
    const vec bias = after.bias ? load(after.bias + first + n) : broadcast(0);
    for (int i = 0; i < rows; ++i) {
      vec row[tile];
      from_points<tile>(half[i], row);
      const std::ptrdiff_t pixel = at.pixel(s, i, 0);
#pragma GCC unroll 4
      for (int j = 0; j < tile; ++j)
        if (j < columns) {
          vec sum = row[j] + bias;
          if (after.residual) sum += load(after.residual[pixel + j] + first + n);
          store(y[pixel + j] + first + n, activate<act>(sum, slope));
        }
    }
  }
}

template <int tile>
auto finish_for(activation act) {
  switch (act) {
    case activation::relu: return finish<tile, activation::relu>;
    case activation::leaky_relu: return finish<tile, activation::leaky_relu>;
    case activation::sigmoid: return finish<tile, activation::sigmoid>;
    default: return finish<tile, activation::none>;
  }
}

/// M and then y of one block and block_filters filters.
inline void multiply(const winograd3x3_arguments& a, int block, int filter_block, const float* v, float* m) {
  const winograd3x3_shape& s = a.shape;
  const piece_range range = s.tiles_of(block);
  const int tiles = int(range.end - range.begin), first = filter_block * block_filters, filters = std::min(block_filters, s.filters - first);
  const int groups = ceil_div(tiles, tile_rows), rows = tiles / groups, longer = tiles % groups;  // the first groups have a row more
  const auto multiply_group = multiply_rows_for(rows), multiply_longer = multiply_rows_for(rows + 1);
  const float* u = a.packed + std::size_t(filter_block) * s.products() * s.depth() * block_filters;
  for (int f = 0; f < s.products(); ++f)
    for (int panel = 0; panel < panels; ++panel, u += std::ptrdiff_t(s.depth()) * panel_width) {
      const float* from = v + f * s.input_step();
      float* to = m + f * s.output_step() + panel * panel_width;
      for (int group = 0; group < groups; ++group) {
        const int count = rows + (group < longer);
        (group < longer ? multiply_longer : multiply_group)(from, u, s.depth(), to);
        from += std::ptrdiff_t(count) * s.depth();
        to += count * block_filters;
      }
    }
  const auto finish = s.tile == 2 ? finish_for<2>(a.after.act) : finish_for<4>(a.after.act);
  for (int t = 0; t < tiles; ++t) finish(a, range.begin + t, first, filters, m + t * block_filters);
}

}  // namespace winograd
