// Outputs and inner parts of every net against the float64 numbers: `reference` in double, `cpu` in float and bf16.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <tests/nets/golden_run.hpp>

namespace golden_forward_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(golden_forward, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_DATA_TEST_CASE(reference_in_double, boost::unit_test::data::make(all_cases()), c) {
  static const auto on = open_device("reference", dtype::fp64);
  check(c, golden(), on, dtype::fp64);
}

BOOST_DATA_TEST_CASE(cpu_in_float, boost::unit_test::data::make(all_cases()), c) {
  static const auto on = open_device("cpu");
  check(c, golden(), on, dtype::fp32);
}

BOOST_DATA_TEST_CASE(cpu_in_bf16, boost::unit_test::data::make(all_cases()), c) {
  static const auto on = open_device("cpu", dtype::bf16);
  check(c, golden(), on, dtype::bf16);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace golden_forward_suite
