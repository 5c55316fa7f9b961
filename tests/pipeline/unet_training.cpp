#include <boost/test/unit_test.hpp>
#include <set>
#include <vector>

#include "made_person.hpp"

#include <viseme/train/unet_trainer.hpp>

namespace unet_training_suite {

using namespace viseme;
using namespace viseme::tests;
using namespace viseme::train;

/// A person of 40 frames, 4 of them held out.
struct made_training {
  static const made_training& get() {
    static const made_training once;
    return once;
  }
  made_training() : device(open_device("auto")) {
    const auto data = folder.open();
    all.features = std::make_shared<const audio::feature_rows>(data->features(audio::feature_kind::mel));
    all.frames = split_frames(*data, *all.features, 0.1);
    std::vector<std::int64_t> frames;
    for (std::int64_t i = 0; i < data->frames(); ++i)
      if (data->record(i).valid) frames.push_back(i);
    all.faces = std::make_shared<const face_store>(data, frames, std::size_t(1) << 30);
  }

  std::unique_ptr<unet_trainer> make(std::int64_t steps = 6, std::uint64_t seed = 1) const {
    unet_options o;
    o.width = "mobile";
    o.batch = 1;
    o.steps = steps;
    o.seed = seed;
    o.held_out_frames = 2;
    return std::make_unique<unet_trainer>(device, all, o, initial_block({"unet", "mel", "mobile"}, seed));
  }

