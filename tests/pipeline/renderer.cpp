#include <boost/test/unit_test.hpp>
#include <vector>

#include "made_person.hpp"

#include <viseme/render/renderer.hpp>

namespace renderer_suite {

using namespace viseme;
using namespace viseme::tests;

/// A person of twelve frames, the fourth without a face, and an untrained net.
struct made_renderer {
  static const made_renderer& get() {
    static const made_renderer once;
    return once;
  }

  render::renderer make(render::renderer_options options = {}) const { return render::renderer(who, std::move(options)); }

  std::vector<cv::Mat> all(render::renderer_options options, const std::vector<float>& sound, std::size_t piece) const {
    auto maker = make(std::move(options));
    std::vector<cv::Mat> frames;
    cv::Mat frame;
    const auto take = [&] {
      while (maker.pull(frame)) frames.push_back(frame.clone());
    };
    for (std::size_t at = 0; at < sound.size(); at += piece) {
      maker.push(std::span(sound).subspan(at, std::min(piece, sound.size() - at)));
      take();
    }
    maker.finish();
    take();
    return frames;
  }

  made_person folder{12, 3};
  std::shared_ptr<const render::person> who;

private:
  made_renderer() {
    render::person p;
    p.data = folder.open();
    const net_spec spec{"unet", "mel", "mobile"};
    p.unet = open_device("auto")->prepare(spec, initial_block(spec, 1));
    p.sound = {audio::feature_kind::mel, {25, 1}, 2, audio::window_rule::edge};
    who = std::make_shared<const render::person>(std::move(p));
  }
};

double difference(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF); }

BOOST_AUTO_TEST_SUITE(renderer)

BOOST_AUTO_TEST_CASE(frames_do_not_depend_on_how_the_sound_was_cut) {
  const auto sound = made_sound(16000 * 6 / 25 + 1);
  const auto whole = made_renderer::get().all({}, sound, sound.size());
  BOOST_REQUIRE_EQUAL(whole.size(), 7u);
  for (const std::size_t piece : {std::size_t(1), std::size_t(160), std::size_t(1000)}) {
    const auto cut = made_renderer::get().all({}, sound, piece);
    BOOST_REQUIRE_EQUAL(cut.size(), whole.size());
    for (std::size_t i = 0; i < cut.size(); ++i) BOOST_TEST(difference(cut[i], whole[i]) == 0);
  }
}

BOOST_AUTO_TEST_CASE(there_are_exactly_as_many_frames_as_the_sound_covers) {
  const auto& made = made_renderer::get();
  for (const auto& [samples, frames] : {std::pair<std::size_t, std::size_t>{0, 0}, {1, 1}, {639, 1}, {640, 1}, {641, 2}, {1281, 3}})
    BOOST_TEST(made.all({}, made_sound(samples), 4096).size() == frames);
  render::renderer_options ntsc;
  ntsc.fps = rational{30000, 1001};
  BOOST_TEST(made.all(ntsc, made_sound(1602), 4096).size() == 4u);  // 3.003 frames
}

BOOST_AUTO_TEST_CASE(a_frame_comes_as_soon_as_its_window_is_heard) {
  auto maker = made_renderer::get().make();
  const auto sound = made_sound(16000);
  cv::Mat frame;
  std::size_t heard = 0;
  while (!maker.pull(frame)) {
    maker.push(std::span(sound).subspan(heard, 160));
    heard += 160;
    BOOST_REQUIRE_LE(heard, 8000u);
  }
  // Row 2 (look-ahead 2) is made of mel rows 3 .. 18; row 18 needs 400 samples around 18 x 200.
  BOOST_TEST(heard >= 18u * 200);
  BOOST_TEST(heard <= 18u * 200 + 400 + 160 + 160);
}

