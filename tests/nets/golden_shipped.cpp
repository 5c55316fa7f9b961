// The golden numbers that ship in tests/data, so that a public clone tests itself: the AVE encoder, and PFLD with its branches folded.
#include <boost/test/unit_test.hpp>

#include <tests/nets/golden_run.hpp>

namespace golden_shipped_suite {

using namespace viseme;
using namespace viseme::tests;
const std::filesystem::path shipped = source() / "tests/data/golden";

BOOST_AUTO_TEST_SUITE(golden_shipped)

BOOST_AUTO_TEST_CASE(audio_encoder_on_reference) { check(audio_encoder_case(), shipped, open_device("reference", dtype::fp64), dtype::fp64); }
BOOST_AUTO_TEST_CASE(audio_encoder_on_cpu) { check(audio_encoder_case(), shipped, open_device("cpu"), dtype::fp32); }
BOOST_AUTO_TEST_CASE(pfld_on_reference) { check(pfld_case(), shipped, open_device("reference", dtype::fp64), dtype::fp64); }
BOOST_AUTO_TEST_CASE(pfld_on_cpu) { check(pfld_case(), shipped, open_device("cpu"), dtype::fp32); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace golden_shipped_suite
