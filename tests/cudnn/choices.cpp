#include <boost/test/unit_test.hpp>

#include <backends/cudnn/choices.hpp>

namespace choices_suite {

using namespace viseme;
using namespace viseme::backends;

const convolution_task window{.s = {.in = 64, .out = 128, .kernel = {3, 5}, .stride = {2, 1}, .pad = {1, 2}},
                              .x = {4, 64, 20, 10},
                              .y = {4, 128, 10, 10},
                              .type = dtype::bf16};

convolution_task product(int in, int out, dtype type) {
  return {.s = {.in = in, .out = out}, .x = {4, in, 20, 10}, .y = {4, out, 20, 10}, .type = type};
}

BOOST_AUTO_TEST_SUITE(choices)

BOOST_AUTO_TEST_CASE(products_and_windows_go_to_their_libraries) {
  BOOST_TEST((rule(window) == convolution_library::cudnn));
  BOOST_TEST((rule(product(64, 128, dtype::bf16)) == convolution_library::cublaslt));
  BOOST_TEST((rule(product(3, 5, dtype::fp32)) == convolution_library::cublaslt));
}

BOOST_AUTO_TEST_CASE(halves_in_odd_channels_stay_at_home) {
  BOOST_TEST((rule(product(6, 64, dtype::bf16)) == convolution_library::cuda));
  BOOST_TEST((rule(product(64, 3, dtype::fp16)) == convolution_library::cuda));
}

BOOST_AUTO_TEST_CASE(a_record_wins_over_the_rule) {
  const std::array recorded{recorded_choice{"forward/conv3x5s2x1p1x2/64x128/20x10/bf16/batch4", convolution_library::cuda}};
  BOOST_TEST((choose(window, recorded) == convolution_library::cuda));
  auto other = window;
  other.x.n = other.y.n = 5;
  BOOST_TEST((choose(other, recorded) == convolution_library::cudnn));
}

BOOST_AUTO_TEST_CASE(what_is_recorded_is_possible) {
  for (const auto& r : recorded_choices)
    BOOST_TEST((r.library != convolution_library::cublaslt || r.task.find("/conv1x1s1x1p0x0/") != r.task.npos), r.task);
}

BOOST_AUTO_TEST_CASE(only_products_are_cublaslts) {
  BOOST_TEST(!computes(convolution_library::cublaslt, window));
  BOOST_TEST(computes(convolution_library::cublaslt, product(8, 8, dtype::fp32)));
  auto strided = product(8, 8, dtype::fp32);
  strided.s.stride = {2, 2};
  BOOST_TEST(!computes(convolution_library::cublaslt, strided));
  for (const auto l : convolution_libraries) BOOST_TEST(computes(l, product(8, 8, dtype::fp32)), text(l));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace choices_suite
