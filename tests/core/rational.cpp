#include <boost/test/unit_test.hpp>

#include <viseme/core/rational.hpp>

namespace rational_suite {

using namespace viseme;

static_assert(reduced(50, 2) == viseme::rational{25, 1});
static_assert(viseme::rational{30000, 1001}.value() > 29.97);

BOOST_AUTO_TEST_SUITE(rational)

BOOST_AUTO_TEST_CASE(numbers_and_fractions) {
  BOOST_TEST((parse_rational("25") == viseme::rational{25, 1}));
  BOOST_TEST((parse_rational("25/1") == viseme::rational{25, 1}));
  BOOST_TEST((parse_rational("30000/1001") == viseme::rational{30000, 1001}));
  BOOST_TEST((parse_rational("50/2") == viseme::rational{25, 1}));
  BOOST_TEST((parse_rational("1/2") == viseme::rational{1, 2}));
  BOOST_TEST((parse_rational("1000") == viseme::rational{1000, 1}));
}

BOOST_AUTO_TEST_CASE(decimals) {
  BOOST_TEST((parse_rational("29.97") == viseme::rational{2997, 100}));
  BOOST_TEST((parse_rational("12.5") == viseme::rational{25, 2}));
  BOOST_TEST((parse_rational("23.976") == viseme::rational{2997, 125}));
}

BOOST_AUTO_TEST_CASE(all_else_is_refused) {
  for (const char* text : {"", " ", "0", "0/1", "25/0", "-25", "+25", "25 ", "25/", "/1", "1/2/3", "25.", ".5", "29.9701", "1e3", "0x19", "nan", "1001", "1000.001", "2001/2",
                           "99999999999999999999", "1/99999999999999999999", "twenty", "25,0"})
    BOOST_CHECK_THROW(parse_rational(text), error);
}

BOOST_AUTO_TEST_CASE(texts_come_back) {
  for (const viseme::rational r : {viseme::rational{25, 1}, {30000, 1001}, {1, 3}}) BOOST_TEST((parse_rational(text(r)) == r));
}

BOOST_AUTO_TEST_CASE(frames_that_cover_a_sound) {
  BOOST_TEST(frames_covering(0, 16000, {25, 1}) == 0);
  BOOST_TEST(frames_covering(1, 16000, {25, 1}) == 1);
  BOOST_TEST(frames_covering(640, 16000, {25, 1}) == 1);
  BOOST_TEST(frames_covering(641, 16000, {25, 1}) == 2);
  BOOST_TEST(frames_covering(16000, 16000, {25, 1}) == 25);
  BOOST_TEST(frames_covering(16000, 16000, {30000, 1001}) == 30);
  BOOST_TEST(frames_covering(std::int64_t(24) * 3600 * 48000, 48000, {30000, 1001}) == 2589411);  // a day
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rational_suite
