#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "../io/files.hpp"

#include <viseme/io/net_weights.hpp>
#include <viseme/train/checkpoint.hpp>

namespace net_checkpoint_suite {

using namespace viseme;
using namespace viseme::tests;
using namespace viseme::train;

checkpoint_info made_info() {
  return {.spec = {"unet", "mel", "mobile"}, .fps = {30000, 1001}, .look_ahead = 3, .window = "edge", .step = 1200, .training = "{\"batch\":8}", .audio_encoder_sha256 = "ab"};
}

struct written_checkpoint {
  written_checkpoint() { write_checkpoint(path, made_info(), net_parameters(made_info().spec), block); }

  scratch_folder folder;
  std::filesystem::path path = folder / "1200.safetensors";
  std::vector<float> block = initial_block(made_info().spec, 5);
};

BOOST_AUTO_TEST_SUITE(net_checkpoint)

BOOST_FIXTURE_TEST_CASE(weights_and_metadata_come_back, written_checkpoint) {
  const auto net = io::load_net(path, "unet");
  BOOST_TEST(net.block == block);
  BOOST_TEST(net.spec.width == "mobile");
  const auto info = info_of(net.spec, net.metadata, path.string());
  BOOST_TEST((info.fps == rational{30000, 1001}));
  BOOST_TEST(info.look_ahead == 3);
  BOOST_TEST(info.step == 1200);
  BOOST_TEST(info.training == made_info().training);
  BOOST_TEST(info.audio_encoder_sha256 == "ab");
}

BOOST_FIXTURE_TEST_CASE(another_width_or_features_than_the_file_says_are_refused, written_checkpoint) {
  check_error([&] { io::load_net(path, "unet", "ave"); }, "its features is mel, not ave");
  check_error([&] { io::load_net(path, "unet", {}, "wide"); }, "its width is mobile, not wide");
  check_error([&] { io::load_net(path, "syncnet"); }, "it holds the net unet, not syncnet");
}

BOOST_FIXTURE_TEST_CASE(a_bare_file_needs_its_features_and_is_taken_for_wide, written_checkpoint) {
  auto bare = io::read_checkpoint(path);
  bare.metadata.clear();
  io::write_safetensors(path, bare);
  check_error([&] { io::load_net(path, "unet"); }, "does not say which sound features");
  check_error([&] { io::load_net(path, "unet", "mel"); }, "of another shape");
  BOOST_TEST(io::load_net(path, "unet", "mel", "mobile").block == block);
  const auto info = info_of({"unet", "wenet", "wide"}, {}, "x");
  BOOST_TEST((info.fps == rational{20, 1}));
  BOOST_TEST(info.look_ahead == 7);
}

BOOST_FIXTURE_TEST_CASE(weights_that_are_no_numbers_are_refused, written_checkpoint) {
  auto file = io::read_checkpoint(path);
  auto& first = const_cast<io::array&>(file.tensors.begin()->second);
  const float bad = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(first.bytes.data(), &bad, sizeof bad);
  io::write_safetensors(path, file);
  check_error([&] { io::load_net(path, "unet"); }, "no number");
}

BOOST_AUTO_TEST_CASE(bad_metadata_is_refused) {
  const net_spec spec{"unet", "mel", "mobile"};
  for (const std::string bad : {"-1", "8", "x", "", "7x", "99999999999999999999"})
    check_error([&] { info_of(spec, {{"look_ahead", bad}}, "f"); }, "look_ahead");
  check_error([&] { info_of(spec, {{"format_version", "2"}}, "f"); }, "later format");
  check_error([&] { info_of(spec, {{"fps", "0"}}, "f"); }, "frame rate");
}

BOOST_AUTO_TEST_CASE(a_state_comes_back_and_must_be_of_the_same_training) {
  const scratch_folder folder;
  const training_state state{7, 56, 3, {1, 2, 3}, {4, 5}, {6, 7}};
  write_state(folder / "7.state", made_info(), state);
  auto info = made_info();
  info.step = 0;
  const auto same = read_state(folder / "7.state", info, 3, 2);
  BOOST_TEST(same.step == 1200);
  BOOST_TEST(same.samples == 56);
  BOOST_TEST(same.seed == 3u);
  BOOST_TEST(same.block == state.block);
  BOOST_TEST(same.first_moment == state.first_moment);
  BOOST_TEST(same.second_moment == state.second_moment);
  check_error([&] { read_state(folder / "7.state", info, 4, 2); }, "another size");
  info.look_ahead = 7;
  check_error([&] { read_state(folder / "7.state", info, 3, 2); }, "look_ahead was 3, now it is 7");
}

BOOST_AUTO_TEST_CASE(the_newest_of_a_folder_has_the_largest_number) {
  const scratch_folder folder;
  for (const auto* name : {"9.pth", "100.pth", "20.safetensors", "3.safetensors", "best.safetensors", "21.state", ".5.tmp.safetensors"}) spill(folder / name, "");
  BOOST_TEST(newest_checkpoint(folder / "").filename() == "20.safetensors");
  BOOST_TEST(newest_checkpoint(folder / "9.pth").filename() == "9.pth");
  std::filesystem::remove(folder / "20.safetensors");
  std::filesystem::remove(folder / "3.safetensors");
  BOOST_TEST(newest_checkpoint(folder / "").filename() == "100.pth");
  const scratch_folder empty;
  check_error([&] { newest_checkpoint(empty / ""); }, "no file named by a number");
}

BOOST_AUTO_TEST_CASE(a_folder_inside_of_the_same_name_is_looked_into) {
  const scratch_folder folder;
  std::filesystem::create_directories(folder / "anna/anna");
  spill(folder / "anna/anna/4.pth", "");
  BOOST_TEST(newest_checkpoint(folder / "anna").filename() == "4.pth");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace net_checkpoint_suite
