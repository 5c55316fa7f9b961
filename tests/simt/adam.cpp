#include "check_simt.hpp"
#include <tests/layers/check_adam.hpp>

namespace adam_suite {

using namespace viseme;
using namespace viseme::tests;

void check(std::size_t count, double scale, std::size_t first = 0) {
  const auto start = adam_gradient(99, count), want = adam_by_formula(start, scale);
  check_near("with float activations", adam_by_backend<under_test<float>>(start, scale, first), want, 1e-6);
  check_near("with bf16 activations", adam_by_backend<under_test<bf16>>(start, scale, first), want, 1e-6);
}

BOOST_AUTO_TEST_SUITE(adam)

BOOST_AUTO_TEST_CASE(as_in_torch) {
  for (std::size_t count : {1, 7, 33, 40000}) check(count, 1);
}

BOOST_AUTO_TEST_CASE(scaled_gradients) { check(100, 1.0 / 1024); }

BOOST_AUTO_TEST_CASE(blocks_that_begin_anywhere) { check(1027, 1, 3); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace adam_suite
