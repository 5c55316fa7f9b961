#include "check_simt.hpp"

#include <viseme/optim/loss_scaling.hpp>

namespace scaled_losses_suite {

using namespace viseme;
using namespace viseme::tests;

bool all_are_finite(const numbers& values) {
  using B = under_test<fp16>;
  const block<B, float> x(values);
  return op<all_finite, B>::run(context<B>(), x.data, values.size());
}

BOOST_AUTO_TEST_SUITE(scaled_losses)

BOOST_AUTO_TEST_CASE(one_number_is_found) {
  for (std::size_t count : {1, 33, 1024, 5000}) {
    numbers values(count, 3e38);
    BOOST_TEST(all_are_finite(values));
    for (double bad : {double(INFINITY), -double(INFINITY), double(NAN)})
      for (std::size_t at : {std::size_t(0), count / 2, count - 1}) {
        auto spoiled = values;
        spoiled[at] = bad;
        BOOST_TEST(!all_are_finite(spoiled), bad << " at " << at << " of " << count);
      }
  }
}

BOOST_AUTO_TEST_CASE(scale_halves_and_doubles) {
  loss_scaling s;
  BOOST_TEST(s.scale() == 65536.0);
  BOOST_TEST(!s.take(false));
  BOOST_TEST(s.scale() == 32768.0);
  for (int i = 0; i < 2000; ++i) BOOST_TEST(s.take(true));
  BOOST_TEST(s.scale() == 65536.0);
  for (int i = 0; i < 100; ++i) s.take(false);
  BOOST_TEST(s.scale() == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace scaled_losses_suite
