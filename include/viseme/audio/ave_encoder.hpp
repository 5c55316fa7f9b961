// The AVE audio encoder: 16 log-mel rows a frame -> 512 numbers a frame.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/audio/mel_windows.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::audio {

/// Runs the encoder in batches of 64 frames on any device; sound may be pushed in pieces elsewhere, this takes it whole.
class ave_encoder {
public:
  static constexpr int batch = 64;

  /// `block`: the flat block of "audio_encoder".
  ave_encoder(device& on, std::span<const float> block)
      : session_(on.prepare({.net = "audio_encoder"}, block)->make_session({.batch = batch, .image = {0, 0}, .cut = {}})) {}

  /// Mono samples at 16 kHz -> ceil(samples x fps / 16000) rows.
  feature_rows features(std::span<const float> samples, rational fps) {
    mel_windows windows(fps);
    windows.push(samples);
    windows.finish();
    feature_rows result{feature_kind::ave, fps, {}};
    const auto rows = windows.rows();
    const auto length = std::size_t(result.length());
    constexpr std::size_t window = mel_window_rows * mel_bands;
    result.data.resize(std::size_t(rows) * length);
    std::vector<float> input(batch * window), output(batch * length);
    for (std::int64_t first = 0; first < rows; first += batch) {
      const auto count = std::size_t(std::min<std::int64_t>(batch, rows - first));
      for (std::size_t i = 0; i < count; ++i) windows.encoder_input(first + std::int64_t(i), std::span(input).subspan(i * window, window));
      session_->write("mel", input);
      session_->run();
      session_->read("output", output);
      std::copy_n(output.begin(), count * length, result.data.begin() + std::ptrdiff_t(std::size_t(first) * length));
    }
    return result;
  }

private:
  std::unique_ptr<session> session_;
};

}  // namespace viseme::audio
