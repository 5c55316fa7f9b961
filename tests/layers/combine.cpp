#include "check_layer.hpp"

namespace combine_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(combine)

BOOST_AUTO_TEST_CASE(sum_of_two) { check_layer<add>({{3, 5, 7, 33}, {3, 5, 7, 33}}); }
BOOST_AUTO_TEST_CASE(sum_of_three) { check_layer<add>({{1, 33, 7, 1}, {1, 33, 7, 1}, {1, 33, 7, 1}}); }
BOOST_AUTO_TEST_CASE(concat_of_two) { check_layer<concat>({{2, 16, 7, 33}, {2, 3, 7, 33}}); }
BOOST_AUTO_TEST_CASE(concat_of_five) { check_layer<concat>({{3, 1, 1, 7}, {3, 16, 1, 7}, {3, 2, 1, 7}, {3, 33, 1, 7}, {3, 5, 1, 7}}); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace combine_suite
