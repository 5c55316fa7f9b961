// Runs that start from values an earlier run kept.
#include "small_net.hpp"

#include <bit>
#include <cstdint>
#include <memory>

#include <viseme/run/kept_values.hpp>

namespace keep_suite {

using namespace viseme;
using namespace viseme::tests;

const std::vector<shape> sizes = default_input_shapes<small_net>(2);
const numbers image = random_numbers(sizes[0].count(), 1), audio = random_numbers(sizes[1].count(), 2), other_audio = random_numbers(sizes[1].count(), 3);

template <class B>
engine<B, small_net> make(const viseme::cut& c) {
  static const auto weights = std::make_shared<const prepared_weights<B, small_net>>(context(), random_block<small_net>());
  return {context(), weights, sizes, c};
}

template <class B>
numbers output_of(const numbers& image, const numbers& audio, const viseme::cut& c = {}) {
  auto e = make<B>(c);
  write(e.input("image"), image);
  write(e.input("audio"), audio);
  e.run();
  return read(e.output("output"));
}

template <class B>
void check_resume() {
  auto e = make<B>({{}, {}, {"down", "mixed"}});
  write(e.input("image"), image);
  write(e.input("audio"), audio);
  e.run();
  BOOST_TEST((read(e.output("output")) == output_of<B>(image, audio)));
  write(e.input("audio"), other_audio);
  for (int i = 0; i < 3; ++i) e.resume();
  BOOST_TEST((read(e.output("output")) == output_of<B>(image, other_audio)));
}

/// Stored, overwritten by a run on another image, loaded: the largest difference to what was stored, over the largest number.
template <class B>
double difference_after_storage(kept_as how) {
  auto e = make<B>({{}, {}, {"down", "mixed"}});
  const std::vector kept{e.output("down"), e.output("mixed")};
  write(e.input("image"), image);
  write(e.input("audio"), audio);
  e.run();
  const auto want = read(kept[1]);
  const kept_start<B> start(kept, how);
  const auto stored = start.keep(context());
  BOOST_TEST(stored->memory_bytes() == start.bytes());
  write(e.input("image"), random_numbers(image.size(), 4));
  e.run();
  BOOST_TEST((read(kept[1]) != want));
  const auto* storage = start.storage(*stored);
  start.load(context(), &storage);
  e.resume();
  if (how == kept_as::exact) BOOST_TEST((read(e.output("output")) == output_of<B>(image, audio)));
  return relative(read(kept[1]), want);
}

BOOST_AUTO_TEST_SUITE(keep)

BOOST_AUTO_TEST_CASE(resuming_equals_running_on_reference) { check_resume<truth>(); }
BOOST_AUTO_TEST_CASE(resuming_equals_running_on_cpu) { check_resume<fast>(); }

BOOST_AUTO_TEST_CASE(resuming_computes_only_what_lies_behind_the_kept_values) {
  const shape_plan plan(graph::table_of<small_net>(), sizes, {{}, {}, {"mixed"}});
  const auto is = [&](const char* key) { return plan.resumed[plan.net.find(key)]; };
  for (const auto* key : {"sound", "joined", "up", "last", "output"}) BOOST_TEST(is(key), key);
  for (const auto* key : {"image", "audio", "down", "mixed"}) BOOST_TEST(!is(key), key);
}

BOOST_AUTO_TEST_CASE(a_kept_value_may_be_an_output_too) {
  auto e = make<fast>({{}, {"mixed", "output"}, {"mixed"}});
  write(e.input("image"), image);
  write(e.input("audio"), audio);
  e.run();
  const auto mixed = read(e.output("mixed")), output = read(e.output("output"));
  write(e.input("image"), random_numbers(image.size(), 4));
  e.resume();
  BOOST_TEST((read(e.output("mixed")) == mixed));
  BOOST_TEST((read(e.output("output")) == output));
}

BOOST_AUTO_TEST_CASE(exact_storage_changes_no_bit) {
  BOOST_TEST(difference_after_storage<truth>(kept_as::exact) == 0);
  BOOST_TEST(difference_after_storage<fast>(kept_as::exact) == 0);
}

BOOST_AUTO_TEST_CASE(bf16_storage_rounds_to_eight_bits) {
  for (const double d : {difference_after_storage<truth>(kept_as::bf16), difference_after_storage<fast>(kept_as::bf16)}) {
    BOOST_TEST(d > 0);
    BOOST_TEST(d <= 0x1p-8);
  }
}

BOOST_AUTO_TEST_CASE(storage_of_any_length_is_rounded_like_each_number) {
  for (const int n : {1, 15, 16, 17, 1 << 15, (1 << 15) + 5, 3 << 15}) {
    std::vector<float> from(n), back(n);
    for (int i = 0; i < n; ++i) from[i] = std::bit_cast<float>(std::uint32_t(i) * 0x9e3779b1u & 0xbfffffffu);
    const shape size{1, n, 1, 1};
    const auto stored = kept_start<fast>({{from.data(), size, layout::nhwc}}, kept_as::bf16).keep(context());
    const kept_start<fast> loaded({{back.data(), size, layout::nhwc}}, kept_as::bf16);
    const auto* storage = loaded.storage(*stored);
    loaded.load(context(), &storage);
    for (int i = 0; i < n; ++i) BOOST_REQUIRE(std::bit_cast<std::uint32_t>(back[i]) == std::bit_cast<std::uint32_t>(from_bf16(to_bf16(from[i]))));
  }
}

BOOST_AUTO_TEST_CASE(values_of_another_run_are_refused) {
  auto e = make<fast>({{}, {}, {"down", "mixed"}});
  const auto stored = kept_start<fast>({e.output("mixed")}, kept_as::bf16).keep(context());
  const auto start = [&](const std::vector<view<float>>& values, kept_as how) { kept_start<fast>(values, how).storage(*stored); };
  check_error([&] { start({e.output("down"), e.output("mixed")}, kept_as::bf16); }, {"kept values", "another net or size"});
  check_error([&] { start({e.output("mixed")}, kept_as::exact); }, {"kept values", "another net or size"});
  check_error([] { make<fast>({{}, {}, {"image"}}); }, {"'image'"});
  check_error([] { make<fast>({{}, {}, {"mouth"}}); }, {"'mouth'"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace keep_suite
