// Video file -> 8-bit BGR pictures, upright, at the file's own times or at a constant rate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <opencv2/core.hpp>
#include <optional>

#include <viseme/core/rational.hpp>
#include <viseme/media/av.hpp>
#include <viseme/media/picture.hpp>

namespace viseme::media {

/// What a video file says of itself.
struct video_info {
  int width = 0, height = 0;  ///< pixels, upright
  rational rate;              ///< of the pictures that next() gives; a variable-rate file's average
  std::int64_t frames = 0;    ///< as the container says, an estimate where the rate is converted; 0 if unknown
  double seconds = 0;         ///< of the video track; 0 if unknown
  double start = 0;           ///< when picture 0 is shown, on the file's clock, in seconds (sound may start earlier or later)
  bool has_audio = false;
  bool constant_rate = true;  ///< the file's own pictures are evenly spaced, to within half a picture
  int rotation = 0;           ///< clockwise degrees already applied: 0, 90, 180, 270
};

/// Decodes the best video track in constant memory.
///
/// With a constant rate, picture k is the last one whose time, rounded to the nearest 1 / rate, is at most k: the rule (and so the number of
/// pictures) of FFmpeg's fps filter. Pictures are repeated or left out, and no error adds up.
class decoder {
public:
  /// Throws `error` where there is no such file, no video track, no picture in it, or sides over 16384.
  explicit decoder(const std::filesystem::path& path, std::optional<rational> constant_rate = {}, int threads = 1,
                   av::decoding where = av::decoding::cpu)
      : reader_(path, AVMEDIA_TYPE_VIDEO, threads, where), wanted_(constant_rate), current_(av::made(av_frame_alloc())), ahead_(av::made(av_frame_alloc())) {
    const auto& parameters = *reader_.stream().codecpar;
    require(parameters.width > 0 && parameters.height > 0 && std::max(parameters.width, parameters.height) <= largest_side, reader_.name(),
            "pictures of " + std::to_string(parameters.width) + "x" + std::to_string(parameters.height) + " pixels",
            "give a video of at most 16384 pixels a side");
    stored_ = {parameters.width, parameters.height};
    if (const auto* matrix = av_stream_get_side_data(&reader_.stream(), AV_PKT_DATA_DISPLAYMATRIX, nullptr))
      turn_ = av::orientation::from_matrix(reinterpret_cast<const std::int32_t*>(matrix));
    advance();
    require(more_, reader_.name(), "holds no picture that can be decoded", "make or copy the file again");
    describe();
    tick_ = ticks(ahead_time_);
    first_tick_ = tick_;
    info_.start = wanted_ ? double(tick_) / wanted_->value() : seconds(ahead_time_);
  }

  const video_info& info() const { return info_; }

  /// The next picture, 8-bit BGR, upright; false at the end. Throws `error` for timestamps with a gap of over ten minutes.
  bool next(cv::Mat& bgr) {
    bool fresh = false;
    if (wanted_) {
      while (more_ && ticks(ahead_time_) <= tick_) {
        take();
        fresh = true;
      }
      if (!more_ && tick_ >= std::max(ticks(end_), first_tick_ + 1)) return false;
      ++tick_;
    } else {
      if (!more_) return false;
      take();
      fresh = true;
    }
    if (fresh) converter_.convert(*current_, stored_, turn_, picture_);
    picture_.copyTo(bgr);
    ++index_;
    return true;
  }

  /// Number of the picture that next() gave last, from 0; -1 before the first.
  std::int64_t index() const { return index_; }

  /// Something was unreadable, or the file ended before the time that its header promises. Final once next() gave false.
  bool truncated() const { return reader_.damaged() || short_; }

private:
  static constexpr int largest_side = 16384;
  static constexpr int largest_gap = 600;  // seconds

  void take() {
    std::swap(current_, ahead_);
    advance();
  }

