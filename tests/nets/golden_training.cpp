#include <boost/test/unit_test.hpp>

#include <tests/nets/training_steps.hpp>

namespace golden_training_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(golden_training, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_AUTO_TEST_CASE(unet_on_cpu) { check_unet_step(open_device("cpu")); }
BOOST_AUTO_TEST_CASE(syncnet_on_cpu) { check_syncnet_step(open_device("cpu")); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace golden_training_suite
