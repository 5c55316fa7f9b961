#include "device_drawing.hpp"

namespace device_painter_suite {

using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(device_painter)

BOOST_AUTO_TEST_CASE(the_host_gives_bgr) {
  for (const auto& frame : rendered_by_the_host().frames) BOOST_TEST(frame.type() == CV_8UC3);
}

BOOST_AUTO_TEST_CASE(emulated) { check_drawing("emulated"); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace device_painter_suite