  made_person folder{40, 2};
  std::shared_ptr<viseme::device> device;
  training_data all;
};

BOOST_AUTO_TEST_SUITE(unet_training)

BOOST_AUTO_TEST_CASE(held_out_frames_share_no_sound_with_training) {
  const auto& s = made_training::get().all.frames;
  BOOST_TEST(s.held_out == (std::vector<std::int64_t>{36, 37, 38, 39}));
  BOOST_TEST(s.training.front() == 0);
  BOOST_TEST(s.training.back() == 20);
  BOOST_TEST(s.training.size() == 20u);  // frame 2 has no face
  const auto last = audio::window_at(20, 40), first = audio::window_at(36, 40);
  BOOST_TEST(last.back() < first.front());
}

BOOST_AUTO_TEST_CASE(nothing_is_held_out_where_none_is_asked_for) {
  const auto& made = made_training::get();
  const auto s = split_frames(made.all.faces->data(), *made.all.features, 0);
  BOOST_TEST(s.training.size() == 39u);
  BOOST_TEST(s.held_out.empty());
  check_error([&] { split_frames(made.all.faces->data(), *made.all.features, 0.9); }, "frames left to train on");
  check_error([&] { split_frames(made.all.faces->data(), *made.all.features, -0.1); }, "not within 0 to 0.9");
}

BOOST_AUTO_TEST_CASE(an_epoch_goes_through_every_frame_once_in_another_order) {
  const auto first = shuffled(20, 1, 0), second = shuffled(20, 1, 2), other_seed = shuffled(20, 2, 0);
  BOOST_TEST((std::set(first.begin(), first.end()).size() == 20));
  BOOST_TEST(first != second);
  BOOST_TEST(first != other_seed);
  BOOST_TEST(first == shuffled(20, 1, 0));
  for (std::uint64_t i = 0; i < 1000; ++i) BOOST_REQUIRE_LT(random_below(7, 1, 2, i), 7u);
}

BOOST_AUTO_TEST_CASE(batches_depend_on_the_sample_number_alone) {
  const auto& made = made_training::get();
  loader pairs(made.all.faces, made.all.features, made.all.frames.training, {.batch = 2, .seed = 9, .look_ahead = 7});
  pairs.next();
  const auto second = pairs.next();
  loader later(made.all.faces, made.all.features, made.all.frames.training, {.batch = 1, .seed = 9, .look_ahead = 7}, 3);
  const auto& one = later.next();
  const auto half = second.image.size() / 2;
  BOOST_TEST((std::vector<float>(second.image.begin() + std::ptrdiff_t(half), second.image.end()) == one.image));
  BOOST_TEST((std::vector<float>(second.audio.begin() + std::ptrdiff_t(second.audio.size() / 2), second.audio.end()) == one.audio));
  BOOST_TEST(one.target.size() == media::picture_size);
}

BOOST_AUTO_TEST_CASE(pictures_beyond_the_memory_limit_are_read_again) {
  const auto& made = made_training::get();
  const std::vector<std::int64_t> frames{0, 1, 3};
  const face_store small(made.folder.open(), frames, face_store::face_bytes);
  for (const auto i : frames) BOOST_TEST(cv::norm(small.face(i), made.all.faces->face(i), cv::NORM_INF) == 0);
}

BOOST_AUTO_TEST_CASE(some_steps_lower_the_loss_and_a_resumed_training_gives_the_same_bits) {
  const auto& made = made_training::get();
  const scratch_folder out;
  const auto whole = made.make();
  std::vector<double> losses;
  for (int i = 0; i < 6; ++i) {
    losses.push_back(whole->step().l1);
    if (i == 2) whole->save(out / "");
  }
  BOOST_TEST(losses.back() < losses.front());
  const auto again = made.make();
  again->resume(out / "3.state");
  BOOST_TEST(again->step_number() == 3);
  for (int i = 3; i < 6; ++i) BOOST_TEST(again->step().l1 == losses[std::size_t(i)]);
  BOOST_TEST(again->block() == whole->block());
  check_error([&] { made.make(6, 2)->resume(out / "3.state"); }, "--seed 1");
}

BOOST_AUTO_TEST_CASE(the_last_three_checkpoints_are_kept) {
  const auto& made = made_training::get();
  const scratch_folder out;
  for (const auto* name : {"1.safetensors", "1.state", "2.safetensors", "2.state", "3.safetensors", "3.state", "best.safetensors"}) spill(out / name, "");
  const auto trainer = made.make();
  trainer->save(out / "");  // step 0
  BOOST_TEST(!std::filesystem::exists(out / "0.state"));
  BOOST_TEST(std::filesystem::exists(out / "1.state"));
  BOOST_TEST(std::filesystem::exists(out / "best.safetensors"));
  BOOST_TEST(out.files() == 7u);
}

BOOST_AUTO_TEST_CASE(held_out_frames_are_measured_and_shown) {
  const auto& made = made_training::get();
  const auto trainer = made.make();
  const auto untrained = trainer->measure().value(), trivial = trainer->trivial().value();
  BOOST_TEST(untrained.frames == 2);
  BOOST_TEST(trivial.mouth_psnr > untrained.mouth_psnr);
  BOOST_TEST(trivial.mouth_psnr < 60);
  const scratch_folder out;
  trainer->write_preview(out / "0.jpg");
  const auto sheet = media::read_jpeg(out / "0.jpg");
  BOOST_TEST(sheet.cols == 5 * 320);
  BOOST_TEST(sheet.rows == 2 * 320);
}

BOOST_AUTO_TEST_CASE(the_learning_rate_falls_to_a_twentieth) {
  const auto trainer = made_training::get().make(101);
  BOOST_TEST(trainer->learning_rate(1) == 1e-3);
  BOOST_TEST(trainer->learning_rate(51) == 1e-3 * 0.525, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(trainer->learning_rate(101) == 5e-5, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(errors_are_pooled_before_the_logarithm) {
  cv::Mat a(4, 4, CV_8UC3, cv::Scalar::all(10)), b = a.clone();
  pooled_error e;
  e.add(a, b, {0, 0, 4, 4});
  BOOST_TEST(e.psnr() == 99);
  b.setTo(cv::Scalar::all(12));
  e.add(a, b, {0, 0, 4, 4});
  BOOST_TEST(e.psnr() == 10 * std::log10(255.0 * 255 / 2), boost::test_tools::tolerance(1e-9));
  BOOST_TEST(e.l1() == 1.0 / 255, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace unet_training_suite
