// 80-band log-mel spectrogram at 16 kHz: 800-sample frames every 200, as librosa 0.10 and Wav2Lip's rule compute it, in float64.
//
//   y[n]     = x[n] - 0.97 x[n - 1], zeros outside
//   mag[t,f] = |FFT_800(y[200 t - 400 .. 200 t + 399] * periodic Hann)|
//   mel[t,b] = Slaney-scale, area-normalised triangles, 55 to 7600 Hz
//   row[t,b] = clip(8 (20 log10(max(1e-5, mel)) - 20 + 100) / 100 - 4, -4, 4)
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <opencv2/core.hpp>
#include <span>
#include <stdexcept>
#include <vector>

namespace viseme::audio {

inline constexpr int sample_rate = 16000;
inline constexpr int mel_bands = 80;
inline constexpr int mel_hop = 200;   ///< samples between rows: 80 rows a second
inline constexpr int mel_fft = 800;   ///< samples a row sees, centred on 200 t

/// One triangle of the filter bank: its weights on the FFT bins first .. first + weights.size() - 1.
struct mel_filter {
  int first = 0;
  std::vector<double> weights;
};

/// The 80 triangles, as librosa.filters.mel(sr=16000, n_fft=800, n_mels=80, fmin=55, fmax=7600).
inline const std::array<mel_filter, mel_bands>& mel_filterbank() {
  static const auto bank = [] {
    const double step = std::log(6.4) / 27;
    const auto to_mel = [&](double f) { return f < 1000 ? f * 3 / 200 : 15 + std::log(f / 1000) / step; };
    const auto to_hz = [&](double m) { return m < 15 ? m * 200 / 3 : 1000 * std::exp((m - 15) * step); };
    const double low = to_mel(55), high = to_mel(7600);
    std::array<double, mel_bands + 2> edge;
    for (int i = 0; i < mel_bands + 2; ++i) edge[i] = to_hz(low + (high - low) * i / (mel_bands + 1));
    std::array<mel_filter, mel_bands> filters;
    for (int b = 0; b < mel_bands; ++b)
      for (int f = 0; f <= mel_fft / 2; ++f) {
        const double hz = double(f) * sample_rate / mel_fft;
        const double rise = (hz - edge[b]) / (edge[b + 1] - edge[b]), fall = (edge[b + 2] - hz) / (edge[b + 2] - edge[b + 1]);
        const double weight = std::min(rise, fall) * 2 / (edge[b + 2] - edge[b]);
        if (weight <= 0) continue;
        if (filters[b].weights.empty()) filters[b].first = f;
        filters[b].weights.push_back(weight);
      }
    return filters;
  }();
  return bank;
}

/// Log-mel rows from sound that arrives in pieces; the rows do not depend on how it was cut. Rows are float64 in [-4, 4].
class log_mel_stream {
public:
  /// Appends mono samples at 16 kHz in [-1, 1]. Not after finish().
  void push(std::span<const float> samples) {
    if (finished_) throw std::logic_error("log_mel_stream: push after finish");
    emphasised_.reserve(emphasised_.size() + samples.size());
    for (const float x : samples) {
      emphasised_.push_back(x - 0.97 * previous_);
      previous_ = x;
    }
    samples_ += std::int64_t(samples.size());
    make_rows();
  }

  /// The sound is complete: rows that reach past its end become available, 1 + samples / 200 in all (none for no samples).
  void finish() {
    if (finished_) return;
    finished_ = true;
    const auto total = samples_ ? 1 + samples_ / mel_hop : 0;
    emphasised_.resize(emphasised_.size() + mel_fft / 2, 0.0);
    make_rows();
    values_.resize(std::size_t(total - kept_from_) * mel_bands);
    emphasised_ = {};
  }

  bool finished() const { return finished_; }
  std::int64_t samples() const { return samples_; }

  /// Rows made so far, counted from the start of the sound.
  std::int64_t rows() const { return kept_from_ + std::int64_t(values_.size() / mel_bands); }

