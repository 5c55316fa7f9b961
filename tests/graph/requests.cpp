// Requests that a net cannot serve: each is one clear error.
#include "small_net.hpp"

#include <viseme/run/training_graph.hpp>

namespace requests_suite {

using namespace viseme;
using namespace viseme::tests;

using run_of = engine<fast, small_net>;

run_of make(const viseme::cut& c, std::vector<shape> sizes = default_input_shapes<small_net>(1)) {
  static const auto weights = std::make_shared<const prepared_weights<fast, small_net>>(context(), random_block<small_net>());
  return {context(), weights, sizes, c};
}

training_graph<fast, small_net> train(training_options o) { return {context(), random_block<small_net>(), default_input_shapes<small_net>(1), std::move(o)}; }

BOOST_AUTO_TEST_SUITE(requests)

BOOST_AUTO_TEST_CASE(unknown_names) {
  check_error([] { make({{}, {"mouth"}}); }, {"'mouth'", "no such input or step"});
  check_error([] { make({{"mouth"}, {}}); }, {"'mouth'", "no such input or step"});
  check_error([] { train({.frozen = false, .input_gradients = false, .outputs = {"mouth"}}); }, {"'mouth'", "no such input or step"});
}

BOOST_AUTO_TEST_CASE(missing_feeds) {
  check_error([] { make({{"image"}, {"output"}}); }, {"input audio", "is not fed"});
  check_error([] { make({{"joined"}, {"mixed"}}); }, {"input image", "is not fed"});
}

BOOST_AUTO_TEST_CASE(wrong_input_shapes) {
  check_error([] { make({}, {{1, 4, 8, 6}, {1, 2, 4, 3}}); }, {"input image", "(1, 4, 8, 6)", "3 channels"});
  check_error([] { make({}, {{1, 3, 8, 6}}); }, {"input shapes", "2 inputs"});
  check_error([] { make({}, {{0, 3, 8, 6}, {0, 2, 4, 3}}); }, {"input image", "(0, 3, 8, 6)"});
  check_error([] { make({}, {{1, 3, -8, 6}, {1, 2, 4, 3}}); }, {"input image"});
}

BOOST_AUTO_TEST_CASE(values_that_do_not_join) {
  check_error([] { make({}, {{1, 3, 8, 6}, {1, 2, 5, 3}}); }, {"layer joined", "(1, 8, 4, 3)", "(1, 4, 5, 3)"});
  check_error([] { make({}, {{2, 3, 8, 6}, {1, 2, 4, 3}}); }, {"layer joined"});
}

BOOST_AUTO_TEST_CASE(values_that_a_run_does_not_keep) {
  auto e = make({{}, {"mixed"}});
  check_error([&] { e.output("output"); }, {"'output'", "kept"});
  check_error([&] { e.output("mouth"); }, {"'mouth'"});
  check_error([&] { e.input("audio"); }, {"'audio'", "fed"});
}

BOOST_AUTO_TEST_CASE(values_that_training_does_not_keep) {
  auto t = train({});
  check_error([&] { t.output("mixed"); }, {"'mixed'", "does not keep"});
  check_error([&] { t.input_gradient("image"); }, {"'image'", "without input gradients"});
}

BOOST_AUTO_TEST_CASE(weights_of_another_net) {
  const std::vector<float> few(10);
  check_error([&] { prepared_weights<fast, small_net>(context(), few); }, {"weights", "another size"});
  check_error([&] { training_graph<fast, small_net>(context(), few, default_input_shapes<small_net>(1), {}); }, {"weights", "another size"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace requests_suite
