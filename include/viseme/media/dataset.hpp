// A person's folder: frames, face boxes, sound features.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/audio/samples.hpp>
#include <viseme/core/error.hpp>
#include <viseme/media/dataset_manifest.hpp>
#include <viseme/media/face_crop.hpp>
#include <viseme/media/landmark_file.hpp>

namespace viseme::media {

/// full_body_img/k.jpg
inline std::filesystem::path frame_file(const std::filesystem::path& folder, std::int64_t k) {
  return folder / "full_body_img" / (std::to_string(k) + ".jpg");
}
/// landmarks/k.lms
inline std::filesystem::path landmark_file(const std::filesystem::path& folder, std::int64_t k) {
  return folder / "landmarks" / (std::to_string(k) + ".lms");
}
/// aud_mel.npy, aud_ave.npy, aud_hu.npy (or aud_hubert.npy where only that is there), aud_wenet.npy
inline std::filesystem::path feature_file(const std::filesystem::path& folder, audio::feature_kind kind) {
  if (kind != audio::feature_kind::hubert) return folder / ("aud_" + std::string(audio::name(kind)) + ".npy");
  std::error_code ignored;
  const auto usual = folder / "aud_hu.npy", other = folder / "aud_hubert.npy";
  return !std::filesystem::exists(usual, ignored) && std::filesystem::exists(other, ignored) ? other : usual;
}

/// A JPEG as 8-bit BGR. Throws `error` for a missing, truncated or undecodable file.
inline cv::Mat read_jpeg(const std::filesystem::path& path) {
  io::input_file file(path);
  const auto fail = [&](const std::string& why) { throw error("picture '" + file.name() + "'", why, "preprocess the video again"); };
  if (file.size() < 4 || file.size() > std::uint64_t(1) << 29) fail("no JPEG picture");
  const auto bytes = file.read(0, file.size());
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with("\xff\xd8")) fail("no JPEG picture");
  if (text.substr(text.size() - std::min<std::size_t>(text.size(), 1024)).find("\xff\xd9") == text.npos) fail("the file is truncated");
  cv::Mat picture;
  try {
    picture = cv::imdecode(cv::Mat(1, int(bytes.size()), CV_8U, const_cast<std::byte*>(bytes.data())), cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
  }
  if (picture.empty()) fail("it cannot be decoded");
  return picture;
}

/// Immutable once open; all reads are safe from several threads.
class dataset {
public:
  /// Reads dataset.json, or where there is none looks at the frames and landmark files themselves: folders of the reference work unchanged,
  /// at 25 frames a second (20 where wenet features are the only ones; else what a line "FPS: 25" in info.txt says).
  /// Throws `error` for no folder, no frames, frames not numbered 0, 1, 2..., no valid frame, or a damaged dataset.json.
  static dataset open(const std::filesystem::path& folder) {
    std::error_code ignored;
    require(std::filesystem::is_directory(folder, ignored), "dataset '" + folder.string() + "'", "no such folder",
            "make it with viseme-preprocess");
    dataset d;
    d.folder_ = folder;
    if (const auto path = folder / "dataset.json"; std::filesystem::exists(path, ignored)) {
      d.manifest_ = read_manifest(path);
    } else {
      d.rebuild();
    }
    const bool any = std::ranges::any_of(d.manifest_.frames, &frame_record::valid);
    require(any, "dataset '" + folder.string() + "'", "no frame has a usable face", "preprocess a video that shows one");
    return d;
  }

  const std::filesystem::path& folder() const { return folder_; }
  const manifest& contents() const { return manifest_; }
  std::int64_t frames() const { return std::int64_t(manifest_.frames.size()); }
  rational fps() const { return manifest_.fps; }
  cv::Size size() const { return manifest_.size; }
  /// Throws std::out_of_range outside 0 .. frames() - 1.
  const frame_record& record(std::int64_t i) const { return manifest_.frames.at(std::size_t(i)); }