  /// Row t, (80); t in [first kept, rows()). The view holds until the next non-const call.
  std::span<const double> row(std::int64_t t) const {
    if (t < kept_from_ || t >= rows()) throw std::out_of_range("log_mel_stream: row not kept");
    return {values_.data() + (t - kept_from_) * mel_bands, mel_bands};
  }

  /// Rows before t are not asked for again; their memory is given back from time to time.
  void forget(std::int64_t t) {
    t = std::min(t, rows());
    if (t - kept_from_ < 1024) return;
    values_.erase(values_.begin(), values_.begin() + (t - kept_from_) * mel_bands);
    kept_from_ = t;
  }

private:
  static constexpr int batch = 32;  // rows an FFT call takes: its plan is made once for them

  void make_rows() {
    std::size_t at = 0;
    while (emphasised_.size() - at >= mel_fft) {
      const auto count = int(std::min<std::size_t>(batch, (emphasised_.size() - at - mel_fft) / mel_hop + 1));
      transform(emphasised_.data() + at, count);
      at += std::size_t(count) * mel_hop;
    }
    emphasised_.erase(emphasised_.begin(), emphasised_.begin() + std::ptrdiff_t(at));
  }

  void transform(const double* y, int count) {
    static const auto window = [] {
      std::array<double, mel_fft> w;
      for (int i = 0; i < mel_fft; ++i) w[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / mel_fft);
      return w;
    }();
    cv::Mat_<double> frames(count, mel_fft);
    for (int t = 0; t < count; ++t)
      for (int i = 0; i < mel_fft; ++i) frames(t, i) = y[t * mel_hop + i] * window[i];
    cv::dft(frames, frames, cv::DFT_ROWS);  // packed: re 0, re 1, im 1, ... re 400
    std::array<double, mel_fft / 2 + 1> magnitude;
    for (int t = 0; t < count; ++t) {
      const double* s = frames[t];
      magnitude[0] = std::abs(s[0]);
      for (int f = 1; f < mel_fft / 2; ++f) magnitude[f] = std::sqrt(s[2 * f - 1] * s[2 * f - 1] + s[2 * f] * s[2 * f]);
      magnitude[mel_fft / 2] = std::abs(s[mel_fft - 1]);
      for (const auto& filter : mel_filterbank()) {
        double mel = 0;
        for (std::size_t k = 0; k < filter.weights.size(); ++k) mel += filter.weights[k] * magnitude[filter.first + k];
        const double decibel = 20 * std::log10(std::max(1e-5, mel)) - 20;
        values_.push_back(std::clamp(8 * (decibel + 100) / 100 - 4, -4.0, 4.0));
      }
    }
  }

  std::vector<double> emphasised_ = std::vector<double>(mel_fft / 2, 0.0);  // from sample 200 rows() - 400 on
  std::vector<double> values_;                                              // (rows() - kept_from_, 80)
  std::int64_t samples_ = 0, kept_from_ = 0;
  float previous_ = 0;
  bool finished_ = false;
};

/// A log-mel spectrogram, (rows, 80) row-major, values in [-4, 4], 80 rows a second.
struct mel_spectrogram {
  std::vector<float> values;

  int rows() const { return int(values.size() / mel_bands); }
  std::span<const float> row(int t) const { return {values.data() + std::size_t(t) * mel_bands, mel_bands}; }
};

/// The spectrogram of a whole sound, mono at 16 kHz: 1 + samples / 200 rows, float64 rounded once.
inline mel_spectrogram log_mel(std::span<const float> samples) {
  log_mel_stream stream;
  mel_spectrogram mel;
  mel.values.reserve((1 + samples.size() / mel_hop) * mel_bands);
  const auto take = [&] {
    for (auto t = std::int64_t(mel.values.size() / mel_bands); t < stream.rows(); ++t)
      for (const double v : stream.row(t)) mel.values.push_back(float(v));
    stream.forget(stream.rows());
  };
  for (std::size_t at = 0; at < samples.size(); at += sample_rate) {
    stream.push(samples.subspan(at, std::min<std::size_t>(sample_rate, samples.size() - at)));
    take();
  }
  stream.finish();
  take();
  return mel;
}

}  // namespace viseme::audio
