// Every net on a GPU with NVIDIA's libraries against the float64 numbers.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <tests/nets/training_steps.hpp>

namespace golden_cudnn_suite {

using namespace viseme;
using namespace viseme::tests;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(golden_cudnn, *boost::unit_test::precondition(needs("VISEME_GOLDEN")) * boost::unit_test::precondition(has_device("cudnn")))

BOOST_DATA_TEST_CASE(in_float, data::make(all_cases()), c) { check(c, golden(), open_device("cudnn", dtype::fp32), dtype::fp32); }
BOOST_DATA_TEST_CASE(in_bf16, data::make(all_cases()), c) { check(c, golden(), open_device("cudnn", dtype::bf16), dtype::bf16); }
BOOST_DATA_TEST_CASE(in_fp16, data::make(all_cases()), c) { check(c, golden(), open_device("cudnn", dtype::fp16), dtype::fp16); }
BOOST_AUTO_TEST_CASE(unet_step) { check_unet_step(open_device("cudnn")); }
BOOST_AUTO_TEST_CASE(syncnet_step) { check_syncnet_step(open_device("cudnn")); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace golden_cudnn_suite
