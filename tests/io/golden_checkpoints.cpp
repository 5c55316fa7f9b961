// Every element of the golden checkpoints against the rule they were made by.
#include <boost/test/unit_test.hpp>

#include "../environment.hpp"
#include "../golden_rule.hpp"
#include "files.hpp"

#include <viseme/io/checkpoint.hpp>
#include <viseme/io/npy.hpp>
#include <viseme/io/pth_writer.hpp>

namespace golden_checkpoints_suite {

using namespace viseme::tests;
using namespace viseme::io;

/// `prefix` is what the file leaves out of the names that the rule uses.
void check_rule(const checkpoint& file, std::size_t tensors, const std::string& prefix = "", double gain = 1) {
  BOOST_REQUIRE_EQUAL(file.tensors.size(), tensors);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : file.tensors) names.push_back(name);
  const auto norms = batch_norms(names);
  for (const auto& [name, tensor] : file.tensors) {
    const auto exact = golden_parameter("public", prefix + name, tensor.sizes, norms.count(owner_of(name)) > 0, gain);
    BOOST_CHECK(tensor.type == (name.ends_with("num_batches_tracked") ? element::i64 : element::f32));
    const std::vector<float> rounded(exact.begin(), exact.end());
    BOOST_CHECK_MESSAGE(tensor.to_float() == rounded, name);
  }
}

BOOST_AUTO_TEST_SUITE(golden_checkpoints, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_AUTO_TEST_CASE(unet) {
  const auto file = read_checkpoint(golden() / "unet_ave_mobile.pth");
  check_rule(file, 556);
  BOOST_CHECK((file.tensors.at("outc.conv.weight").sizes == std::vector<std::int64_t>{3, 8, 1, 1}));
}

BOOST_AUTO_TEST_CASE(unet_in_the_older_format) { check_rule(read_checkpoint(golden() / "unet_ave_mobile_legacy.pth"), 556); }

BOOST_AUTO_TEST_CASE(audio_encoder) { check_rule(read_checkpoint(golden() / "audio_visual_encoder.pth"), 91, "audio_encoder."); }

BOOST_AUTO_TEST_CASE(landmark_net) {
  const auto file = read_checkpoint(golden() / "pfld.pth.tar");
  check_rule(file, 2090, "", 0.125);
  BOOST_CHECK_EQUAL(file.metadata.at("epoch"), "335");
}

BOOST_AUTO_TEST_CASE(truncated_files_are_refused) {
  scratch_folder folder;
  for (const auto* name : {"audio_visual_encoder.pth", "unet_ave_mobile_legacy.pth"}) {
    std::filesystem::copy_file(golden() / name, folder / "x");
    std::filesystem::permissions(folder / "x", std::filesystem::perms::owner_all);
    const auto size = std::filesystem::file_size(folder / "x");
    for (const std::uintmax_t less : {1ul, 2ul, 100ul, 4096ul, size / 2, size - 1000, size - 4, size}) {
      if (less > std::filesystem::file_size(folder / "x")) break;
      std::filesystem::resize_file(folder / "x", size - less);
      BOOST_CHECK_THROW(read_checkpoint(folder / "x"), viseme::error);
    }
    std::filesystem::remove(folder / "x");
  }
}

BOOST_AUTO_TEST_CASE(formats_agree) {
  scratch_folder folder;
  const auto original = read_checkpoint(golden() / "unet_ave_mobile.pth");
  write_safetensors(folder / "a", original);
  write_pth(folder / "b", read_checkpoint(folder / "a"));
  const auto copy = read_checkpoint(folder / "b");
  BOOST_CHECK(std::equal(original.tensors.begin(), original.tensors.end(), copy.tensors.begin(), copy.tensors.end()));
}

BOOST_AUTO_TEST_CASE(archives_of_arrays) {
  const auto path = golden() / "train_unet_ave_mobile.npz";
  const auto arrays = read_npz(path);
  const auto names = read_npz_strings(path, "names");
  BOOST_CHECK((arrays.at("pred").sizes == std::vector<std::int64_t>{2, 3, 320, 320}));
  BOOST_CHECK(arrays.at("pred").type == element::f32);
  BOOST_CHECK((arrays.at("losses").sizes == std::vector<std::int64_t>{4}));
  BOOST_CHECK_EQUAL(arrays.at("grad_norms").count(), names.size());
  BOOST_CHECK_EQUAL(names.front(), "audio_model.conv1.conv.0.weight");
  BOOST_CHECK_EQUAL(names.back(), "outc.conv.bias");
  BOOST_CHECK(!arrays.count("names"));
  const auto losses = arrays.at("losses").to_double();
  BOOST_CHECK_CLOSE(losses[0] + 100 * losses[1] + 10 * losses[2], losses[3], 1e-3);
}

BOOST_AUTO_TEST_CASE(a_wave_made_by_the_rule) {
  const auto wave = read_npz(golden() / "log_mel.npz").at("wave");
  BOOST_REQUIRE_EQUAL(wave.count(), 48123u);
  const auto noise = uniform("public", "wave", wave.count());
  BOOST_CHECK_EQUAL(wave.to_float()[0], float(0.05 * (2 * noise[0] - 1)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace golden_checkpoints_suite