  void advance() {
    const auto last = ahead_time_;
    av_frame_unref(ahead_.get());
    AVFrame* f = reader_.next();
    more_ = f != nullptr;
    if (!more_) return finish();
    ahead_time_ = f->best_effort_timestamp == AV_NOPTS_VALUE ? end_ : f->best_effort_timestamp - reader_.origin();
    require(!started_ || std::abs(seconds(ahead_time_) - seconds(last)) < largest_gap, reader_.name(), "its timestamps jump by over ten minutes",
            "convert it with ffmpeg first");
    started_ = true;
    end_ = ahead_time_ + std::clamp<std::int64_t>(f->pkt_duration > 0 ? f->pkt_duration : period(), 0, units(largest_gap));
    av_frame_move_ref(ahead_.get(), f);
  }

  double seconds(std::int64_t time) const { return double(time) * av_q2d(reader_.stream().time_base); }
  std::int64_t units(int seconds) const { return av_rescale_q(seconds, {1, 1}, reader_.stream().time_base); }
  std::int64_t period() const {
    const auto rate = av_guess_frame_rate(&reader_.file(), &reader_.stream(), nullptr);
    return rate.num > 0 ? av_rescale_q(1, av_inv_q(rate), reader_.stream().time_base) : 0;
  }
  std::int64_t ticks(std::int64_t time) const {
    if (!wanted_) return 0;
    return av_rescale_q_rnd(time, reader_.stream().time_base, {int(wanted_->den), int(wanted_->num)}, AVRounding(AV_ROUND_NEAR_INF | AV_ROUND_PASS_MINMAX));
  }

  void finish() {
    if (!started_ || reader_.promised() == 0) return;
    const auto start = reader_.stream().start_time;
    const double first = start == AV_NOPTS_VALUE ? 0 : seconds(start - reader_.origin());
    short_ = first + reader_.promised() - seconds(end_) > std::max(0.25, 2 * seconds(period()));
  }

  void describe() {
    const auto& s = reader_.stream();
    info_.width = turn_.transpose ? stored_.height : stored_.width;
    info_.height = turn_.transpose ? stored_.width : stored_.height;
    info_.rotation = turn_.degrees();
    info_.has_audio = av_find_best_stream(&reader_.file(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0) >= 0;
    if (s.duration > 0)
      info_.seconds = seconds(s.duration);
    else if (reader_.file().duration > 0)
      info_.seconds = double(reader_.file().duration) / AV_TIME_BASE;
    const auto real = s.r_frame_rate, average = s.avg_frame_rate;
    info_.constant_rate = real.num > 0 && (average.num <= 0 || evenly_spaced(real));
    const auto rate = info_.constant_rate || average.num <= 0 ? real : average;
    info_.rate = rate.num > 0 && rate.den > 0 ? reduced(rate.num, rate.den) : rational{25, 1};
    info_.frames = s.nb_frames;
    if (wanted_) {
      require(wanted_->num > 0 && wanted_->den > 0 && wanted_->num <= std::numeric_limits<int>::max() && wanted_->den <= std::numeric_limits<int>::max(),
              "frame rate " + viseme::text(*wanted_), "out of range", "give a rate up to 1000 frames a second");
      info_.rate = *wanted_;
      info_.frames = std::llround(info_.seconds * wanted_->value());
    }
  }

  bool evenly_spaced(AVRational rate) const {
    auto& s = reader_.stream();
    const int count = avformat_index_get_entries_count(&s);
    if (count < 2 || count != s.nb_frames) return std::abs(av_q2d(s.avg_frame_rate) / av_q2d(rate) - 1) < 1e-3;
    const auto first = avformat_index_get_entry(&s, 0)->timestamp;
    for (int i = 1; i < count; ++i) {
      const double at = seconds(avformat_index_get_entry(&s, i)->timestamp - first) * av_q2d(rate);
      if (std::abs(at - i) > 0.5) return false;
    }
    return true;
  }

  av::frame_reader reader_;
  std::optional<rational> wanted_;
  video_info info_;
  av::orientation turn_;
  cv::Size stored_;
  av::bgr_converter converter_;
  av::frame current_, ahead_;
  cv::Mat picture_;
  std::int64_t ahead_time_ = 0, end_ = 0;  // in the stream's time base, since the file's start
  std::int64_t tick_ = 0, first_tick_ = 0, index_ = -1;
  bool more_ = false, started_ = false, short_ = false;
};

}  // namespace viseme::media
