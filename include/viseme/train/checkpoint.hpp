// Our checkpoint files: N.safetensors, which rendering reads, and N.state beside it, which training goes on from.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/core/rational.hpp>
#include <viseme/io/checkpoint.hpp>
#include <viseme/io/safetensors.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::train {

inline constexpr int checkpoint_version = 1;

/// What a checkpoint's metadata says beside its tensors.
struct checkpoint_info {
  net_spec spec;
  rational fps = {};  ///< of the feature rows
  int look_ahead = audio::longest_look_ahead;
  std::string window = "edge";
  std::int64_t step = 0;
  std::string training = {};              ///< configuration, as JSON
  std::string audio_encoder_sha256 = {};  ///< of the AVE weights the features were made with; empty where unknown or none
};

inline std::map<std::string, std::string> metadata_of(const checkpoint_info& info) {
  std::map<std::string, std::string> m{{"format_version", std::to_string(checkpoint_version)},
                                       {"net", info.spec.net},
                                       {"features", info.spec.features},
                                       {"width", info.spec.width},
                                       {"input_size", "320"},
                                       {"fps", text(info.fps)},
                                       {"look_ahead", std::to_string(info.look_ahead)},
                                       {"window", info.window},
                                       {"step", std::to_string(info.step)},
                                       {"training", info.training},
                                       {"viseme_version", VISEME_VERSION}};
  if (!info.audio_encoder_sha256.empty()) m["audio_encoder_sha256"] = info.audio_encoder_sha256;
  return m;
}

namespace detail {

inline std::int64_t whole_number(const std::string& word, std::int64_t least, std::int64_t most, const std::string& file, const std::string& key) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
  require(problem == std::errc() && end == word.data() + word.size() && value >= least && value <= most, "'" + file + "'",
          "its metadata '" + key + "' is not a number within " + std::to_string(least) + " to " + std::to_string(most),
          "train it again, or convert it from the original");
  return value;
}

}  // namespace detail

/// Reads metadata back; what a file (a bare .pth) does not say keeps its default: 25 frames a second (20 for wenet), look-ahead 7, edge.
/// Throws `error` for values out of range and for files of a later format.
inline checkpoint_info info_of(const net_spec& spec, const std::map<std::string, std::string>& metadata, const std::string& file) {
  const auto stated = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::optional<std::string>() : found->second;
  };
  const auto number = [&](const char* key, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
    const auto word = stated(key);
    return word ? detail::whole_number(*word, least, most, file, key) : otherwise;
  };
  require(number("format_version", 0, 1 << 30, 1) <= checkpoint_version, "'" + file + "'", "it is of a later format than this program knows",
          "use a newer viseme");
  checkpoint_info info{.spec = spec, .fps = audio::usual_rate(audio::parse_feature_kind(spec.features))};
  if (const auto fps = stated("fps")) info.fps = parse_rational(*fps);
  info.look_ahead = int(number("look_ahead", 0, audio::longest_look_ahead, audio::longest_look_ahead));
  info.window = stated("window").value_or("edge");
  // A .pth's own counters may share these names; a wrong one only loses the number.
  if (const auto step = stated("step"); step && stated("format_version")) info.step = number("step", 0, std::int64_t(1) << 53, 0);
  info.training = stated("training").value_or("");
  info.audio_encoder_sha256 = stated("audio_encoder_sha256").value_or("");
  return info;
}

/// Writes a net's weights under PyTorch's names; step counters as integers. Whole or not at all.
inline void write_checkpoint(const std::filesystem::path& path, const checkpoint_info& info, const std::vector<parameter_entry>& table,
                             std::span<const float> block) {
  io::checkpoint file;
  file.metadata = metadata_of(info);
  for (const auto& entry : table) {
    const auto values = block.subspan(entry.offset, entry.count);
    if (entry.name.ends_with("num_batches_tracked"))
      file.tensors.add(entry.name, io::array::of(std::vector<std::int64_t>(values.begin(), values.end()), entry.sizes));
    else
      file.tensors.add(entry.name, io::array::of(values, entry.sizes));
  }
  io::write_safetensors(path, file);
}

/// What continuing needs beside the configuration. The order of the data follows from seed and samples.
struct training_state {
  std::int64_t step = 0, samples = 0;
  std::uint64_t seed = 0;
  std::vector<float> block, first_moment, second_moment;
};

