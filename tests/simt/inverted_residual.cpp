#include <backends/simt/inverted_residual.hpp>

#include "check_simt.hpp"

namespace inverted_residual_suite {

using namespace viseme;
using namespace viseme::tests;

struct sizes {
  int n, h, w, in, hidden, out, stride = 1;
  bool sum = false;
  int above = 0;  // of `in`, the channels that come upsampled

  shape x() const { return {n, in - above, h, w}; }
  shape low() const { return {n, above, h / 2, w / 2}; }
  shape y() const { return {n, out, (h - 1) / stride + 1, (w - 1) / stride + 1}; }
};

/// Three weights, each followed by its norm's five; channels last are x, what comes upsampled and what is added.
struct residual_case {
  sizes s;
  numbers x, low, added;
  std::vector<numbers> parameters;

  explicit residual_case(const sizes& of) : s(of) {
    std::mt19937 generator(5);
    x = random_numbers(s.x().count(), generator);
    low = random_numbers(s.low().count(), generator);
    added = random_numbers(s.y().count(), generator);
    const auto stage = [&](int channels, int each) {
      parameters.push_back(random_numbers(std::size_t(channels) * each, generator));
      for (bool positive : {true, false, false, true}) {
        parameters.push_back(random_numbers(channels, generator));
        if (positive)
          for (auto& v : parameters.back()) v = 0.5 + std::abs(v);
      }
      parameters.push_back({0});
    };
    stage(s.hidden, s.in);
    stage(s.hidden, 9);
    stage(s.out, s.hidden);
  }
  template <class T>
  residual_case as() const {
    auto k = *this;
    for (auto* v : {&k.x, &k.low, &k.added, &k.parameters[0], &k.parameters[6], &k.parameters[12]})
      for (auto& number : *v) number = double(float(T(float(number))));
    return k;
  }