BOOST_AUTO_TEST_CASE(only_the_face_box_changes_and_frames_without_a_face_pass_through) {
  const auto& made = made_renderer::get();
  const auto frames = made.all({}, made_sound(640 * 5), 640);
  BOOST_REQUIRE_EQUAL(frames.size(), 5u);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto source = made.who->data->read_frame(std::int64_t(i));
    const auto& record = made.who->data->record(std::int64_t(i));
    BOOST_TEST(record.valid == (i != 3));
    if (record.valid) {
      const auto box = media::whole_pixels(record.crop);
      BOOST_TEST(difference(source(box), frames[i](box)) > 0);
      frames[i](box).copyTo(source(box));
    }
    BOOST_TEST(difference(source, frames[i]) == 0);
  }
}

BOOST_AUTO_TEST_CASE(with_the_length_known_it_ends_where_it_began) {
  const auto& made = made_renderer::get();
  render::renderer_options options;
  options.expected_samples = 640 * 4;
  options.start_frame = 4;
  const auto frames = made.all(options, made_sound(640 * 4), 640);
  const auto source = made.who->data->read_frame(4);
  const cv::Rect corner(0, 0, 200, 40);
  BOOST_REQUIRE_EQUAL(frames.size(), 4u);
  BOOST_TEST(difference(frames.front()(corner), source(corner)) == 0);
  BOOST_TEST(difference(frames.back()(corner), source(corner)) == 0);
}

BOOST_AUTO_TEST_CASE(brought_rows_take_the_place_of_our_own) {
  const auto& made = made_renderer::get();
  const auto sound = made_sound(640 * 3);
  render::renderer_options options;
  options.features = std::make_shared<const audio::feature_rows>(audio::mel_features(sound, {25, 1}));
  const auto own = made.all({}, sound, 500), brought = made.all(options, sound, 500);
  BOOST_REQUIRE_EQUAL(own.size(), brought.size());
  for (std::size_t i = 0; i < own.size(); ++i) BOOST_TEST(difference(own[i], brought[i]) == 0);
}

BOOST_AUTO_TEST_CASE(a_small_cache_changes_nothing) {
  const auto& made = made_renderer::get();
  const auto sound = made_sound(640 * 3);
  render::renderer_options none;
  none.cache_bytes = 0;
  const auto a = made.all({}, sound, 640), b = made.all(none, sound, 640);
  for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(difference(a[i], b[i]) == 0);
}

BOOST_AUTO_TEST_CASE(frames_that_come_again_start_from_a_kept_encoder) {
  const auto& made = made_renderer::get();
  const auto sound = made_sound(640 * 6);
  render::renderer_options walk, none;
  walk.expected_samples = none.expected_samples = std::int64_t(sound.size());
  none.encoder_bytes = 0;
  auto maker = made.make(walk);
  maker.push(sound);
  maker.finish();
  cv::Mat frame;
  while (maker.pull(frame)) {
  }
  BOOST_TEST(maker.encoder().frames() == 3);
  BOOST_TEST(maker.times().summary(render::stage::net).runs == 6u);
  BOOST_TEST(maker.times().summary(render::stage::net_cold).runs == 3u);
  BOOST_TEST(maker.times().summary(render::stage::net_warm).runs == 3u);
  const auto a = made.all(walk, sound, 640), b = made.all(none, sound, 640);
  for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(difference(a[i], b[i]) <= (i < 3 ? 0 : 2));
}

BOOST_AUTO_TEST_CASE(features_without_a_source_are_refused) {
  for (const auto kind : {audio::feature_kind::ave, audio::feature_kind::hubert, audio::feature_kind::wenet})
    BOOST_CHECK_THROW(render::sound_features({kind, {25, 1}, 7, audio::window_rule::edge}, {}, {}), error);
}

BOOST_AUTO_TEST_CASE(stages_are_timed) {
  auto maker = made_renderer::get().make();
  maker.push(made_sound(640));
  maker.finish();
  cv::Mat frame;
  BOOST_TEST(maker.pull(frame));
  BOOST_TEST(!maker.pull(frame));
  const auto net = maker.times().summary(render::stage::net), whole = maker.times().summary(render::stage::whole);
  BOOST_TEST(net.runs == 1u);
  BOOST_TEST(net.median > 0);
  BOOST_TEST(whole.median >= net.median);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace renderer_suite
