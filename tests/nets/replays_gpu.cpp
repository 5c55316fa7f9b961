#include <boost/test/unit_test.hpp>

#include <tests/nets/replays.hpp>

namespace replays_gpu_suite {

using namespace viseme;
using namespace viseme::tests;

const std::vector<dtype> dtypes{dtype::fp32, dtype::bf16};

BOOST_AUTO_TEST_SUITE(replays_gpu, *boost::unit_test::precondition(has_device("cuda")))

BOOST_AUTO_TEST_CASE(sessions) {
  for (const auto type : dtypes) check_replayed_session(*open_device("cuda", type));
}
BOOST_AUTO_TEST_CASE(training_steps) {
  for (const auto type : dtypes) check_replayed_training(*open_device("cuda", type));
}
BOOST_AUTO_TEST_CASE(sessions_with_the_libraries, *boost::unit_test::precondition(has_device("cudnn"))) {
  for (const auto type : dtypes) check_replayed_session(*open_device("cudnn", type));
}
BOOST_AUTO_TEST_CASE(training_steps_with_the_libraries, *boost::unit_test::precondition(has_device("cudnn"))) {
  for (const auto type : dtypes) check_replayed_training(*open_device("cudnn", type));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace replays_gpu_suite
