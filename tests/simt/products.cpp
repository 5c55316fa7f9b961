// 1x1 products by the kernel for Hopper, through the ops and alone, against the truth and the kernel that every GPU has.
#include <algorithm>

#include "check_simt.hpp"

namespace products_suite {

using namespace viseme;
using namespace viseme::tests;
using backends::product_kernel;

/// By `kernel` alone, as long as it lives.
template <product_kernel Kernel>
struct always {
  always() {
    set([](const backends::product_sizes&) { return Kernel; });
  }
  ~always() { set(backends::recorded_choice_of); }
  always(const always&) = delete;
  always& operator=(const always&) = delete;

private:
  static void set(backends::product_chooser by) {
    context<under_test<bf16>>().choose_product = context<under_test<fp16>>().choose_product = by;
  }
};

boost::test_tools::assertion_result runs_wgmma(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result yes(context<under_test<bf16>>().has_wgmma());
  yes.message() << "it needs a GPU of compute capability 9.0";
  return yes;
}

struct product {
  int rows, depth, columns;
  int x_gap = 0, y_gap = 0;  // unused channels of a pixel
  int first = 0;             // of the weights' channels
  bool bias = false, residual = false;
  simt::activation act = simt::activation::none;
  simt::writing how = simt::writing::overwrite;
  size2 below{0, 0};  // of a small picture, a quarter of the rows
  int blocks = 0;     // that share the tiles; 0: as many as a GPU keeps busy

  std::ptrdiff_t x_stride() const { return depth + x_gap; }
  std::ptrdiff_t y_stride() const { return columns + y_gap; }
};

std::ostream& operator<<(std::ostream& to, const product& p) { return to << p.rows << " x " << p.depth << " x " << p.columns; }

template <class F>
void for_each_half(F&& f) {
  f(bf16{});
  f(fp16{});
}

/// Numbers of T.
template <class T>
numbers random_stored(std::size_t count, std::mt19937& generator) {
  auto v = random_numbers(count, generator);
  for (auto& n : v) n = double(float(T(float(n))));
  return v;
}

template <class T>
class product_check {
public:
  explicit product_check(const product& of) : p_(of) {
    std::mt19937 generator(11);
    x_ = random_stored<T>(std::size_t(p_.rows * p_.x_stride()), generator);
    w_ = random_stored<T>(std::size_t(p_.columns) * std::size_t(p_.first + p_.depth), generator);
    y_ = random_stored<T>(std::size_t(p_.rows * p_.y_stride()), generator);
    residual_ = random_stored<T>(std::size_t(p_.rows) * p_.columns, generator);
    below_ = random_stored<T>(std::size_t(p_.below.h * p_.below.w) * p_.columns, generator);
    bias_ = random_numbers(std::size_t(p_.columns), generator);
  }

  numbers truth() const {
    std::vector<float> small(below_.begin(), below_.end());
    const simt::upsampled<float> under({small.data(), p_.columns}, p_.below);
    auto y = y_;
    for (int r = 0; r < p_.rows; ++r)
      for (int o = 0; o < p_.columns; ++o) {
        double sum = 0;
        for (int c = 0; c < p_.depth; ++c)
          sum += x_[std::size_t(r * p_.x_stride() + c)] * w_[std::size_t(o) * std::size_t(p_.first + p_.depth) + p_.first + c];
        if (p_.below.h) sum += double(under.pixel(r).template at<1>(o).at[0]);
        if (p_.bias) sum += bias_[o];
        if (p_.residual) sum += residual_[std::size_t(r) * p_.columns + o];
        auto& to = y[std::size_t(r * p_.y_stride() + o)];
        to = double(simt::activate(p_.act, 0.01f, float(sum))) + (p_.how == simt::writing::accumulate ? to : 0.0);
      }
    return y;
  }

  /// By the kernel that is chosen.
  numbers run() const {
    return run([](auto& made, float* scratch) { made.run(context<under_test<T>>(), scratch); });
  }
  /// By the one for Hopper with tiles of so many columns.
  template <int Columns>
  numbers run_in_tiles() const {
    return run([&](auto& made, float*) {
      using kernel = simt::dense_product_wgmma<T, Columns>;
      auto& c = context<under_test<T>>();
      const kernel k{made.a, map_tiles(c, kernel::matrix_x(made.a)), map_tiles(c, kernel::matrix_w(made.a))};
      launch(c, {p_.blocks}, k);
    });
  }

private:
  template <class F>
  numbers run(F&& with) const {
    using B = under_test<T>;
    const block<B> x(x_), w(w_), y(y_), residual(residual_), below(below_);
    const block<B, float> bias(bias_);
    backends::simt_product<place, T> made;
    auto& a = made.a;
    a.gather = {{1, p_.rows}, {1, p_.rows}};
    a.rows = p_.rows;
    a.depth = p_.depth;
    a.columns = p_.columns;
    a.first_depth = p_.first;
    a.of_depth = p_.first + p_.depth;
    a.x = {x.data, p_.x_stride()};
    a.weights = w.data;
    a.y = {y.data, p_.y_stride()};
    if (p_.below.h) a.below = {{below.data, p_.columns}, p_.below};
    if (p_.bias) a.after.bias = bias.data;
    if (p_.residual) a.after.residual = {residual.data, p_.columns};
    a.after.act = p_.act;
    a.after.slope = 0.01f;
    a.how = p_.how;
    const block<B, float> scratch(std::max<std::size_t>(made.scratch(), 1));
    with(made, scratch.data);
    return y.values();
  }

