#include "check_simt.hpp"

namespace normalize_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(normalize)

BOOST_AUTO_TEST_CASE(to_length_one) {
  check_simt_layer<l2_normalize>({{3, 512, 1, 1}});
  check_simt_layer<l2_normalize>({{3, 33, 1, 1}});
  check_simt_layer<l2_normalize>({{2, 19, 7, 33}});
  check_simt_layer<l2_normalize>({{1, 1, 1, 1}});
}

BOOST_AUTO_TEST_CASE(nothing_stays_nothing) {
  for_each_scalar([]<class T>(T) {
    auto k = make_case<l2_normalize>({{1, 3, 1, 1}}, false);
    k.x = {{0, 0, 0}};
    const auto r = run(step_of<l2_normalize, under_test<T>>(), k);
    BOOST_TEST((r.out == numbers{0, 0, 0}));
    if constexpr (!std::is_same_v<T, fp16>)  // 1e12 is beyond it
      for (double d : r.d_x[0]) BOOST_TEST(std::isfinite(d));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace normalize_suite
