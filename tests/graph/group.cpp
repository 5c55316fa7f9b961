// Which layers run as one.
#include "small_net.hpp"

#include <viseme/nets/nets.hpp>

namespace group_suite {

using namespace viseme;
using namespace viseme::tests;

template <class Net, purpose P, class B>
struct groups_of {
  static constexpr auto table = graph::lowered<Net>::table;
  static constexpr auto facts = graph::lowered<Net>::facts;
  static constexpr auto groups = graph::group<Net, fusing<B, P>>();

  static std::vector<int> sizes() {
    std::vector<int> s;
    for (int g = 0; g < groups.groups; ++g) s.push_back(groups.group[g].count);
    return s;
  }
  /// Groups cover the net in order; inside one, every value but the last has no name and one reader.
  static void check() {
    int next = 0;
    for (int g = 0; g < groups.groups; ++g) {
      const auto range = groups.group[g];
      BOOST_TEST(range.first == next);
      next += range.count;
      for (int i = range.first; i + 1 < next; ++i) {
        BOOST_TEST(!table.is_named(table.inputs + i), table.node_at[i].label.view() << " is inside a group");
        BOOST_TEST(table.readers(table.inputs + i) == 1);
      }
    }
    BOOST_TEST(next == table.nodes);
  }
};

/// An inverted residual behind a concatenation of what it is told.
template <auto... Joined>
struct decoder {
  using body = network<input<"x"_n, 4>, input<"skip"_n, 4>, at<"upsampled"_n, upsample2x, "x"_n>, at<"joined"_n, concat, Joined...>,
                       at<"conv"_n, inverted_residual<8, 6>>>;
};
template <auto... Joined>
struct decoder_net {
  static constexpr shape input_shape(int i, int n) { return i == 0 ? shape{n, 4, 4, 4} : shape{n, 4, 8, 8}; }
  using body = network<input<"x"_n, 4>, input<"skip"_n, 4>, at<"output"_n, decoder<Joined...>, "x"_n, "skip"_n>>;
};

using unet_inference = groups_of<unet<audio_features::ave, wide>, purpose::inference, fast>;
using unet_training = groups_of<unet<audio_features::ave, wide>, purpose::training, fast>;

BOOST_AUTO_TEST_SUITE(group)

BOOST_AUTO_TEST_CASE(small_net_in_inference) {
  using g = groups_of<small_net, purpose::inference, fast>;
  g::check();
  BOOST_TEST((g::sizes() == std::vector<int>{3, 3, 2, 1, 1, 1, 1}));  // conv norm relu, conv norm sum, conv leaky, and single layers
}

BOOST_AUTO_TEST_CASE(small_net_in_training) {
  using g = groups_of<small_net, purpose::training, fast>;
  g::check();
  BOOST_TEST((g::sizes() == std::vector<int>{1, 2, 1, 2, 1, 1, 1, 1, 1, 1}));  // norm relu, norm sum
}

BOOST_AUTO_TEST_CASE(reference_runs_layer_by_layer) {
  BOOST_TEST((groups_of<small_net, purpose::inference, truth>::groups.groups) == graph::lowered<small_net>::table.nodes);
}

BOOST_AUTO_TEST_CASE(inputs_of_a_group) {
  using g = groups_of<small_net, purpose::inference, fast>;
  const auto& t = graph::lowered<small_net>::table;
  const auto in = graph::group_inputs(t, g::groups.group[1]);
  BOOST_TEST(in.count == 2);
  BOOST_TEST((in.id[0] == t.find_output("down") && in.id[1] == t.find_output("down")));
}

BOOST_AUTO_TEST_CASE(unet_in_inference_has_no_norm_of_its_own) {
  unet_inference::check();
  for (int g = 0; g < unet_inference::groups.groups; ++g)
    BOOST_TEST(!unet_inference::facts[std::size_t(unet_inference::groups.group[g].first)].norm);
}

BOOST_AUTO_TEST_CASE(inverted_residuals_are_one_step) {
  const auto sizes = unet_inference::sizes();
  BOOST_TEST(std::count(sizes.begin(), sizes.end(), 9) == 15);   // with their sum: one of each double_conv, conv4, conv6, conv7
  BOOST_TEST(std::count(sizes.begin(), sizes.end(), 10) == 5);  // with the upsampling and the concatenation
  BOOST_TEST(std::count(sizes.begin(), sizes.end(), 8) == 10);  // inc, conv1, conv2, and the first of the others
}

BOOST_AUTO_TEST_CASE(what_is_upsampled_comes_first) {
  BOOST_TEST((groups_of<decoder_net<"upsampled"_n, "skip"_n>, purpose::inference, fast>::sizes() == std::vector{10}));
  BOOST_TEST((groups_of<decoder_net<"skip"_n, "upsampled"_n>, purpose::inference, fast>::sizes() == std::vector{1, 1, 8}));
}

BOOST_AUTO_TEST_CASE(unet_in_training) {
  unet_training::check();
  BOOST_TEST(unet_training::groups.groups < unet_training::table.nodes);
  BOOST_TEST(unet_training::groups.groups > unet_inference::groups.groups);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace group_suite