  product p_;
  numbers x_, w_, y_, residual_, below_, bias_;
};

void check_product(const product& p) {
  for_each_half([&]<class T>(T) {
    BOOST_TEST_CONTEXT(scalar_name<T>() << " " << p) {
      const product_check<T> check(p);
      const auto want = check.truth();
      {
        const always<product_kernel::mma> by;
        check_near("mma", check.run(), want, bars_of<T>().forward);
      }
      const always<product_kernel::wgmma> by;
      const auto have = check.run();
      check_near("wgmma", have, want, bars_of<T>().forward);
      if (p.rows * p.depth * p.columns > 1 << 21) return;
      in_every_order<under_test<T>>([&] { BOOST_TEST((check.run() == have), "results depend on the order of threads"); });
    }
  });
}

BOOST_AUTO_TEST_SUITE(products, *boost::unit_test::precondition(&runs_wgmma))

BOOST_AUTO_TEST_CASE(of_the_unet) {
  for (const auto& p : {product{100, 512, 1024}, product{100, 1024, 512}, product{100, 256, 512}, product{100, 512, 256},
                        product{400, 128, 256}, product{400, 64, 32}, product{400, 32, 64}})
    check_product(p);
}

BOOST_AUTO_TEST_CASE(odd_sizes) {
  for (const auto& p : {product{1, 8, 8}, product{7, 16, 8}, product{129, 72, 72}, product{63, 200, 8}, product{257, 136, 40}})
    check_product(p);
}

BOOST_AUTO_TEST_CASE(columns_that_are_no_vectors) {
  for (const auto& p : {product{33, 64, 3}, product{33, 64, 66}}) check_product(p);
}

BOOST_AUTO_TEST_CASE(sums_shared_by_blocks) {
  for (const auto& p : {product{49, 528, 40}, product{1, 1032, 128}}) check_product(p);
}

/// Stages go on from tile to tile: fewer of them than a tile needs, and more.
BOOST_AUTO_TEST_CASE(tiles_after_tiles) {
  for (const auto& p :
       {product{.rows = 128 * 3 + 5, .depth = 72, .columns = 192, .blocks = 2},
        product{.rows = 130, .depth = 328, .columns = 328, .blocks = 1}, product{.rows = 300, .depth = 64, .columns = 136, .blocks = 100}})
    for_each_half([&]<class T>(T) {
      BOOST_TEST_CONTEXT(scalar_name<T>() << " " << p) {
        const product_check<T> check(p);
        const auto want = check.truth();
        in_every_order<under_test<T>>([&] {
          check_near("in tiles of 64", check.template run_in_tiles<64>(), want, bars_of<T>().forward);
          check_near("in tiles of 128", check.template run_in_tiles<128>(), want, bars_of<T>().forward);
        });
      }
    });
}

BOOST_AUTO_TEST_CASE(pixels_with_gaps) {
  check_product({.rows = 300, .depth = 64, .columns = 72, .x_gap = 8, .y_gap = 16});
  check_product({.rows = 130, .depth = 24, .columns = 24, .x_gap = 40, .y_gap = 8});
}

BOOST_AUTO_TEST_CASE(whatever_follows) {
  check_product({.rows = 200, .depth = 64, .columns = 136, .bias = true, .act = simt::activation::relu});
  check_product({.rows = 200, .depth = 64, .columns = 40, .bias = true, .residual = true, .act = simt::activation::leaky_relu});
  check_product({.rows = 200, .depth = 80, .columns = 64, .residual = true, .how = simt::writing::accumulate});
  check_product({.rows = 49, .depth = 528, .columns = 40, .bias = true, .residual = true, .act = simt::activation::sigmoid});
}

BOOST_AUTO_TEST_CASE(behind_an_upsampling) {
  check_product(
      {.rows = 4 * 10 * 7, .depth = 40, .columns = 136, .first = 24, .bias = true, .act = simt::activation::relu, .below = {10, 7}});
}

BOOST_AUTO_TEST_CASE(layers) {
  const always<product_kernel::wgmma> by;
  check_simt_layer<viseme::pointwise<8, 8>>({{1, 8, 1, 1}});
  check_simt_layer<viseme::pointwise<64, 72, true>>({{3, 64, 7, 9}});
  check_simt_fused<viseme::pointwise<72, 136>, batch_norm<136>, relu>({{2, 72, 7, 9}});
  check_simt_fused<viseme::pointwise<136, 40>, batch_norm<40>, add>({{2, 136, 7, 9}, {2, 40, 7, 9}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace products_suite