  /// 8-bit BGR of size(). Throws `error` for a missing or broken picture, or one of another size.
  cv::Mat read_frame(std::int64_t i) const {
    const auto path = frame_file(folder_, i);
    auto picture = read_jpeg(path);
    require(picture.size() == size(), "picture '" + path.string() + "'",
            std::to_string(picture.cols) + "x" + std::to_string(picture.rows) + " pixels, the others are " + std::to_string(size().width) +
                "x" + std::to_string(size().height),
            "preprocess the video again");
    return picture;
  }

  /// 98 or 110 points. Throws `error` for a missing or broken file.
  std::vector<point> landmarks(std::int64_t i) const { return read_landmarks(landmark_file(folder_, i)); }

  bool has(audio::feature_kind kind) const {
    std::error_code ignored;
    return std::filesystem::exists(feature_file(folder_, kind), ignored);
  }

  /// Rows of the folder's own sound; their number and frames() may differ where sound and pictures are not equally long: use the smaller.
  /// Throws `error` where they are missing, broken, or more than two rows away from dataset.json, else from aud.wav's length (or the
  /// frames').
  audio::feature_rows features(audio::feature_kind kind) const {
    const auto path = feature_file(folder_, kind);
    const auto kind_name = std::string(audio::name(kind));
    require(has(kind), "dataset '" + folder_.string() + "'", "it has no " + kind_name + " features (" + path.filename().string() + ")",
            "run viseme-preprocess with --features " + kind_name + ", or choose features it has");
    return audio::read_features(path, kind, fps(), expected_rows(kind));
  }

private:
  std::int64_t expected_rows(audio::feature_kind kind) const {
    if (const auto found = manifest_.features.find(kind); found != manifest_.features.end()) return found->second.rows;
    std::error_code ignored;
    const auto sound = folder_ / "aud.wav";
    if (!std::filesystem::exists(sound, ignored)) return frames();
    return frames_covering(std::int64_t(audio::read_samples(sound).size()), audio::sample_rate, fps());
  }

  void rebuild() {
    const auto count = count_frames();
    manifest_.size = read_jpeg(frame_file(folder_, 0)).size();
    manifest_.fps = guess_rate();
    for (std::int64_t i = 0; i < count; ++i) {
      frame_record record;
      try {
        const auto points = landmarks(i);
        manifest_.landmark_points = int(points.size());
        record.crop = crop_from_landmarks(points);
        record.valid = is_usable(record.crop, manifest_.size);
        if (!record.valid) record.reason = "its landmarks give no usable face box";
      } catch (const error& e) {
        record.reason = e.what();
      }
      manifest_.frames.push_back(std::move(record));
    }
  }

  /// Files 0.jpg .. n-1.jpg, all of them there.
  std::int64_t count_frames() const {
    const auto pictures = folder_ / "full_body_img";
    std::error_code problem;
    std::vector<std::int64_t> numbers;
    for (std::filesystem::directory_iterator at(pictures, problem), end; !problem && at != end; at.increment(problem)) {
      const auto stem = at->path().stem().string();
      if (at->path().extension() == ".jpg" && !stem.empty() && stem.size() < 9 && stem.find_first_not_of("0123456789") == stem.npos)
        numbers.push_back(std::stol(stem));
    }
    require(!numbers.empty(), "dataset '" + folder_.string() + "'", "no pictures in full_body_img", "make it with viseme-preprocess");
    std::ranges::sort(numbers);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      require(numbers[i] == std::int64_t(i), "dataset '" + folder_.string() + "'", "full_body_img/" + std::to_string(i) + ".jpg is missing",
              "preprocess the video again");
    return std::int64_t(numbers.size());
  }

  rational guess_rate() const {
    std::ifstream info(folder_ / "info.txt");
    std::string line;
    for (int lines = 0; lines < 100 && std::getline(info, line); ++lines)
      if (line.starts_with("FPS:")) {
        const auto from = line.find_first_not_of(" \t", 4);
        if (from != line.npos) return parse_rational(line.substr(from, line.find_last_not_of(" \t\r") + 1 - from));
      }
    using enum audio::feature_kind;
    return audio::usual_rate(has(wenet) && !has(mel) && !has(ave) && !has(hubert) ? wenet : mel);
  }

  std::filesystem::path folder_;
  manifest manifest_;
};

}  // namespace viseme::media
