#include <viseme/io/array.hpp>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

namespace elements_suite {

using viseme::io::array;
using namespace viseme::io;

BOOST_AUTO_TEST_SUITE(elements)

BOOST_AUTO_TEST_CASE(every_half_survives_a_round_trip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = std::uint16_t(bits);
    if (std::isnan(from_f16(half)))
      BOOST_REQUIRE(std::isnan(from_f16(to_f16(from_f16(half)))));
    else
      BOOST_REQUIRE_EQUAL(to_f16(from_f16(half)), half);
  }
}

BOOST_AUTO_TEST_CASE(every_bf16_survives_a_round_trip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = std::uint16_t(bits);
    if (std::isnan(from_bf16(half)))
      BOOST_REQUIRE(std::isnan(from_bf16(to_bf16(from_bf16(half)))));
    else
      BOOST_REQUIRE_EQUAL(to_bf16(from_bf16(half)), half);
  }
}

BOOST_AUTO_TEST_CASE(halfway_rounds_to_even_between_all_neighbours) {
  for (std::uint16_t half = 0; half < 0x7bff; ++half) {
    const float low = from_f16(half), high = from_f16(std::uint16_t(half + 1)), middle = low + (high - low) / 2;
    BOOST_REQUIRE_EQUAL(to_f16(middle), half % 2 ? half + 1 : half);
    BOOST_REQUIRE_EQUAL(to_f16(std::nextafter(middle, high)), half + 1);
    BOOST_REQUIRE_EQUAL(to_f16(std::nextafter(middle, low)), half);
    BOOST_REQUIRE_EQUAL(to_f16(-middle), (half % 2 ? half + 1 : half) | 0x8000);
  }
}

BOOST_AUTO_TEST_CASE(bf16_rounds_to_even) {
  BOOST_CHECK_EQUAL(from_bf16(to_bf16(1 + 0x1p-8f)), 1.0f);
  BOOST_CHECK_EQUAL(from_bf16(to_bf16(1 + 3 * 0x1p-8f)), 1 + 0x1p-6f);
  BOOST_CHECK_EQUAL(from_bf16(to_bf16(1 + 0x1.02p-8f)), 1 + 0x1p-7f);
  BOOST_CHECK_EQUAL(from_bf16(to_bf16(std::numeric_limits<float>::max())), std::numeric_limits<float>::infinity());
}

BOOST_AUTO_TEST_CASE(the_edges_of_half) {
  BOOST_CHECK_EQUAL(to_f16(65504), 0x7bff);
  BOOST_CHECK_EQUAL(to_f16(65519.996f), 0x7bff);
  BOOST_CHECK_EQUAL(to_f16(65520), 0x7c00);
  BOOST_CHECK_EQUAL(to_f16(0x1p-25f), 0);
  BOOST_CHECK_EQUAL(to_f16(0x1.000002p-25f), 1);
  BOOST_CHECK_EQUAL(to_f16(-0.0f), 0x8000);
}

BOOST_AUTO_TEST_CASE(a_signalling_nan_stays_a_nan) {
  const float payload_below = std::bit_cast<float>(0x7f800001u);
  BOOST_CHECK(std::isnan(from_bf16(to_bf16(payload_below))));
  BOOST_CHECK(std::isnan(from_f16(to_f16(payload_below))));
}

BOOST_AUTO_TEST_CASE(converts_integers_and_booleans) {
  BOOST_CHECK((array::of(std::vector<std::int64_t>{-1, 7}, {2}).to_float() == std::vector<float>{-1, 7}));
  const array flags{element::boolean, {3}, {std::byte(0), std::byte(1), std::byte(255)}};
  BOOST_CHECK((flags.to_double() == std::vector<double>{0, 1, 1}));
  const array bytes{element::u8, {1}, {std::byte(255)}}, small{element::i8, {1}, {std::byte(255)}};
  BOOST_CHECK_EQUAL(bytes.to_float()[0], 255);
  BOOST_CHECK_EQUAL(small.to_float()[0], -1);
}

BOOST_AUTO_TEST_CASE(converted_leaves_integers_alone) {
  const auto counter = array::of(std::vector<std::int64_t>{3}, {});
  BOOST_CHECK(counter.converted(element::bf16) == counter);
  const auto weights = array::of(std::vector<float>{1, -2.5f}, {2, 1}).converted(element::bf16);
  BOOST_CHECK(weights.type == element::bf16);
  BOOST_CHECK((weights.to_float() == std::vector<float>{1, -2.5f}));
  BOOST_CHECK((weights.sizes == std::vector<std::int64_t>{2, 1}));
}

BOOST_AUTO_TEST_CASE(sizes_must_fit_the_values) {
  BOOST_CHECK_THROW(array::of(std::vector<float>{1, 2}, {3}), viseme::error);
  BOOST_CHECK_THROW(array::of(std::vector<float>{1}, {1}).as<double>(), viseme::error);
}

BOOST_AUTO_TEST_CASE(count_is_checked) {
  using sizes = std::vector<std::int64_t>;
  BOOST_CHECK(checked_count(sizes{}) == 1u);
  BOOST_CHECK(checked_count(sizes{2, 3}) == 6u);
  BOOST_CHECK(checked_count(sizes{2, 0, 3}) == 0u);
  BOOST_CHECK(!checked_count(sizes{-1}));
  BOOST_CHECK(!checked_count(sizes{std::int64_t(1) << 40, std::int64_t(1) << 40}));
  BOOST_CHECK(!checked_count(sizes{std::int64_t(1) << 40, std::int64_t(1) << 40, 0}));
  BOOST_CHECK(!checked_count(sizes{std::int64_t(1) << 61}, 4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace elements_suite
