// The person's frames in the order of a walk, decoded ahead and kept while memory allows.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <opencv2/core.hpp>
#include <utility>
#include <vector>

#include <viseme/media/dataset.hpp>

namespace viseme::render {

/// One user's. The next frames are decoded by threads of their own while this one is drawn on.
class frame_source {
public:
  /// `order`: frame number at step i. Up to `cache_bytes` of decoded frames are kept: short recordings are decoded once.
  frame_source(std::shared_ptr<const media::dataset> data, std::function<std::int64_t(std::int64_t)> order, std::size_t cache_bytes)
      : data_(std::move(data)), order_(std::move(order)), room_(cache_bytes), kept_(std::size_t(data_->frames())) {}

  struct frame {
    std::int64_t number;
    cv::Mat picture;      ///< a copy, to be drawn on
    double decoding_ms;   ///< the time it took on the other thread; 0 where it was kept
  };

  /// The frame of the next step. Throws `error` for a broken picture.
  frame next() {
    while (ahead_.size() <= depth) request();
    auto entry = std::move(ahead_.front());
    ahead_.pop_front();
    if (entry.decoding.valid()) {
      auto [picture, took] = entry.decoding.get();
      auto& kept = kept_[std::size_t(entry.number)];
      const auto bytes = picture.total() * picture.elemSize();
      if (!kept.empty() || bytes > room_) return {entry.number, std::move(picture), took};
      room_ -= bytes;
      kept = std::move(picture);
      return {entry.number, kept.clone(), took};
    }
    return {entry.number, kept_[std::size_t(entry.number)].clone(), 0};
  }

private:
  static constexpr std::size_t depth = 2;

  struct decoded {
    cv::Mat picture;
    double milliseconds;
  };
  struct entry {
    std::int64_t number;
    std::future<decoded> decoding;
  };

  static decoded decode(const media::dataset& data, std::int64_t number) {
    using clock = std::chrono::steady_clock;
    const auto start = clock::now();
    auto picture = data.read_frame(number);
    return {std::move(picture), std::chrono::duration<double, std::milli>(clock::now() - start).count()};
  }

  void request() {
    const auto number = order_(step_++);
    entry e{number, {}};
    if (kept_[std::size_t(number)].empty()) e.decoding = std::async(std::launch::async, [data = data_, number] { return decode(*data, number); });
    ahead_.push_back(std::move(e));
  }

  std::shared_ptr<const media::dataset> data_;
  std::function<std::int64_t(std::int64_t)> order_;
  std::size_t room_;
  std::vector<cv::Mat> kept_;
  std::deque<entry> ahead_;
  std::int64_t step_ = 0;
};

}  // namespace viseme::render
