#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

#include <viseme/core/scalar.hpp>

namespace scalar_suite {

using namespace viseme;

BOOST_AUTO_TEST_SUITE(scalar)

BOOST_AUTO_TEST_CASE(every_half_comes_back) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    fp16 h;
    h.bits = std::uint16_t(bits);
    if (std::isnan(float(h))) BOOST_REQUIRE(std::isnan(float(fp16(float(h)))));
    else BOOST_REQUIRE_EQUAL(fp16(float(h)).bits, bits);
  }
}

BOOST_AUTO_TEST_CASE(fp16_rounds_to_nearest_even) {
  BOOST_TEST(float(fp16(1 + 0x1p-11f)) == 1.0f);
  BOOST_TEST(float(fp16(1 + 3 * 0x1p-11f)) == 1 + 0x1p-9f);
  BOOST_TEST(float(fp16(1 + 0x1.1p-11f)) == 1 + 0x1p-10f);
  BOOST_TEST(float(fp16(65519)) == 65504.0f);
  BOOST_TEST(std::isinf(float(fp16(65520))));
  BOOST_TEST(std::isinf(float(fp16(-std::numeric_limits<float>::infinity()))));
  BOOST_TEST(float(fp16(0x1p-24f)) == 0x1p-24f);
  BOOST_TEST(float(fp16(0x1p-25f)) == 0.0f);
  BOOST_TEST(float(fp16(0x1.8p-24f)) == 0x1p-23f);
  BOOST_TEST(float(fp16(2047 * 0x1p-25f)) == 0x1p-14f);
}

BOOST_AUTO_TEST_CASE(masters_are_float) {
  static_assert(std::is_same_v<master_of<bf16>, float> && std::is_same_v<master_of<double>, double>);
  BOOST_TEST(masters_for<bf16>(3) == 2u);
  BOOST_TEST(masters_for<float>(3) == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace scalar_suite