  double normed(double v, int stage, int channel) const {
    const auto* p = &parameters[stage * 6 + 1];
    return (v - p[2][channel]) / std::sqrt(p[3][channel] + batch_norm<1>::eps) * p[0][channel] + p[1][channel];
  }
  /// [up2(low); x]
  numbers concatenated() const {
    numbers to;
    const auto place = [](int o, int n) { return n > 1 ? double(o) * (n - 1) / (2 * n - 1) : 0.0; };
    for (int n = 0; n < s.n; ++n)
      for (int h = 0; h < s.h; ++h)
        for (int w = 0; w < s.w; ++w) {
          const double v = place(h, s.h / 2), u = place(w, s.w / 2);
          for (int c = 0; c < s.above; ++c) {
            const auto at = [&](int i, int j) {
              return low[((std::size_t(n) * (s.h / 2) + std::min(i, s.h / 2 - 1)) * (s.w / 2) + std::min(j, s.w / 2 - 1)) * s.above + c];
            };
            const auto across = [&](int i) { return at(i, int(u)) * (1 - (u - int(u))) + at(i, int(u) + 1) * (u - int(u)); };
            to.push_back(across(int(v)) * (1 - (v - int(v))) + across(int(v) + 1) * (v - int(v)));
          }
          const auto first = x.begin() + ((std::ptrdiff_t(n) * s.h + h) * s.w + w) * s.x().c;
          to.insert(to.end(), first, first + s.x().c);
        }
    return to;
  }
  numbers pointwise(const numbers& from, int stage, int in, int out) const {
    numbers to(from.size() / in * out);
    for (std::size_t p = 0; p < from.size() / in; ++p)
      for (int o = 0; o < out; ++o) {
        double sum = 0;
        for (int i = 0; i < in; ++i) sum += from[p * in + i] * parameters[stage * 6][o * in + i];
        to[p * out + o] = normed(sum, stage, o);
      }
    return to;
  }
  numbers depthwise(const numbers& from) const {
    const shape y = s.y();
    numbers to;
    for (int n = 0; n < y.n; ++n)
      for (int h = 0; h < y.h; ++h)
        for (int w = 0; w < y.w; ++w)
          for (int c = 0; c < s.hidden; ++c) {
            double sum = 0;
            for (int k = 0; k < 9; ++k) {
              const int row = h * s.stride + k / 3 - 1, column = w * s.stride + k % 3 - 1;
              if (row >= 0 && row < s.h && column >= 0 && column < s.w)
                sum += from[((std::size_t(n) * s.h + row) * s.w + column) * s.hidden + c] * parameters[6][c * 9 + k];
            }
            to.push_back(normed(sum, 1, c));
          }
    return to;
  }
  numbers result() const {
    const auto positive = [](numbers v) {
      for (auto& x : v) x = std::max(x, 0.0);
      return v;
    };
    auto y = pointwise(positive(depthwise(positive(pointwise(concatenated(), 0, s.in, s.hidden)))), 2, s.hidden, s.out);
    for (std::size_t i = 0; s.sum && i < y.size(); ++i) y[i] += added[i];
    return y;
  }
};

enum class way { whole, by_layers, chosen };

/// In all orders of threads against plain loops.
template <class T>
void check(const residual_case& k, way how) {
  using B = under_test<T>;
  const auto& s = k.s;
  const backends::simt_inverted_residual<place, T> on{s.in, s.hidden, s.out, s.stride, s.sum, s.above > 0};
  const auto want = k.result();
  block<B> x(k.x), low(k.low), added(k.added), y(s.y().count());
  block<B, float> packed(on.packed_size());
  std::vector<block<B, float>> parameters;
  forward_call<T> f;
  for (std::size_t i = 0; i < k.parameters.size(); ++i) f.parameters[i] = parameters.emplace_back(k.parameters[i]).data;
  on.pack(context<B>(), f.parameters, packed.data);
  f.in[on.up] = {x.data, s.x(), layout::nhwc};
  if (on.up) f.in[0] = {low.data, s.low(), layout::nhwc};
  if (on.sum) f.in[1] = {added.data, s.y(), layout::nhwc};
  f.inputs = 1 + (on.sum || on.up);
  f.out = {y.data, s.y(), layout::nhwc};
  f.packed = packed.data;
  block<B, float> scratch(how == way::by_layers ? on.layers_scratch(f.sizes()) : how == way::whole ? on.whole_scratch(f.sizes()) : on.forward_scratch(f.sizes()));
  f.scratch = scratch.data;
  numbers first;
  in_every_order<B>([&] {
    context<B>().zero(y.data, y.count * sizeof(T));
    if (how == way::chosen) on.forward(context<B>(), f);
    else if (how == way::by_layers) on.layer_by_layer(context<B>(), f);
    else on.whole(context<B>(), f);
    check_near("output", y.values(), want, bars_of<T>().forward * (on.up ? 1.5 : 1));  // the upsampled part is rounded on its own
    if (first.empty()) first = y.values();
    BOOST_TEST((y.values() == first), "results depend on the order of threads");
  });
}

void check(const sizes& s, way how = way::whole) {
  const residual_case k(s);
  BOOST_TEST_CONTEXT(text(s.x()) << " to " << s.hidden << " to " << text(s.y())) {
    for_each_scalar([&]<class T>(T) { check<T>(k.as<T>(), how); });
  }
}

BOOST_AUTO_TEST_SUITE(inverted_residual)

BOOST_AUTO_TEST_CASE(whole) {
  check({2, 7, 9, 16, 32, 24});
  check({1, 11, 19, 64, 128, 64});
  check({1, 17, 5, 32, 64, 16});
}

BOOST_AUTO_TEST_CASE(whole_with_stride_2) {
  check({2, 11, 19, 32, 64, 64, 2});
  check({1, 12, 18, 32, 64, 32, 2});
}

BOOST_AUTO_TEST_CASE(whole_with_odd_channels) {
  check({1, 9, 17, 6, 12, 32});
  check({1, 7, 7, 3, 33, 19});
  check({3, 7, 33, 19, 38, 33, 2});
}

BOOST_AUTO_TEST_CASE(whole_with_a_sum) {
  check({1, 9, 17, 32, 64, 32, 1, true});
  check({2, 7, 7, 19, 38, 19, 1, true});
}

BOOST_AUTO_TEST_CASE(whole_on_single_pixels) {
  check({3, 1, 1, 16, 32, 16});
  check({2, 1, 1, 16, 32, 16, 2});
  check({1, 1, 33, 8, 16, 8});
}

BOOST_AUTO_TEST_CASE(layer_by_layer) {
  check({2, 7, 9, 16, 32, 24}, way::by_layers);
  check({2, 7, 33, 19, 38, 33, 2}, way::by_layers);
  check({1, 5, 5, 80, 160, 72}, way::chosen);
  check({2, 7, 7, 16, 32, 16, 1, true}, way::by_layers);
}

BOOST_AUTO_TEST_CASE(behind_an_upsampling_layer_by_layer) {
  check({2, 6, 10, 40, 64, 24, 1, false, 16}, way::by_layers);
  check({1, 2, 34, 22, 38, 19, 1, false, 19}, way::by_layers);
  check({3, 14, 2, 36, 33, 33, 1, false, 3}, way::by_layers);
  check({1, 4, 4, 536, 72, 40, 1, false, 264}, way::chosen);
}

BOOST_AUTO_TEST_CASE(behind_an_upsampling_whole) {
  check({2, 6, 10, 40, 64, 24, 1, false, 16});
  check({1, 14, 34, 96, 96, 32, 1, false, 64});
  check({1, 2, 2, 35, 32, 33, 1, false, 16});
}

BOOST_AUTO_TEST_CASE(many_tiles_run_as_one_kernel) {
  using on = backends::simt_inverted_residual<place, bf16>;
  const auto sizes = [](shape x, shape y) { return call_shapes{.in = {.in = {x}, .count = 1}, .out = y}; };
  const auto joined = [](shape low, shape x, shape y) { return call_shapes{.in = {.in = {low, x}, .count = 2}, .out = y}; };
  BOOST_TEST(on({64, 128, 16, 1}).pays(sizes({1, 64, 320, 320}, {1, 16, 320, 320})));
  BOOST_TEST(!on({64, 128, 16, 1}).pays(sizes({1, 64, 40, 40}, {1, 16, 40, 40})));
  BOOST_TEST(!on({128, 256, 64, 1}).pays(sizes({1, 128, 320, 320}, {1, 64, 320, 320})));
  BOOST_TEST(on({96, 192, 32, 1, false, true}).pays(joined({1, 64, 80, 80}, {1, 32, 160, 160}, {1, 32, 160, 160})));
  BOOST_TEST(!on({96, 192, 32, 1, false, true}).pays(joined({1, 24, 80, 80}, {1, 72, 160, 160}, {1, 32, 160, 160})));
  check({1, 97, 129, 8, 16, 8}, way::chosen);
}

BOOST_AUTO_TEST_CASE(a_group_of_a_net_is_one_op) {
  using B = under_test<bf16>;
  using block_of_net = fused<pointwise<16, 32>, batch_norm<32>, relu, viseme::depthwise3x3<32, 2>, batch_norm<32>, relu, pointwise<32, 24>, batch_norm<24>>;
  using with_sum = fused<pointwise<16, 32>, batch_norm<32>, relu, viseme::depthwise3x3<32>, batch_norm<32>, relu, pointwise<32, 16>, batch_norm<16>, add>;
  using with_up = fused<upsample2x, concat, pointwise<16, 32>, batch_norm<32>, relu, viseme::depthwise3x3<32>, batch_norm<32>, relu, pointwise<32, 16>, batch_norm<16>>;
  static_assert(runs_on<block_of_net, B> && runs_on<with_sum, B> && runs_on<with_up, B> && !trains_on<with_sum, B>);
  BOOST_TEST((op<block_of_net, B>::on.stride == 2));
  BOOST_TEST((op<with_sum, B>::on.sum));
  BOOST_TEST((op<with_up, B>::on.up));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace inverted_residual_suite
