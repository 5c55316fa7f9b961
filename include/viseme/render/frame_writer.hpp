// Encodes on a thread of its own, so that the next frame is drawn meanwhile.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <string>
#include <thread>
#include <utility>

#include <viseme/media/encoder.hpp>
#include <viseme/render/stage_times.hpp>

namespace viseme::render {

/// A few frames wait at most; then write() waits. Errors of the encoder come out of the next write() or of finish().
class frame_writer {
public:
  explicit frame_writer(std::unique_ptr<media::encoder> encoder) : encoder_(std::move(encoder)), worker_([this] { work(); }) {}
  frame_writer(const frame_writer&) = delete;
  ~frame_writer() { stop(true); }

  /// Takes the frame; its pixels must not be changed afterwards.
  void write(cv::Mat frame) {
    std::unique_lock lock(guard_);
    changed_.wait(lock, [&] { return waiting_.size() < most_waiting || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    waiting_.push_back(std::move(frame));
    changed_.notify_all();
  }

  /// Ends the video under its final name. Without it nothing is left. Throws what the encoder threw.
  void finish() {
    stop(false);
    if (failure_) std::rethrow_exception(failure_);
    encoder_->finish();
  }

  /// FFmpeg's name of the video encoder at work.
  std::string codec() const { return encoder_->codec(); }
  /// After finish().
  const stage_times& times() const { return times_; }

private:
  static constexpr std::size_t most_waiting = 4;

  void stop(bool drop) {
    {
      const std::lock_guard lock(guard_);
      ended_ = true;
      if (drop) waiting_.clear();
    }
    changed_.notify_all();
    if (worker_.joinable()) worker_.join();
  }

  void work() {
    for (;;) {
      cv::Mat frame;
      {
        std::unique_lock lock(guard_);
        changed_.wait(lock, [&] { return !waiting_.empty() || ended_; });
        if (waiting_.empty()) return;
        frame = std::move(waiting_.front());
        waiting_.pop_front();
      }
      changed_.notify_all();
      try {
        times_.measure(stage::encode, [&] { encoder_->write(frame); });
      } catch (...) {
        const std::lock_guard lock(guard_);
        failure_ = std::current_exception();
        waiting_.clear();
        changed_.notify_all();
        return;
      }
    }
  }

  std::unique_ptr<media::encoder> encoder_;
  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<cv::Mat> waiting_;
  bool ended_ = false;
  std::exception_ptr failure_;
  stage_times times_;
  std::thread worker_;  // last: it uses the others
};

}  // namespace viseme::render
