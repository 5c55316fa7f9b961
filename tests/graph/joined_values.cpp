// Values that lie in the concatenation they become part of.
#include "small_net.hpp"

#include <viseme/layers/normalize.hpp>

namespace joined_values_suite {

using namespace viseme;
using namespace viseme::tests;

/// A join within a join, a part that is joined twice, one that an op wants without gaps, and an input.
struct joins {
  static constexpr shape input_shape(int, int n) { return {n, 3, 5, 4}; }
  using body = network<input<"x"_n, 3>, at<"a"_n, pointwise<3, 5, true>, "x"_n>, at<"b"_n, sequential<pointwise<3, 9, true>, relu>, "x"_n>,
                       at<"dense"_n, pointwise<3, 2, true>, "x"_n>, at<"unit"_n, l2_normalize, "dense"_n>, at<"inner"_n, concat, "a"_n, "b"_n>,
                       at<"outer"_n, concat, "inner"_n, "a"_n, "dense"_n, "unit"_n, "x"_n>,
                       at<"depthwise"_n, conv2d<conv{.in = 26, .out = 26, .kernel = {3, 3}, .pad = {1, 1}, .groups = 26}>, "outer"_n>,
                       at<"output"_n, add, "depthwise"_n, "outer"_n>>;
};

const std::vector<shape> sizes = default_input_shapes<joins>(2);
const std::vector<std::string> all_keys{"a", "b", "dense", "unit", "inner", "outer", "depthwise", "output"};

template <class B>
engine<B, joins> make(const cut& c) {
  return {context(), std::make_shared<const prepared_weights<B, joins>>(context(), random_block<joins>()), sizes, c};
}
template <class B>
numbers run(const cut& c) {
  auto e = make<B>(c);
  write(e.input("x"), random_numbers(sizes[0].count(), 1));
  e.run();
  return read(e.output("output"));
}

/// For cut c: the key of the value that `key` lies in, and from which channel on.
std::pair<std::string, int> place_of(const std::string& key, const cut& c = {}) {
  const auto net = net_program<fast, joins, purpose::inference>::make();
  const shape_plan shapes(net.net, sizes, c);
  const auto joined = join_in_place(net.steps, shapes).at(net.net.find(key));
  for (const auto& whole : all_keys)
    if (joined.whole >= 0 && joined.whole == net.net.find_output(whole)) return {whole, joined.first};
  return {"", 0};
}
using place = std::pair<std::string, int>;

BOOST_AUTO_TEST_SUITE(joined_values)

BOOST_AUTO_TEST_CASE(parts_lie_in_the_first_join_that_reads_them) {
  BOOST_TEST((place_of("a") == place{"inner", 0}));
  BOOST_TEST((place_of("b") == place{"inner", 5}));
  BOOST_TEST((place_of("inner") == place{"outer", 0}));
}
BOOST_AUTO_TEST_CASE(what_is_wanted_without_gaps_lies_alone) {
  BOOST_TEST((place_of("dense") == place{}));
  BOOST_TEST((place_of("unit") == place{}));
}
BOOST_AUTO_TEST_CASE(what_others_see_lies_alone) {
  BOOST_TEST((place_of("x") == place{}));
  BOOST_TEST((place_of("b", {{}, {"b", "output"}}) == place{}));
  BOOST_TEST((place_of("b", {{}, {"output"}, {"b"}}) == place{}));
  BOOST_TEST((place_of("inner", {{"x", "inner"}, {"output"}}) == place{}));
}
BOOST_AUTO_TEST_CASE(what_is_not_computed_joins_nothing) { BOOST_TEST((place_of("b", {{"x", "inner"}, {"output"}}) == place{})); }
BOOST_AUTO_TEST_CASE(joined_in_place_or_moved_the_values_are_equal) { BOOST_TEST((run<fast>({}) == run<fast>({{}, all_keys}))); }
BOOST_AUTO_TEST_CASE(values_agree_with_reference) { BOOST_TEST(relative(run<fast>({}), run<truth>({})) <= 1e-5); }
BOOST_AUTO_TEST_CASE(memory_of_parts_is_not_needed_twice) {
  BOOST_TEST(make<fast>({}).arena_bytes() < make<fast>({{}, {"a", "b", "output"}}).arena_bytes());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace joined_values_suite
