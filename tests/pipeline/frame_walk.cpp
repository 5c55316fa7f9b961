#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <vector>

#include <viseme/render/frame_walk.hpp>

namespace frame_walk_suite {

using viseme::render::walk_options;

std::vector<std::int64_t> steps(std::int64_t frames, const walk_options& options, std::int64_t count) {
  const viseme::render::frame_walk walk(frames, options);
  std::vector<std::int64_t> list;
  for (std::int64_t i = 0; i < count; ++i) list.push_back(walk.at(i));
  return list;
}

using list = std::vector<std::int64_t>;

BOOST_AUTO_TEST_SUITE(frame_walk)

BOOST_AUTO_TEST_CASE(to_and_fro_shows_turning_frames_once) {
  BOOST_TEST(steps(4, {}, 10) == (list{0, 1, 2, 3, 2, 1, 0, 1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(a_short_sound_turns_at_its_half) {
  BOOST_TEST(steps(100, {.start = 0, .loop_back = true, .length = 7}, 7) == (list{0, 1, 2, 3, 2, 1, 0}));
  BOOST_TEST(steps(100, {.start = 0, .loop_back = true, .length = 6}, 6) == (list{0, 1, 2, 2, 1, 0}));
}

BOOST_AUTO_TEST_CASE(forward_begins_again_after_the_last) {
  BOOST_TEST(steps(4, {.start = 0, .loop_back = false, .length = {}}, 9) == (list{0, 1, 2, 3, 0, 1, 2, 3, 0}));
  BOOST_TEST(steps(4, {.start = 2, .loop_back = false, .length = {}}, 5) == (list{2, 3, 0, 1, 2}));
}

BOOST_AUTO_TEST_CASE(start_is_taken_modulo_the_frames) {
  BOOST_TEST(steps(4, {.start = 3, .loop_back = true, .length = {}}, 5) == (list{3, 2, 1, 0, 1}));
  BOOST_TEST(steps(4, {.start = 7, .loop_back = true, .length = {}}, 5) == steps(4, {.start = 3, .loop_back = true, .length = {}}, 5));
}

BOOST_AUTO_TEST_CASE(every_walk_stays_inside_and_moves_by_one_frame_at_most) {
  for (std::int64_t frames = 1; frames <= 7; ++frames)
    for (std::int64_t start = 0; start <= 8; ++start)
      for (std::int64_t length = -1; length <= 30; ++length) {
        const auto known = length < 0 ? std::optional<std::int64_t>() : length;
        const auto count = length < 0 ? 40 : length;
        const auto walk = steps(frames, {.start = start, .loop_back = true, .length = known}, count);
        for (std::size_t i = 0; i < walk.size(); ++i) {
          BOOST_REQUIRE(walk[i] >= 0 && walk[i] < frames);
          if (i) BOOST_REQUIRE_LE(std::abs(walk[i] - walk[i - 1]), 1);
        }
        if (count > 0) BOOST_REQUIRE_EQUAL(walk.front(), start % frames);
        if (length > 0) BOOST_REQUIRE_EQUAL(walk.back(), start % frames);
      }
}

BOOST_AUTO_TEST_CASE(a_long_enough_walk_shows_every_frame) {
  for (std::int64_t frames = 1; frames <= 7; ++frames)
    for (std::int64_t start = 0; start < frames; ++start)
      for (const bool loop_back : {true, false}) {
        std::vector<bool> shown(std::size_t(frames), false);
        for (const auto f : steps(frames, {.start = start, .loop_back = loop_back, .length = 6 * frames}, 6 * frames)) shown[std::size_t(f)] = true;
        BOOST_TEST(std::count(shown.begin(), shown.end(), true) == frames);
      }
}

BOOST_AUTO_TEST_CASE(steps_are_found_in_constant_time) {
  BOOST_TEST(viseme::render::frame_walk(5, {}).at(8'000'000'000'000'003) == 3);
}

BOOST_AUTO_TEST_CASE(nonsense_is_refused) {
  BOOST_CHECK_THROW(viseme::render::frame_walk(0, {}), std::logic_error);
  BOOST_CHECK_THROW(viseme::render::frame_walk(3, {.start = -1, .loop_back = true, .length = {}}), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace frame_walk_suite
