#include <boost/test/unit_test.hpp>

#include <tests/nets/replays.hpp>

namespace replays_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(replays)

BOOST_AUTO_TEST_CASE(a_session) { check_replayed_session(*open_device("emulated")); }
BOOST_AUTO_TEST_CASE(a_training_step) { check_replayed_training(*open_device("emulated")); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace replays_suite
