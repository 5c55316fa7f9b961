#define BOOST_TEST_MODULE viseme
#include <boost/test/unit_test.hpp>
