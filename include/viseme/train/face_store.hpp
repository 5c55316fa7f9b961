// The face pictures of a person's frames, decoded once and kept in memory up to a limit.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <span>
#include <utility>
#include <vector>

#include <viseme/media/dataset.hpp>
#include <viseme/media/net_image.hpp>

namespace viseme::train {

/// The net's 320 x 320 picture of a frame's face.
inline cv::Mat read_face(const media::dataset& data, std::int64_t frame) {
  return media::inner(media::cut(data.read_frame(frame), data.record(frame).crop, media::crop_filter)).clone();
}

/// Faces by frame number. Immutable once made; reads are safe from several threads.
class face_store {
public:
  static constexpr std::size_t face_bytes = std::size_t(media::net_size) * media::net_size * 3;

  /// Called with faces decoded so far; returns false to stop (then an `error` is thrown). May be called from any one thread at a time.
  using progress = std::function<bool(std::int64_t)>;

  /// Decodes as many of `frames` as fit into `limit` bytes, on OpenCV's threads; the others are decoded whenever they are asked for.
  face_store(std::shared_ptr<const media::dataset> data, std::span<const std::int64_t> frames, std::size_t limit, const progress& report = {})
      : data_(std::move(data)), faces_(std::size_t(data_->frames())) {
    const auto kept = std::min(frames.size(), limit / face_bytes);
    std::exception_ptr failure;
    std::mutex guard;
    std::int64_t done = 0;
    std::atomic<bool> stop{false};
    cv::parallel_for_({0, int(kept)}, [&](const cv::Range& range) {
      for (int k = range.start; k < range.end && !stop; ++k) try {
          faces_[std::size_t(frames[std::size_t(k)])] = read_face(*data_, frames[std::size_t(k)]);
          const std::lock_guard lock(guard);
          require(!report || report(++done), "reading faces", "stopped before its end", "run it again");
        } catch (...) {
          const std::lock_guard lock(guard);
          if (!failure) failure = std::current_exception();
          stop = true;
        }
    });
    if (failure) std::rethrow_exception(failure);
  }

  const media::dataset& data() const { return *data_; }

  /// 8-bit BGR, 320 x 320; not to be written to. Throws `error` for a broken picture.
  cv::Mat face(std::int64_t frame) const {
    const auto& kept = faces_.at(std::size_t(frame));
    return kept.empty() ? read_face(*data_, frame) : kept;
  }

private:
  std::shared_ptr<const media::dataset> data_;
  std::vector<cv::Mat> faces_;
};

}  // namespace viseme::train
