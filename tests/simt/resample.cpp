#include <backends/simt/resample.hpp>

#include "check_simt.hpp"

namespace resample_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(resample)

BOOST_AUTO_TEST_CASE(bilinear) {
  check_simt_layer<upsample2x>({{2, 19, 7, 33}});
  check_simt_layer<upsample2x>({{1, 64, 7, 10}});
  check_simt_layer<upsample2x>({{3, 3, 33, 1}});
}

BOOST_AUTO_TEST_CASE(bilinear_of_single_rows_and_pixels) {
  check_simt_layer<upsample2x>({{3, 1, 1, 7}});
  check_simt_layer<upsample2x>({{2, 33, 1, 1}});
  check_simt_layer<upsample2x>({{1, 8, 2, 2}});
}

BOOST_AUTO_TEST_CASE(maximum) {
  check_simt_layer<max_pool<2>>({{2, 19, 7, 33}});
  check_simt_layer<max_pool<2>>({{1, 64, 7, 8}});
  check_simt_layer<max_pool<2>>({{3, 1, 2, 2}});
}

BOOST_AUTO_TEST_CASE(maximum_of_other_windows) {
  check_simt_layer<max_pool<3>>({{2, 5, 7, 33}});
  check_simt_layer<max_pool<4>>({{1, 16, 7, 9}});
}

BOOST_AUTO_TEST_CASE(averages) {
  check_simt_layer<global_average_pool>({{3, 19, 7, 33}});
  check_simt_layer<global_average_pool>({{2, 64, 33, 7}});
  check_simt_layer<global_average_pool>({{1, 33, 1, 1}});
  check_simt_layer<average_pool<2>>({{2, 64, 7, 5}});
  check_simt_layer<average_pool<7>>({{1, 3, 7, 33}});
}

BOOST_AUTO_TEST_CASE(maximum_gives_the_gradient_to_the_first) {
  for_each_scalar([]<class T>(T) {
    auto k = make_case<max_pool<2>>({{1, 1, 2, 2}}, false);
    k.x = {{1, 4, 4, 4}};
    k.d_out = {3};
    BOOST_TEST((run(step_of<max_pool<2>, under_test<T>>(), k).d_x[0] == numbers{0, 3, 0, 0}));
  });
}

BOOST_AUTO_TEST_CASE(a_nan_is_the_maximum) {
  for_each_scalar([]<class T>(T) {
    auto k = make_case<max_pool<2>>({{1, 1, 2, 2}}, false);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    k.x = {{5, nan, 7, nan}};
    k.d_out = {3};
    const auto r = run(step_of<max_pool<2>, under_test<T>>(), k);
    BOOST_TEST(std::isnan(r.out[0]));
    BOOST_TEST((r.d_x[0] == numbers{0, 3, 0, 0}));
  });
}

/// Slices of a concatenation: strides and addresses that leave no vectors.
BOOST_AUTO_TEST_CASE(channels_of_a_wider_tensor) {
  using B = under_test<bf16>;
  const shape small{1, 8, 2, 3}, large{1, 8, 4, 6};
  for (int first : {0, 8, 3}) {
    BOOST_TEST_CONTEXT("first channel " << first) {
      const shape small_around{1, 24, 2, 3}, large_around{1, 24, 4, 6};
      numbers wide(small_around.count()), alone(small.count());
      for (std::size_t i = 0; i < wide.size(); ++i) wide[i] = double(i % 17) - 8;
      const auto part = [first](const numbers& of, shape around) { return view<const double>(of.data(), around, layout::nhwc).channels(first, 8); };
      copy(part(wide, small_around), view<double>{alone.data(), small, layout::nchw});
      const block<B> x(wide), dense(alone, small);
      block<B> y(large_around.count()), want(large.count());
      forward_call<bf16> f;
      f.in[0] = {dense.data, small, layout::nhwc};
      f.out = {want.data, large, layout::nhwc};
      op<upsample2x, B>::forward(context<B>(), f);
      f.in[0] = view<const bf16>(x.data, small_around, layout::nhwc).channels(first, 8);
      f.out = view<bf16>(y.data, large_around, layout::nhwc).channels(first, 8);
      op<upsample2x, B>::forward(context<B>(), f);
      const auto all = y.values();
      numbers have(large.count());
      copy(part(all, large_around), view<double>{have.data(), large, layout::nchw});
      BOOST_TEST((have == want.values(large)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace resample_suite