inline void write_state(const std::filesystem::path& path, const checkpoint_info& info, const training_state& state) {
  io::checkpoint file;
  file.metadata = metadata_of(info);
  file.metadata["samples"] = std::to_string(state.samples);
  file.metadata["seed"] = std::to_string(state.seed);
  const auto add = [&](const char* name, const std::vector<float>& v) { file.tensors.add(name, io::array::of(v, {std::int64_t(v.size())})); };
  add("weights", state.block);
  add("adam.first_moment", state.first_moment);
  add("adam.second_moment", state.second_moment);
  io::write_safetensors(path, file);
}

/// Throws `error` where the file is broken or of another net, width, features, look-ahead or frame rate than `info`.
inline training_state read_state(const std::filesystem::path& path, const checkpoint_info& info, std::size_t block, std::size_t trainable) {
  const auto file = io::read_safetensors(path);
  const auto wanted = metadata_of(info);
  const auto stated = [&](const std::string& key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  for (const char* key : {"net", "features", "width", "fps", "look_ahead", "window"})
    require(stated(key) == wanted.at(key), "'" + path.string() + "'", std::string(key) + " was " + stated(key) + ", now it is " + wanted.at(key),
            "continue with the same settings, or start anew in another folder");
  training_state state;
  const auto most = std::int64_t(1) << 53;
  state.step = detail::whole_number(stated("step"), 0, most, path.string(), "step");
  state.samples = detail::whole_number(stated("samples"), 0, most, path.string(), "samples");
  const auto seed = stated("seed");
  require(std::from_chars(seed.data(), seed.data() + seed.size(), state.seed).ec == std::errc(), "'" + path.string() + "'",
          "its metadata 'seed' is no number", "start anew in another folder");
  const auto take = [&](const char* name, std::size_t count) {
    auto values = file.tensors.at(name).to_float();
    require(values.size() == count, "'" + path.string() + "'", std::string(name) + " has another size than the net",
            "continue with the same settings, or start anew in another folder");
    return values;
  };
  state.block = take("weights", block);
  state.first_moment = take("adam.first_moment", trainable);
  state.second_moment = take("adam.second_moment", trainable);
  return state;
}

/// A file named by a number, as 1000.safetensors.
struct numbered_file {
  std::int64_t number = 0;
  std::filesystem::path path;
};

/// The files of `folder` named by a number with one of the extensions, ascending; of equal numbers the one with the earlier extension last.
inline std::vector<numbered_file> numbered_files(const std::filesystem::path& folder, const std::vector<std::string>& extensions) {
  std::vector<numbered_file> files;
  std::error_code problem;
  for (std::filesystem::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    const auto stem = at->path().stem().string();
    if (std::ranges::find(extensions, at->path().extension().string()) == extensions.end()) continue;
    if (stem.empty() || stem.size() > 15 || stem.find_first_not_of("0123456789") != stem.npos) continue;
    files.push_back({std::stoll(stem), at->path()});
  }
  const auto rank = [&](const numbered_file& f) { return std::ranges::find(extensions, f.path.extension().string()) - extensions.begin(); };
  std::ranges::sort(files, [&](const auto& a, const auto& b) { return std::pair(a.number, -rank(a)) < std::pair(b.number, -rank(b)); });
  return files;
}

/// `path` itself if it is a file; of a folder (or the folder of its own name inside it) the checkpoint with the largest number, ours before
/// a .pth. Metadata is not compared: the two kinds of numbers, steps and epochs, are rarely in one folder. Throws `error` if there is none.
inline std::filesystem::path newest_checkpoint(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return path;
  for (const auto& folder : {path, path / std::filesystem::absolute(path / "").lexically_normal().parent_path().filename()}) {
    const auto ours = numbered_files(folder, {".safetensors"});
    if (!ours.empty()) return ours.back().path;
    const auto theirs = numbered_files(folder, {".pth"});
    if (!theirs.empty()) return theirs.back().path;
  }
  throw error("checkpoint folder '" + path.string() + "'", "no file named by a number (1000.safetensors, 99.pth) in it", "train first, or name the file");
}

}  // namespace viseme::train
