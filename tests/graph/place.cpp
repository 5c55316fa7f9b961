// Memory plans of random lifetimes.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <random>

#include <viseme/graph/place.hpp>

namespace place_suite {

using namespace viseme;

std::vector<graph::lifetime> random_lifetimes(std::mt19937& generator) {
  std::vector<graph::lifetime> all(1 + generator() % 60);
  for (auto& b : all) {
    const int a = int(generator() % 40), c = int(generator() % 40);
    b = {generator() % 8 ? generator() % 5000 : 0, std::min(a, c), std::max(a, c), 0};
  }
  return all;
}

bool overlap(const graph::lifetime& a, const graph::lifetime& b) {
  const bool together = a.first <= b.last && b.first <= a.last;
  return together && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

BOOST_AUTO_TEST_SUITE(place)

BOOST_AUTO_TEST_CASE(random_lifetimes_never_overlap) {
  std::mt19937 generator(1);
  for (int round = 0; round < 300; ++round) {
    auto all = random_lifetimes(generator);
    const auto peak = graph::place(all);
    std::size_t sum = 0, clashes = 0, outside = 0, crooked = 0;
    std::array<std::size_t, 40> alive{};
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& b = all[i];
      sum += graph::aligned(b.bytes);
      outside += b.offset + b.bytes > peak;
      crooked += b.offset % graph::alignment != 0;
      for (int t = b.first; t <= b.last; ++t) alive[std::size_t(t)] += b.bytes;
      for (std::size_t k = 0; k < i; ++k) clashes += b.bytes && all[k].bytes && overlap(b, all[k]);
    }
    BOOST_TEST(clashes == 0u);
    BOOST_TEST(outside == 0u);
    BOOST_TEST(crooked == 0u);
    BOOST_TEST(peak <= sum);
    BOOST_TEST(peak >= *std::max_element(alive.begin(), alive.end()));
  }
}

BOOST_AUTO_TEST_CASE(one_after_the_other_share_memory) {
  std::vector<graph::lifetime> all{{1000, 0, 1, 0}, {500, 2, 3, 0}, {900, 4, 9, 0}};
  BOOST_TEST(graph::place(all) == graph::aligned(1000));
}

BOOST_AUTO_TEST_CASE(both_ends_of_a_lifetime_count) {
  std::vector<graph::lifetime> all{{256, 0, 1, 0}, {256, 1, 2, 0}};
  BOOST_TEST(graph::place(all) == 512u);
}

BOOST_AUTO_TEST_CASE(a_hole_is_used) {
  std::vector<graph::lifetime> all{{256, 0, 9, 0}, {256, 0, 1, 0}, {256, 0, 9, 0}, {200, 2, 9, 0}};
  BOOST_TEST(graph::place(all) == 768u);
}

BOOST_AUTO_TEST_CASE(nothing_needs_nothing) {
  std::vector<graph::lifetime> none, empty{{0, 0, 5, 0}};
  BOOST_TEST(graph::place(none) == 0u);
  BOOST_TEST(graph::place(empty) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace place_suite
