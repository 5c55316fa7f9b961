// Sound -> for every video frame, the 16 log-mel rows (200 ms) that its `mel` feature is made of and that the AVE encoder reads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>

#include <viseme/audio/features.hpp>
#include <viseme/audio/log_mel.hpp>
#include <viseme/core/rational.hpp>

namespace viseme::audio {

inline constexpr int mel_window_rows = 16;

/// First log-mel row of frame i's window: floor(80 max(i - 1, 0) / fps). Row i is one frame late, so that it is in step with the reference's
/// ave features, whose first row is doubled.
constexpr std::int64_t mel_window_start(std::int64_t frame, rational fps) {
  return row_at(std::max<std::int64_t>(frame - 1, 0), fps, {sample_rate / mel_hop, 1});
}

/// Mel windows from sound that arrives in pieces, constant memory; the numbers do not depend on how it was cut.
class mel_windows {
public:
  explicit mel_windows(rational fps) : fps_(fps) {}

  /// Mono samples at 16 kHz.
  void push(std::span<const float> samples) { mel_.push(samples); }

  /// The sound is complete: ceil(samples x fps / 16000) frames in all, the last mel row repeated where windows pass the end.
  void finish() { mel_.finish(); }

  /// Frames whose window is complete; grows with push() and finish().
  std::int64_t rows() const {
    const auto covered = frames_covering(mel_.samples(), sample_rate, fps_);
    if (mel_.finished()) return covered;
    const auto ready = [&](std::int64_t i) { return i < covered && mel_window_start(i, fps_) + mel_window_rows <= mel_.rows(); };
    while (ready(ready_)) ++ready_;
    return ready_;
  }

  /// Frame i's window, (16, 80), time x band.
  void mel_window(std::int64_t i, std::span<float> out) const {
    check(i, out.size(), mel_window_rows * mel_bands);
    for (int t = 0; t < mel_window_rows; ++t) std::ranges::transform(row(i, t), out.begin() + t * mel_bands, [](double v) { return float(v); });
  }

  /// The same as the AVE encoder takes it, (80, 16), band x time.
  void encoder_input(std::int64_t i, std::span<float> out) const {
    check(i, out.size(), mel_window_rows * mel_bands);
    for (int t = 0; t < mel_window_rows; ++t)
      for (int b = 0; b < mel_bands; ++b) out[std::size_t(b * mel_window_rows + t)] = float(row(i, t)[std::size_t(b)]);
  }

  /// Frame i's `mel` feature, (16, 32), time x band: 80 bands pooled to 32, each the mean over 2.5 bands.
  void mel_feature(std::int64_t i, std::span<float> out) const {
    constexpr int pooled = 32;
    check(i, out.size(), mel_window_rows * pooled);
    for (int t = 0; t < mel_window_rows; ++t) {
      const auto bands = row(i, t);
      for (std::size_t pair = 0; pair < pooled / 2; ++pair) {
        const double* v = bands.data() + 5 * pair;
        const auto at = std::size_t(t) * pooled + 2 * pair;
        out[at] = float((v[0] + v[1] + v[2] / 2) / 2.5);
        out[at + 1] = float((v[2] / 2 + v[3] + v[4]) / 2.5);
      }
    }
  }

  /// Frames before i are not asked for again.
  void forget(std::int64_t i) { mel_.forget(mel_window_start(i, fps_)); }

private:
  std::span<const double> row(std::int64_t i, int t) const { return mel_.row(std::min(mel_window_start(i, fps_) + t, mel_.rows() - 1)); }

  void check(std::int64_t i, std::size_t size, std::size_t wanted) const {
    if (i < 0 || i >= rows() || size != wanted) throw std::logic_error("mel_windows: no such frame yet, or output of the wrong size");
  }

  rational fps_;
  log_mel_stream mel_;
  mutable std::int64_t ready_ = 0;
};

/// The `mel` features of a whole sound, mono at 16 kHz: ceil(samples x fps / 16000) rows.
inline feature_rows mel_features(std::span<const float> samples, rational fps) {
  mel_windows windows(fps);
  feature_rows features{feature_kind::mel, fps, {}};
  const auto take = [&] {
    const auto from = features.rows(), to = windows.rows();
    const auto length = std::size_t(features.length());
    features.data.resize(std::size_t(to) * length);
    for (auto i = from; i < to; ++i) windows.mel_feature(i, std::span(features.data).subspan(std::size_t(i) * length, length));
    windows.forget(to);
  };
  for (std::size_t at = 0; at < samples.size(); at += sample_rate) {
    windows.push(samples.subspan(at, std::min<std::size_t>(sample_rate, samples.size() - at)));
    take();
  }
  windows.finish();
  take();
  return features;
}

}  // namespace viseme::audio
