// From a description to the table: order, names, edges, paths.
#include "small_net.hpp"

#include <viseme/nets/nets.hpp>

namespace lower_suite {

using namespace viseme;
using namespace viseme::tests;

template <class Net>
std::vector<std::string> labels() {
  std::vector<std::string> all;
  for (const auto& n : graph::lowered<Net>::table.node_at) all.emplace_back(n.label.view());
  return all;
}

template <class Net>
std::vector<std::string> names_of_parameters() {
  std::vector<std::string> all;
  for (const auto& e : graph::parameters<Net>()) all.push_back(e.name);
  return all;
}

/// Trainable parameters.
template <class Net>
double millions() {
  return double(trainable_size(graph::parameters<Net>())) / 1e6;
}

bool has(const std::vector<std::string>& all, const std::string& one) { return std::find(all.begin(), all.end(), one) != all.end(); }

using small = graph::lowered<small_net>;
using large = graph::lowered<unet<audio_features::ave, wide>>;

BOOST_AUTO_TEST_SUITE(lower)

BOOST_AUTO_TEST_CASE(layers_in_order_with_their_paths) {
  const std::vector<std::string> want{"down.0", "down.1", "down.2", "mixed.conv.0", "mixed.conv.1", "mixed", "sound.0", "sound.1", "joined", "up", "last", "output"};
  BOOST_TEST(labels<small_net>() == want, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(edges) {
  const auto& t = small::table;
  const auto reads = [&](const char* key) {
    const auto& n = t.node_at[t.find_output(key) - t.inputs];
    return std::vector<int>(n.inputs.begin(), n.inputs.begin() + n.input_count);
  };
  BOOST_TEST((reads("mixed") == std::vector<int>{t.inputs + 4, t.find_output("down")}));
  BOOST_TEST((reads("joined") == std::vector<int>{t.find_output("mixed"), t.find_output("sound")}));
  BOOST_TEST((reads("up") == std::vector<int>{t.find_output("joined")}));
  BOOST_TEST(t.readers(t.find_output("down")) == 2);
  BOOST_TEST(t.readers(t.find_output("output")) == 0);
}

BOOST_AUTO_TEST_CASE(channels) {
  const auto& t = small::table;
  BOOST_TEST(t.channels_of(t.find_input("audio")) == 2);
  BOOST_TEST(t.channels_of(t.find_output("joined")) == 12);
  BOOST_TEST(t.channels_of(t.find_output("output")) == 3);
}

BOOST_AUTO_TEST_CASE(names) {
  const auto& t = small::table;
  BOOST_TEST(t.find_output("output") == t.values - 1);
  BOOST_TEST(t.find_output("nothing") == -1);
  BOOST_TEST(t.find_input("down") == -1);
  BOOST_TEST(t.is_named(t.find_output("down")));
  BOOST_TEST(!t.is_named(t.inputs));
}

BOOST_AUTO_TEST_CASE(parameters_trainable_first_without_holes) {
  const auto entries = graph::parameters<small_net>();
  std::size_t offset = 0;
  bool trainable = true;
  for (const auto& e : entries) {
    BOOST_TEST(e.offset == offset);
    BOOST_TEST((trainable || !e.trainable));
    trainable = e.trainable;
    offset += e.count;
  }
  BOOST_TEST(trainable_size(entries) == 3u * 8 * 9 + 16 + 64 + 16 + 8 + 4 + 12 * 3 * 9 + 3);
  BOOST_TEST(block_size(entries) == trainable_size(entries) + 2 * 17);
}

BOOST_AUTO_TEST_CASE(unet) {
  const auto names = names_of_parameters<viseme::unet<audio_features::ave, wide>>();
  for (const char* want : {"down1.maxpool_conv.0.double_conv.0.conv.0.weight", "inc.inconv.0.conv.4.running_var", "audio_model.conv3.bias", "audio_model.bn5.weight",
                           "fuse_conv.1.double_conv.1.conv.7.num_batches_tracked", "up5.conv.double_conv.0.conv.3.weight", "outc.conv.weight"})
    BOOST_TEST(has(names, want), want << " is missing");
  for (const auto& n : large::table.node_at)
    for (int k = 0; k < n.input_count; ++k) BOOST_TEST(n.inputs[k] < large::table.inputs + int(&n - large::table.node_at.data()));
  const auto& join = large::table.node_at[large::table.find_output("joined") - large::table.inputs];
  BOOST_TEST(join.inputs[0] == large::table.find_output("down5"));
  BOOST_TEST(join.inputs[1] == large::table.find_output("audio_model"));
}

BOOST_AUTO_TEST_CASE(sizes_of_the_nets) {
  using enum audio_features;
  const auto near = boost::test_tools::tolerance(0.005);
  BOOST_TEST((millions<viseme::unet<ave, wide>>()) == 12.19, near);
  BOOST_TEST(millions<syncnet<ave>>() == 25.15, near);
  BOOST_TEST(millions<audio_encoder>() == 2.81, near);
  BOOST_TEST(millions<pfld<branches>>() == 0.88, near);
  BOOST_TEST(millions<pfld<folded>>() == 0.312, near);
  BOOST_TEST(millions<vgg19>() == 1.74, near);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lower_suite
