#include <viseme/io/load.hpp>

#include <boost/test/unit_test.hpp>

#include "files.hpp"

namespace load_suite {

using namespace viseme::tests;
using namespace viseme::io;

struct parameter_entry {
  std::string name;
  std::vector<std::int64_t> sizes;
};

checkpoint with(const std::vector<parameter_entry>& entries) {
  checkpoint c;
  float next = 1;
  for (const auto& e : entries) {
    std::vector<float> values(*checked_count(e.sizes));
    for (auto& v : values) v = next++;
    c.tensors.add(e.name, array::of(values, e.sizes));
  }
  return c;
}

std::string canonical(const std::string& name, std::unordered_set<std::string> expected) { return canonical_name(name, expected); }

const std::vector<parameter_entry> table = {{"conv.weight", {2, 3}}, {"bn.bias", {2}}, {"bn.num_batches_tracked", {}}};

BOOST_AUTO_TEST_SUITE(load)

BOOST_AUTO_TEST_CASE(a_matching_file_comes_in_the_order_of_the_table) {
  const auto loaded = load_strict(with({{"bn.bias", {2}}, {"conv.weight", {2, 3}}}), table, "net");
  BOOST_REQUIRE_EQUAL(loaded.size(), 3u);
  BOOST_CHECK_EQUAL(loaded.begin()->first, "conv.weight");
  BOOST_CHECK((loaded.at("bn.bias").to_float() == std::vector<float>{1, 2}));
  BOOST_CHECK((loaded.at("bn.num_batches_tracked").as<std::int64_t>()[0] == 0));
}

BOOST_AUTO_TEST_CASE(every_difference_is_in_one_report) {
  const auto file = with({{"conv.weight", {3, 2}}, {"extra", {1}}});
  const auto report = match(file.tensors, table);
  BOOST_CHECK((report.missing == std::vector<std::string>{"bn.bias"}));
  BOOST_CHECK((report.unexpected == std::vector<std::string>{"extra"}));
  BOOST_REQUIRE_EQUAL(report.wrong_shapes.size(), 1u);
  BOOST_CHECK_EQUAL(report.wrong_shapes[0].name, "conv.weight");
  check_error([&] { load_strict(file, table, "UNet weights 'x.pth'"); },
              "UNet weights 'x.pth': 1 missing (bn.bias); 1 unexpected (extra); 1 of another shape (conv.weight is (3, 2) for (2, 3)): ");
}

BOOST_AUTO_TEST_CASE(long_lists_are_cut) {
  std::vector<parameter_entry> many;
  for (int i = 0; i < 100; ++i) many.push_back({"p" + std::to_string(i), {1}});
  check_error([&] { load_strict({}, many, "net"); }, "100 missing (p0, p1, p2, ...)");
}

BOOST_AUTO_TEST_CASE(wrapped_names_are_unwrapped) {
  BOOST_CHECK_EQUAL(canonical("module.a.weight", {"a.weight"}), "a.weight");
  BOOST_CHECK_EQUAL(canonical("model.module.a.weight", {"a.weight"}), "a.weight");
  BOOST_CHECK_EQUAL(canonical("features.0.weight", {"0.weight"}), "0.weight");
  BOOST_CHECK_EQUAL(canonical("module.other", {"a.weight"}), "module.other");
  BOOST_CHECK_EQUAL(canonical("module.a", {"module.a", "a"}), "module.a");
  BOOST_CHECK_EQUAL(canonical("", {"a"}), "");
}

BOOST_AUTO_TEST_CASE(ultralight_names_get_their_block_numbers) {
  BOOST_CHECK_EQUAL(canonical("inc.inconv.conv.0.weight", {"inc.inconv.0.conv.0.weight"}), "inc.inconv.0.conv.0.weight");
  BOOST_CHECK_EQUAL(
      canonical("module.down3.maxpool_conv.double_conv.1.conv.4.running_var", {"down3.maxpool_conv.0.double_conv.1.conv.4.running_var"}),
      "down3.maxpool_conv.0.double_conv.1.conv.4.running_var");
}

BOOST_AUTO_TEST_CASE(the_ave_file_gets_its_prefix) {
  BOOST_CHECK_EQUAL(canonical("0.conv_block.0.weight", {"audio_encoder.0.conv_block.0.weight"}), "audio_encoder.0.conv_block.0.weight");
}

BOOST_AUTO_TEST_CASE(two_spellings_of_one_parameter_are_not_both_taken) {
  const std::vector<parameter_entry> one = {{"a", {1}}};
  const auto report = match(with({{"a", {1}}, {"module.a", {1}}}).tensors, one);
  BOOST_CHECK((report.unexpected == std::vector<std::string>{"module.a"}));
}

BOOST_AUTO_TEST_CASE(a_whole_vgg_file_may_hold_later_layers) {
  const std::vector<parameter_entry> first = {{"0.weight", {4}}};
  const auto file = with({{"features.0.weight", {4}}, {"features.16.weight", {1}}, {"classifier.0.weight", {1}}});
  check_error([&] { load_strict(file, first, "VGG-19"); }, "2 unexpected");
  BOOST_CHECK_EQUAL(load_strict(file, first, "VGG-19", whole_vgg19()).size(), 1u);
}

BOOST_AUTO_TEST_CASE(a_step_counter_may_be_a_vector_of_one) {
  const auto loaded = load_strict(with({{"conv.weight", {2, 3}}, {"bn.bias", {2}}, {"bn.num_batches_tracked", {1}}}), table, "net");
  BOOST_CHECK(loaded.at("bn.num_batches_tracked").sizes.empty());
}

BOOST_AUTO_TEST_CASE(names_are_unique_and_looked_up) {
  state_dict dict;
  dict.add("a", array::of(std::vector<float>{1}, {1}));
  check_error([&] { dict.add("a", {}); }, "twice");
  check_error([&] { dict.at("b"); }, "does not hold it");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace load_suite
