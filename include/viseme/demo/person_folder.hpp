// Writes a drawn person as a person's folder: frames, landmarks, sound and its features, video and the truth.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <viseme/audio/mel_windows.hpp>
#include <viseme/audio/samples.hpp>
#include <viseme/core/error.hpp>
#include <viseme/core/rational.hpp>
#include <viseme/demo/drawn_person.hpp>
#include <viseme/demo/speech_motion.hpp>
#include <viseme/demo/truth_file.hpp>
#include <viseme/io/atomic_file.hpp>
#include <viseme/io/sha256.hpp>
#include <viseme/media/dataset.hpp>
#include <viseme/media/encoder.hpp>

namespace viseme::demo {

struct folder_options {
  std::uint64_t seed = 1;
  rational fps{25, 1};
  int jpeg_quality = 95, crf = 16;
};

/// Called after every few frames with frames done and in all; returns false to stop.
using folder_progress = std::function<bool(std::int64_t, std::int64_t)>;

namespace detail {

inline void write_frame_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), std::streamsize(bytes.size()));
  file.close();
  require(!file.fail(), "cannot write '" + path.string() + "'", "no space left, or the folder is not writable",
          "free some space or write elsewhere");
}

/// Removes the numbered files of an earlier, longer person.
inline void remove_from(const std::filesystem::path& folder, std::int64_t first, const std::string& extension) {
  while (std::filesystem::remove(folder / (std::to_string(first) + extension))) ++first;
}

/// The face box of exact landmarks.
inline media::frame_record record_of(const landmarks& points, cv::Size frame) {
  std::vector<media::point> exact;
  for (const auto& p : points) exact.push_back({float(p.x), float(p.y)});
  media::frame_record record{true, "", media::crop_from_landmarks(exact)};
  record.valid = media::is_usable(record.crop, frame);
  if (!record.valid) record.reason = "its face leaves the frame";
  return record;
}

/// What dataset.json says of a drawn person but for its frames.
inline media::manifest manifest_of(const std::filesystem::path& video, const folder_options& options, cv::Size size) {
  media::manifest m;
  const auto written = std::filesystem::last_write_time(video).time_since_epoch().count();
  m.source = {video.filename().string(), io::sha256_of(video), std::filesystem::file_size(video), std::int64_t(written)};
  m.fps = options.fps;
  m.size = size;
  m.landmark_model = "drawn, exact";
  m.landmark_points = 110;
  m.settings["seed"] = std::to_string(options.seed);
  return m;
}

}  // namespace detail

/// Writes full_body_img/k.jpg, landmarks/k.lms, aud.wav, aud_mel.npy, NAME.mp4 (NAME is the folder's), truth.json and, last, dataset.json for
/// a person who speaks `samples` (16 kHz mono). Frames are drawn by as many threads as OpenCV has; a batch is in memory at a time. Throws `error`.
inline void write_person_folder(const std::filesystem::path& folder, const std::vector<float>& samples, const folder_options& options,
                                const folder_progress& progress = {}) {
  namespace fs = std::filesystem;
  require(!samples.empty(), "drawn person", "there is no sound to speak", "give a longer recording");
  const auto motion = speech_motion(samples, options.fps);
  const auto frames = std::int64_t(motion.size());
  const auto pictures = folder / "full_body_img", landmarks = folder / "landmarks";
  std::error_code failed;
  fs::create_directories(pictures, failed);
  if (!failed) fs::create_directories(landmarks, failed);
  require(!failed, "cannot make '" + folder.string() + "'", failed.message(), "choose another folder");
  fs::remove(folder / "truth.json");
  fs::remove(folder / "dataset.json");
  audio::write_wav(folder / "aud.wav", samples);

  const drawn_person person(options.seed);
  const auto name = fs::absolute(folder / "").lexically_normal().parent_path().filename().string() + ".mp4";
  media::encoder_options coding;
  coding.preset = "veryfast";
  coding.crf = options.crf;
  coding.fps = options.fps;
  coding.width = person.width;
  coding.height = person.height;
  coding.samples = samples;
  media::encoder video((folder / name).string(), coding);
  auto truth = truth_header(options.seed, options.fps);

  constexpr std::int64_t batch = 16;
  struct drawn {
    frame_truth truth;
    cv::Mat picture;
    std::vector<uchar> jpeg;
  };
  std::vector<drawn> work(batch);
  std::vector<media::frame_record> records;
  for (std::int64_t first = 0; first < frames; first += batch) {
    const auto count = std::min(batch, frames - first);
    cv::parallel_for_(cv::Range(0, int(count)), [&](const cv::Range& range) {
      for (int i = range.start; i < range.end; ++i) {
        auto& d = work[std::size_t(i)];
        const auto k = first + i;
        d.truth = person.truth(double(k) * double(options.fps.den) / double(options.fps.num), motion[std::size_t(k)]);
        d.picture = person.draw(d.truth, std::uint64_t(k));
        cv::imencode(".jpg", d.picture, d.jpeg, {cv::IMWRITE_JPEG_QUALITY, options.jpeg_quality});
      }
    });
    for (std::int64_t i = 0; i < count; ++i) {
      const auto& d = work[std::size_t(i)];
      const auto stem = std::to_string(first + i);
      detail::write_frame_file(pictures / (stem + ".jpg"), {reinterpret_cast<const char*>(d.jpeg.data()), d.jpeg.size()});
      detail::write_frame_file(landmarks / (stem + ".lms"), landmark_text(d.truth.points));
      truth["frames"].push_back(truth_entry(d.truth));
      records.push_back(detail::record_of(d.truth.points, d.picture.size()));
      video.write(d.picture);
    }
    require(!progress || progress(first + count, frames), "drawn person", "stopped before its end", "run it again");
  }
  video.finish();
  detail::remove_from(pictures, frames, ".jpg");
  detail::remove_from(landmarks, frames, ".lms");
  io::write_text(folder / "truth.json", truth.dump(1) + "\n");

  const auto mel = audio::mel_features(samples, options.fps);
  audio::write_features(media::feature_file(folder, mel.kind), mel);
  auto manifest = detail::manifest_of(folder / name, options, {person.width, person.height});
  manifest.features[mel.kind] = {media::mel_rule, mel.rows()};
  manifest.frames = std::move(records);
  media::write_manifest(folder / "dataset.json", manifest);
}

}  // namespace viseme::demo
