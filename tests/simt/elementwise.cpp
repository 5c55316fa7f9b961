#include "check_simt.hpp"

namespace elementwise_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(elementwise)

BOOST_AUTO_TEST_CASE(rectified) {
  check_simt_layer<relu>({{3, 19, 7, 33}});
  check_simt_layer<relu>({{2, 64, 7, 1}});
}
BOOST_AUTO_TEST_CASE(leaky) { check_simt_layer<leaky_relu<100>>({{1, 33, 33, 7}}); }
BOOST_AUTO_TEST_CASE(logistic) {
  check_simt_layer<sigmoid>({{2, 3, 33, 7}});
  check_simt_layer<sigmoid>({{1, 1, 1, 1}});
}

BOOST_AUTO_TEST_CASE(far_from_zero) {
  for_each_scalar([]<class T>(T) {
    auto k = make_case<sigmoid>({{1, 4, 1, 1}}, false);
    k.x = {{-1000, -20, 20, 1000}};
    check_near(run(step_of<sigmoid, under_test<T>>(), k), run(step_of<sigmoid, truth>(), k), bars_of<T>().forward, 1e-2);
  });
}

BOOST_AUTO_TEST_CASE(nan_stays) {
  auto k = make_case<relu>({{1, 3, 1, 1}}, false);
  k.x = {{NAN, -1, 2}};
  const auto out = run(step_of<relu, under_test<float>>(), k).out;
  BOOST_TEST(std::isnan(out[0]));
  BOOST_TEST((out[1] == 0 && out[2] == 2));
}

BOOST_AUTO_TEST_CASE(sum_of_two) {
  check_simt_layer<add>({{3, 5, 7, 33}, {3, 5, 7, 33}});
  check_simt_layer<add>({{1, 64, 7, 7}, {1, 64, 7, 7}});
}
BOOST_AUTO_TEST_CASE(sum_of_three) { check_simt_layer<add>({{1, 33, 7, 1}, {1, 33, 7, 1}, {1, 33, 7, 1}}); }

BOOST_AUTO_TEST_CASE(concat_of_two) {
  check_simt_layer<concat>({{2, 16, 7, 33}, {2, 3, 7, 33}});
  check_simt_layer<concat>({{3, 64, 7, 7}, {3, 32, 7, 7}});
}
BOOST_AUTO_TEST_CASE(concat_of_five) { check_simt_layer<concat>({{3, 1, 1, 7}, {3, 16, 1, 7}, {3, 2, 1, 7}, {3, 33, 1, 7}, {3, 5, 1, 7}}); }

BOOST_AUTO_TEST_CASE(channels_of_a_wider_tensor) {
  for_each_scalar([]<class T>(T) {
    using B = under_test<T>;
    for (const int first : {0, 8, 3}) {
      std::mt19937 generator(5);
      const shape whole{2, 40, 3, 7}, part{2, 16, 3, 7};
      const block<B> x(random_numbers(whole.count(), generator), whole);
      block<B> y(numbers(whole.count(), 0), whole);
      forward_call<T> call;
      call.inputs = 1;
      call.in[0] = view<T>{x.data, whole, B::preferred}.channels(first, part.c);
      call.out = view<T>{y.data, whole, B::preferred}.channels(8, part.c);
      op<relu, B>::forward(context<B>(), call);
      const auto from = x.values(whole), to = y.values(whole);
      const std::size_t area = 21;
      bool same = true;
      for (std::size_t i = 0; i < to.size(); ++i) {
        const std::size_t channel = i / area % 40;
        const bool inside = channel >= 8 && channel < 24;
        same &= to[i] == (inside ? std::max(from[i + area * first - area * 8], 0.0) : 0.0);
      }
      BOOST_TEST(same, "channels from " << first);
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace elementwise_suite
