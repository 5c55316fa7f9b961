#include <boost/test/unit_test.hpp>

#include <viseme/core/error.hpp>

namespace error_suite {

using namespace viseme;

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(one_line_of_three_parts) { BOOST_TEST(std::string(viseme::error("weights.pth", "it is empty", "download it again").what()) == "weights.pth: it is empty: download it again"); }

BOOST_AUTO_TEST_CASE(requirements) {
  BOOST_CHECK_NO_THROW(require(true, "a", "b", "c"));
  BOOST_CHECK_EXCEPTION(require(false, "a", "b", "c"), viseme::error, [](const auto& e) { return std::string(e.what()) == "a: b: c"; });
}

BOOST_AUTO_TEST_CASE(is_a_runtime_error) { BOOST_CHECK_THROW(require(false, "a", "b", "c"), std::runtime_error); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace error_suite
