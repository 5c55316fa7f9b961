// dataset.json: what a person's folder holds, frame by frame.
#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/core/error.hpp>
#include <viseme/core/rational.hpp>
#include <viseme/io/atomic_file.hpp>
#include <viseme/io/input_file.hpp>
#include <viseme/media/face_crop.hpp>

namespace viseme::media {

/// One frame. Without a usable face it is not valid: training leaves it out, rendering passes it through.
struct frame_record {
  bool valid = false;
  std::string reason;  ///< why it is not valid, or how its box was made where no face was found; empty otherwise
  crop_box crop;       ///< of a valid frame
};

/// The video a folder was made from. Size and time spare hashing an unchanged file again.
struct source_record {
  std::string file, sha256;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< of the file, in its clock's ticks
};

struct feature_record {
  std::string rule;  ///< how the rows were made: mel_rule
  std::int64_t rows = 0;
};

/// Rows of audio::mel_features; another number when they come out differently.
inline constexpr const char* mel_rule = "viseme mel 1";

struct manifest {
  source_record source;
  rational fps;
  cv::Size size;
  std::string landmark_model;
  int landmark_points = 0;
  std::map<audio::feature_kind, feature_record> features;
  std::map<std::string, std::string> settings;  ///< what else decides the folder's content: a run with others does its work anew
  std::vector<frame_record> frames;
};

inline constexpr int manifest_version = 1;
inline constexpr std::int64_t most_frames = 10'000'000;

namespace detail {

inline std::string shortest(float value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

inline std::string manifest_text(const manifest& m) {
  using nlohmann::ordered_json;
  ordered_json head{{"format", "viseme dataset"}, {"version", manifest_version}};
  head["source"] = {{"file", m.source.file}, {"sha256", m.source.sha256}, {"size", m.source.size}, {"modified", m.source.modified}};
  head["fps"] = text(m.fps);
  head["width"] = m.size.width;
  head["height"] = m.size.height;
  head["frame_count"] = m.frames.size();
  head["landmarks"] = {{"model", m.landmark_model}, {"points", m.landmark_points}};
  head["features"] = ordered_json::object();
  for (const auto& [kind, f] : m.features) head["features"][std::string(audio::name(kind))] = {{"rule", f.rule}, {"rows", f.rows}};
  head["settings"] = m.settings;
  const auto replace = ordered_json::error_handler_t::replace;
  auto out = head.dump(1, ' ', false, replace);
  out.resize(out.size() - 2);
  out += ",\n \"frames\": [";
  for (std::size_t i = 0; i < m.frames.size(); ++i) {
    const auto& f = m.frames[i];
    out += std::string(i ? "," : "") + "\n  {\"valid\": " + (f.valid ? "true" : "false");
    if (!f.reason.empty()) out += ", \"reason\": " + ordered_json(f.reason).dump(-1, ' ', false, replace);
    if (f.valid)
      out += ", \"crop\": [" + shortest(f.crop.x0) + ", " + shortest(f.crop.y0) + ", " + shortest(f.crop.x1) + ", " + shortest(f.crop.y1) +
             "]";
    out += "}";
  }
  return out + "\n ]\n}\n";
}

inline manifest parse_manifest(const nlohmann::json& j) {
  const auto check = [](bool good, const char* why) {
    if (!good) throw std::invalid_argument(why);
  };
  check(j.is_object() && j.value("format", "") == "viseme dataset", "it is no dataset of viseme");
  check(j.at("version") == manifest_version, "its format version is unknown");
  manifest m;
  m.source.file = j.at("source").at("file").get<std::string>();
  m.source.sha256 = j.at("source").at("sha256").get<std::string>();
  m.source.size = j.at("source").value("size", std::uint64_t(0));
  m.source.modified = j.at("source").value("modified", std::int64_t(0));
  m.fps = parse_rational(j.at("fps").get<std::string>());
  const auto whole = [&](const nlohmann::json& v, std::int64_t most) {
    check(v.is_number_integer() && v.get<std::int64_t>() >= 1 && v.get<std::int64_t>() <= most, "a size or count is out of range");
    return v.get<std::int64_t>();
  };
  m.size = {int(whole(j.at("width"), 16384)), int(whole(j.at("height"), 16384))};
  const auto count = whole(j.at("frame_count"), most_frames);
  m.landmark_model = j.at("landmarks").at("model").get<std::string>();
  m.landmark_points = int(whole(j.at("landmarks").at("points"), 110));
  check(is_landmark_count(std::size_t(m.landmark_points)), "its number of landmarks is neither 98 nor 110");
  for (const auto& [name, f] : j.at("features").items())
    m.features[audio::parse_feature_kind(name)] = {f.at("rule").get<std::string>(), whole(f.at("rows"), most_frames)};
  if (j.contains("settings")) m.settings = j["settings"].get<std::map<std::string, std::string>>();
  const auto& frames = j.at("frames");
  check(frames.is_array() && std::int64_t(frames.size()) == count, "its frames are not as many as it says");
  m.frames.reserve(frames.size());
  for (const auto& f : frames) {
    frame_record record{f.at("valid").get<bool>(), f.value("reason", ""), {}};
    if (record.valid) {
      const auto crop = f.at("crop").get<std::array<double, 4>>();
      record.crop = {float(crop[0]), float(crop[1]), float(crop[2]), float(crop[3])};
      check(is_usable(record.crop, m.size) && std::abs(record.crop.y1 - record.crop.y0 - record.crop.side()) < 1,
            "a face box is no square within its frame");
    }
    m.frames.push_back(std::move(record));
  }
  return m;
}

}  // namespace detail

/// Reads a dataset.json of at most 1 GiB. Throws `error` for anything that is not one, with the reason.
inline manifest read_manifest(const std::filesystem::path& path) {
  io::input_file file(path);
  try {
    if (file.size() > std::uint64_t(1) << 30) throw std::invalid_argument("larger than 1 GiB");
    const auto bytes = file.read(0, file.size());
    const auto* text = reinterpret_cast<const char*>(bytes.data());
    return detail::parse_manifest(nlohmann::json::parse(text, text + bytes.size()));
  } catch (const nlohmann::json::exception& e) {
    throw error("dataset '" + file.name() + "'", "damaged or not a dataset.json",
                "remove it to have it made anew from the folder, or preprocess again");
  } catch (const std::invalid_argument& e) {
    throw error("dataset '" + file.name() + "'", e.what(), "remove it to have it made anew from the folder, or preprocess again");
  }
}

/// Writes it whole or not at all; the last step of making a folder.
inline void write_manifest(const std::filesystem::path& path, const manifest& m) { io::write_text(path, detail::manifest_text(m)); }

}  // namespace viseme::media
