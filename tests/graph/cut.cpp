// Runs of a whole net, of parts of it, and what a run may not do: allocate.
#include "small_net.hpp"

#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>

#include <viseme/render/kept_encoder.hpp>

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t bytes) {
  ++allocations;
  return std::malloc(bytes ? bytes : 1);
}

void* counted_or_throw(std::size_t bytes) {
  if (void* p = counted(bytes)) return p;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) { return counted_or_throw(bytes); }
void* operator new[](std::size_t bytes) { return counted_or_throw(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace cut_suite {

using namespace viseme;
using namespace viseme::tests;

const std::vector<shape> sizes = default_input_shapes<small_net>(2);
const numbers image = random_numbers(sizes[0].count(), 1), audio = random_numbers(sizes[1].count(), 2);

template <class B>
engine<B, small_net> make(const viseme::cut& c = {}) {
  static const auto weights = std::make_shared<const prepared_weights<B, small_net>>(context(), random_block<small_net>());
  return {context(), weights, sizes, c};
}

/// All inner values from one run that keeps them.
template <class B>
std::map<std::string, numbers> whole_run(const std::vector<std::string>& keys) {
  auto e = make<B>({{}, keys});
  write(e.input("image"), image);
  write(e.input("audio"), audio);
  e.run();
  std::map<std::string, numbers> all;
  for (const auto& key : keys) all[key] = read(e.output(key));
  return all;
}

const std::vector<std::string> all_keys{"down", "mixed", "sound", "joined", "up", "last", "output"};

template <class B>
void check_cuts() {
  const auto whole = whole_run<B>(all_keys);
  auto only_output = make<B>();
  write(only_output.input("image"), image);
  write(only_output.input("audio"), audio);
  only_output.run();
  BOOST_TEST((read(only_output.output("output")) == whole.at("output")));

  auto first_half = make<B>({{"image"}, {"mixed"}});
  write(first_half.input("image"), image);
  first_half.run();
  BOOST_TEST((read(first_half.output("mixed")) == whole.at("mixed")));
  BOOST_TEST(first_half.arena_bytes() < only_output.arena_bytes());

  auto second_half = make<B>({{"mixed", "sound"}, {"output"}});
  write(second_half.input("mixed"), whole.at("mixed"));
  write(second_half.input("sound"), whole.at("sound"));
  second_half.run();
  BOOST_TEST((read(second_half.output("output")) == whole.at("output")));

  auto around = make<B>({{"down", "audio"}, {"joined"}});
  write(around.input("down"), whole.at("down"));
  write(around.input("audio"), audio);
  around.run();
  BOOST_TEST((read(around.output("joined")) == whole.at("joined")));
}

BOOST_AUTO_TEST_SUITE(cut)

BOOST_AUTO_TEST_CASE(parts_equal_the_whole_on_reference) { check_cuts<truth>(); }
BOOST_AUTO_TEST_CASE(parts_equal_the_whole_on_cpu) { check_cuts<fast>(); }

BOOST_AUTO_TEST_CASE(backends_agree) {
  const auto want = whole_run<truth>(all_keys), have = whole_run<fast>(all_keys);
  for (const auto& key : all_keys) BOOST_TEST(relative(have.at(key), want.at(key)) <= 1e-5, key);
}

BOOST_AUTO_TEST_CASE(runs_repeat) {
  auto e = make<fast>();
  write(e.input("image"), image);
  write(e.input("audio"), audio);
  e.run();
  const auto first = read(e.output("output"));
  for (int i = 0; i < 3; ++i) e.run();
  BOOST_TEST((read(e.output("output")) == first));
}

BOOST_AUTO_TEST_CASE(a_run_allocates_nothing) {
  auto e = make<fast>();
  write(e.input("image"), image);
  write(e.input("audio"), audio);
  const long before = allocations;
  BOOST_TEST(before > 0);
  for (int i = 0; i < 5; ++i) e.run();
  const long after = allocations;
  BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_CASE(a_run_from_kept_values_allocates_nothing) {
  const net_spec spec{"unet", "mel", "mobile"};
  const auto weights = open_device("cpu", dtype::fp32, 2)->prepare(spec, initial_block(spec, 1));
  render::kept_encoder net(*weights, 1, std::size_t(4) << 20);
  const std::vector<float> picture(6 * 320 * 320), sound(32 * 16 * 16);
  std::vector<float> output(3 * 320 * 320);
  net.run(0, picture, sound, output);
  BOOST_TEST(net.keeps(0));
  const long before = allocations;
  for (int i = 0; i < 2; ++i) net.run(0, picture, sound, output);
  const long after = allocations;
  BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_CASE(sessions_share_weights) {
  auto a = make<fast>(), b = make<fast>();
  write(a.input("image"), image);
  write(a.input("audio"), audio);
  write(b.input("image"), random_numbers(image.size(), 5));
  write(b.input("audio"), audio);
  a.run();
  const auto alone = read(a.output("output"));
  b.run();
  BOOST_TEST((read(a.output("output")) == alone));
  BOOST_TEST((read(b.output("output")) != alone));
}

BOOST_AUTO_TEST_CASE(arena_is_smaller_than_all_values) {
  std::size_t sum = 0;
  const shape_plan plan(graph::table_of<small_net>(), sizes, {});
  for (const auto& s : plan.size) sum += graph::aligned(s.count() * sizeof(double));
  BOOST_TEST(make<truth>().arena_bytes() < sum);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace cut_suite
