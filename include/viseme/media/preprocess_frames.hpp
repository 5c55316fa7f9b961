// The pictures of a person's folder: decode, write as JPEG and follow the face, side by side, resumable.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <opencv2/imgcodecs.hpp>
#include <span>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/io/input_file.hpp>
#include <viseme/media/dataset.hpp>
#include <viseme/media/decoder.hpp>
#include <viseme/media/landmarks_tracker.hpp>

namespace viseme::media {

/// Wall seconds spent in a stage, added up.
class stopwatch {
public:
  explicit stopwatch(double& seconds) : seconds_(seconds), from_(std::chrono::steady_clock::now()) {}
  stopwatch(const stopwatch&) = delete;
  ~stopwatch() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - from_).count(); }

private:
  double& seconds_;
  std::chrono::steady_clock::time_point from_;
};

/// Landmarks found so far, appended to a file: a frame is 1 + 2 points floats, the first 1 where a face was found. A cut last frame is left
/// out.
class landmark_log {
public:
  landmark_log(std::filesystem::path path, int points) : path_(std::move(path)), floats_(std::size_t(1 + 2 * points)) {}

  std::vector<frame_landmarks> read() const {
    std::vector<frame_landmarks> track;
    if (!std::filesystem::exists(path_)) return track;
    io::input_file file(path_);
    std::vector<float> row(floats_);
    for (std::uint64_t at = 0; file.size() - at >= bytes(); at += bytes()) {
      file.read(at, std::as_writable_bytes(std::span(row)));
      frame_landmarks points;
      for (std::size_t k = 1; row[0] == 1 && k < floats_; k += 2) {
        require(std::abs(row[k]) < 1e6f && std::abs(row[k + 1]) < 1e6f, path_.string(), "damaged", "preprocess again with --resume off");
        points.push_back({row[k], row[k + 1]});
      }
      track.push_back(std::move(points));
    }
    return track;
  }

  /// Keeps the first `frames` only.
  void cut(std::size_t frames) const {
    if (std::filesystem::exists(path_))
      std::filesystem::resize_file(path_, std::min<std::uint64_t>(frames * bytes(), std::filesystem::file_size(path_)));
  }

  void append(std::span<const frame_landmarks> track) const {
    std::vector<float> rows;
    for (const auto& points : track) {
      rows.push_back(points.empty() ? 0.f : 1.f);
      for (const auto& p : points) rows.insert(rows.end(), {p.x, p.y});
      if (points.empty()) rows.resize(rows.size() + floats_ - 1);
    }
    std::ofstream file(path_, std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(rows.data()), std::streamsize(rows.size() * sizeof(float)));
    file.close();
    require(!file.fail(), "cannot write '" + path_.string() + "'", "no space left, or the folder is not writable",
            "free some space or write elsewhere");
  }

private:
  std::size_t bytes() const { return floats_ * sizeof(float); }
  std::filesystem::path path_;
  std::size_t floats_;
};

/// Writes a picture as JPEG. Throws `error` if the file cannot be written.
inline void write_jpeg(const std::filesystem::path& path, const cv::Mat& bgr, int quality) {
  std::vector<uchar> bytes;
  cv::imencode(".jpg", bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, quality});
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  file.close();
  require(!file.fail(), "cannot write '" + path.string() + "'", "no space left, or the folder is not writable",
          "free some space or write elsewhere");
}

struct frame_pass {
  decoder& video;
  face_tracker& tracker;
  std::filesystem::path folder;  ///< has full_body_img; landmarks.partial is kept here
  int jpeg_quality = 95, threads = 1;
  std::function<void(std::int64_t done, const std::vector<frame_landmarks>& newest)>
      after_chunk;  ///< may throw to stop; what is done stays
};

struct frame_pass_seconds {
  double decode = 0, faces = 0, write = 0;
};

/// Frames in memory at a time: these twice. Resuming begins at a multiple of it, so that the result does not depend on stops.
inline constexpr std::int64_t chunk_frames = 10;

/// Landmarks of every frame; pictures already in the folder, with their landmarks in the log, are not made again.
inline std::vector<frame_landmarks> run(const frame_pass& pass, frame_pass_seconds& seconds) {
  using chunk = std::vector<cv::Mat>;
  const landmark_log log(pass.folder / "landmarks.partial", pass.tracker.points());
  auto track = log.read();
  track.resize(track.size() / std::size_t(chunk_frames) * std::size_t(chunk_frames));
  if (!track.empty() && !std::filesystem::exists(frame_file(pass.folder, std::int64_t(track.size()) - 1))) track.clear();
  log.cut(track.size());

  const auto decode = [&] {
    const stopwatch watch(seconds.decode);
    chunk frames;
    for (cv::Mat frame; std::int64_t(frames.size()) < chunk_frames && pass.video.next(frame);) frames.push_back(frame.clone());
    return frames;
  };
  if (!track.empty()) {
    const stopwatch watch(seconds.decode);
    cv::Mat skipped;
    for (std::size_t i = 0; i < track.size(); ++i) {
      if (i % 100 == 0 && pass.after_chunk) pass.after_chunk(std::int64_t(i), {});
      require(pass.video.next(skipped), "video", "it is shorter than before", "run again with --resume off");
    }
    pass.tracker.resume(track, skipped);
    if (pass.after_chunk) pass.after_chunk(std::int64_t(track.size()), {});
  }

  auto ahead = std::async(std::launch::async, decode);
  for (chunk frames; !(frames = ahead.get()).empty();) {
    const auto first = std::int64_t(track.size());
    require(first < most_frames, "video", "over ten million frames", "cut it into pieces");
    ahead = std::async(std::launch::async, decode);
    std::atomic<std::size_t> next = 0;
    const auto write = [&] {
      for (std::size_t i; (i = next++) < frames.size();)
        write_jpeg(frame_file(pass.folder, first + std::int64_t(i)), frames[i], pass.jpeg_quality);
    };
    std::vector<std::future<void>> writers;
    for (int i = 0; i < std::max(1, pass.threads / 2); ++i) writers.push_back(std::async(std::launch::async, write));
    std::vector<frame_landmarks> found;
    {
      const stopwatch watch(seconds.faces);
      found = pass.tracker.next(frames);
    }
    {
      const stopwatch watch(seconds.write);
      for (auto& w : writers) w.get();
    }
    log.append(found);
    track.insert(track.end(), found.begin(), found.end());
    if (pass.after_chunk) pass.after_chunk(std::int64_t(track.size()), found);
  }
  return track;
}

}  // namespace viseme::media
