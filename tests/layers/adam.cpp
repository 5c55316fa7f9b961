#include "check_adam.hpp"

namespace adam_suite {

using namespace viseme;
using namespace viseme::tests;

void check(std::size_t count, double scale) {
  const auto start = adam_gradient(99, count), want = adam_by_formula(start, scale);
  check_near("reference", adam_by_backend<truth>(start, scale), want, 1e-12);
  check_near("cpu", adam_by_backend<fast>(start, scale), want, 1e-6);
}

BOOST_AUTO_TEST_SUITE(adam)

BOOST_AUTO_TEST_CASE(as_in_torch) {
  for (std::size_t count : {1, 7, 33, 40000}) check(count, 1);
}

BOOST_AUTO_TEST_CASE(scaled_gradients) { check(100, 1.0 / 1024); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace adam_suite
