// Golden runs: weights and inputs by the rule, values of a net on a backend against the float64 numbers of $VISEME_GOLDEN.
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <tests/environment.hpp>
#include <tests/golden_rule.hpp>
#include <viseme/io/npy.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::tests {

/// As `needs`, of a backend's device.
struct has_device {
  std::string backend;
  explicit has_device(std::string b) : backend(std::move(b)) {}
  boost::test_tools::assertion_result operator()(boost::unit_test::test_unit_id) const {
    try {
      open_device(backend);
      return true;
    } catch (const error& e) {
      std::cout << "skipped: needs a GPU: " << e.what() << std::endl;
      return false;
    }
  }
};

/// Flat block of a net's checkpoint by the rule of make_golden.py.
inline std::vector<float> golden_block(const std::vector<parameter_entry>& entries, double norm_gain = 1) {
  std::vector<float> block(block_size(entries));
  for (const auto& e : entries) {
    const auto values = golden_parameter("public", e.name, e.sizes, e.norm, norm_gain);
    std::copy(values.begin(), values.end(), block.begin() + std::ptrdiff_t(e.offset));
  }
  return block;
}

inline std::vector<float> golden_values(const std::string& name, shape s) {
  const auto values = golden_input("public", name, s.count());
  return {values.begin(), values.end()};
}

/// Largest error over the array's range, and the L2 error relative to its norm, as errors.json states them.
struct deviation {
  double max = 0, l2 = 0;
};

inline deviation compare(const std::vector<float>& have, const std::vector<double>& want) {
  BOOST_REQUIRE_EQUAL(have.size(), want.size());
  double worst = 0, low = want[0], high = want[0], difference = 0, norm = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double d = std::abs(double(have[i]) - want[i]);
    worst = std::isfinite(d) ? std::max(worst, d) : 1e300;
    low = std::min(low, want[i]);
    high = std::max(high, want[i]);
    difference += d * d;
    norm += want[i] * want[i];
  }
  return {worst / (high - low + 1e-30), std::sqrt(difference) / (std::sqrt(norm) + 1e-30)};
}

/// What PyTorch reaches on one array, from errors.json: at float32, or at bfloat16, which fp16 is held to as well.
inline deviation pytorch_error(const std::filesystem::path& folder, const std::string& file, const std::string& array, dtype type) {
  std::ifstream in(folder / "errors.json");
  const auto table = nlohmann::json::parse(in);
  const auto& e = table.at(file).at(array).at(type == dtype::fp32 ? "float32" : "bfloat16");
  return {e.at("max"), e.at("l2")};
}

struct tolerance {
  double max, l2;
};

inline void check_close(const std::string& what, deviation have, tolerance allowed) {
  BOOST_TEST(have.max <= allowed.max, what << ": largest error " << have.max << " of the range, allowed " << allowed.max);
  BOOST_TEST(have.l2 <= allowed.l2, what << ": L2 error " << have.l2 << ", allowed " << allowed.l2);
}

/// double: 1e-6 (numbers are stored as float32); else twice PyTorch's own error, at least a rounding of the stored number.
inline tolerance allowed(dtype type, const std::filesystem::path& folder, const std::string& file, const std::string& array) {
  if (type == dtype::fp64) return {1e-6, 1e-6};
  const auto torch = pytorch_error(folder, file, array, type);
  return {2 * std::max(torch.max, 6e-8), 2 * std::max(torch.l2, 6e-8)};
}

struct golden_case {
  std::string file;
  net_spec spec;
  std::vector<value_info> inputs;
  std::vector<std::string> parts;  // beside the output, or all where the net's outputs have names of their own
  double norm_gain = 1;
};

inline std::ostream& operator<<(std::ostream& o, const golden_case& c) { return o << c.file; }

inline golden_case audio_encoder_case() { return {"audio_encoder", {"audio_encoder", "", ""}, {{"mel", {3, 1, 80, 16}}}, {"output"}}; }
inline golden_case pfld_case() { return {"pfld", {"pfld", "", ""}, {{"face", {2, 3, 192, 192}}}, {"output"}, 1.0 / 8}; }

/// Channel planes cut to their upper left corner, as the golden file keeps `inc`.
inline std::vector<float> corner(const std::vector<float>& values, shape s, int side) {
  std::vector<float> cut;
  for (int plane = 0; plane < s.n * s.c; ++plane)
    for (int h = 0; h < side; ++h)
      for (int w = 0; w < side; ++w) cut.push_back(values[(std::size_t(plane) * s.h + h) * s.w + w]);
  return cut;
}

inline void check(const golden_case& c, const std::filesystem::path& folder, const std::shared_ptr<device>& on, dtype type) {
  const auto block = net_block(c.spec, golden_block(checkpoint_parameters(c.spec), c.norm_gain));
  session_options o{.batch = c.inputs[0].size.n, .image = {c.inputs[0].size.h, c.inputs[0].size.w}, .cut = {{}, c.parts}};
  const auto session = on->prepare(c.spec, block)->make_session(o);
  for (const auto& in : c.inputs) session->write(in.name, golden_values(in.name, in.size));
  session->run();
  const auto truth = io::read_npz(folder / (c.file + ".npz"));
  for (const auto& out : session->outputs()) {
    std::vector<float> have(out.size.count());
    session->read(out.name, have);
    if (out.name == "inc") have = corner(have, out.size, 16);
    check_close(c.file + "/" + out.name, compare(have, truth.at(out.name).to_double()), allowed(type, folder, c.file, out.name));
  }
}

/// Every net.
inline std::vector<golden_case> all_cases() {
  std::vector<golden_case> cases;
  const auto audio = [](const std::string& f, int n, bool sync) -> shape {
    if (f == "hubert") return {n, 32, 32, 32};
    if (f == "wenet") return {n, sync ? 128 : 256, 16, 32};
    return {n, 32, 16, 16};
  };
  for (const std::string width : {"wide", "mobile"})
    for (const std::string f : {"ave", "hubert", "wenet"})
      cases.push_back({"unet_" + f + "_" + width, {"unet", f, width}, {{"image", {1, 6, 320, 320}}, {"audio", audio(f, 1, false)}}, {"output", "inc", "down5", "audio_model", "fuse_conv", "up1"}});
  for (const std::string f : {"ave", "hubert", "wenet"})
    cases.push_back({"syncnet_" + f, {"syncnet", f, ""}, {{"face", {2, 3, 320, 320}}, {"audio", audio(f, 2, true)}}, {"audio", "face"}});
  cases.push_back(audio_encoder_case());
  cases.push_back(pfld_case());
  cases.push_back({"vgg19_conv33", {"vgg19", "", ""}, {{"face", {1, 3, 64, 64}}}, {"output"}});
  return cases;
}

}  // namespace viseme::tests
