#include "device_drawing.hpp"

#include <tests/nets/golden_run.hpp>

namespace device_painter_gpu_suite {

using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(device_painter_gpu, *boost::unit_test::precondition(has_device("cuda")))

BOOST_AUTO_TEST_CASE(cuda) { check_drawing("cuda"); }
BOOST_AUTO_TEST_CASE(cudnn, *boost::unit_test::precondition(has_device("cudnn"))) { check_drawing("cudnn"); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace device_painter_gpu_suite
