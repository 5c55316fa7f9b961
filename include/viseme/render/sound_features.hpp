// Sound arriving in pieces -> the net's window of features for any moment, as soon as it is complete.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/audio/mel_windows.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::render {

/// How a checkpoint wants its sound.
struct window_settings {
  audio::feature_kind kind = audio::feature_kind::mel;
  rational fps;  ///< of the feature rows
  int look_ahead = audio::longest_look_ahead;
  audio::window_rule rule = audio::window_rule::edge;
};

/// Constant memory; the numbers do not depend on how the sound was cut. mel rows are computed here, ave rows by an encoder net, others are
/// brought whole.
class sound_features {
public:
  /// `encoder`: weights of audio_encoder, for ave. `given`: rows made elsewhere, used instead of the sound. Throws `error` if the kind needs
  /// one of them and it is missing.
  sound_features(const window_settings& settings, std::shared_ptr<const model> encoder, std::shared_ptr<const audio::feature_rows> given)
      : settings_(settings), mel_(settings.fps), given_(std::move(given)) {
    using enum audio::feature_kind;
    if (given_) {
      require(given_->kind == settings.kind && given_->rows() > 0, "features of the sound", "not " + std::string(audio::name(settings.kind)) + ", or no rows",
              "give rows of the kind the checkpoint was trained with");
    } else if (settings.kind == ave) {
      require(encoder != nullptr, "ave features", "the encoder is missing", "give its weights with --ave-weights, or rows with --feature-file");
      encoder_ = encoder->make_session({});
    } else {
      require(settings.kind == mel, std::string(audio::name(settings.kind)) + " features", "they cannot be made from sound here", "bring their rows with --feature-file");
    }
  }

  /// Mono samples at 16 kHz.
  void push(std::span<const float> samples) {
    require(!finished_, "sound", "more of it after its end", "start another rendering");
    samples_ += std::int64_t(samples.size());
    if (!given_) mel_.push(samples);
  }
  void finish() {
    finished_ = true;
    if (!given_) mel_.finish();
  }
  bool finished() const { return finished_; }
  std::int64_t samples() const { return samples_; }

  /// Whether everything that the window at `row` shows has been heard. Brought rows are complete from the start.
  bool ready(std::int64_t row) const {
    if (given_ || finished_) return true;
    const int ahead = settings_.rule == audio::window_rule::edge ? settings_.look_ahead : audio::longest_look_ahead;
    return row + ahead < mel_.rows();
  }

  /// The window centred at `row`, (16, row length). Rows must be asked for in ascending order, and be ready.
  void window(std::int64_t row, std::span<float> out) {
    if (!ready(row)) throw std::logic_error("sound_features: that window is not complete");
    if (given_) return audio::gather(*given_, audio::window_at(std::min(row, given_->rows() - 1), given_->rows(), settings_.look_ahead, settings_.rule), out);
    const auto rows = finished_ ? mel_.rows() : std::max(mel_.rows(), row + audio::window_rows);
    const auto at = audio::window_at(std::min(row, rows - 1), rows, settings_.look_ahead, settings_.rule);
    const auto length = std::size_t(audio::row_length(settings_.kind));
    if (out.size() != length * audio::window_rows) throw std::logic_error("sound_features: output of another size than a window's");
    const auto [least, most] = std::ranges::minmax_element(at);
    make_rows(*least, *most);
    for (std::size_t k = 0; k < at.size(); ++k) std::copy_n(made_.begin() + (at[k] - first_) * std::int64_t(length), length, out.begin() + std::ptrdiff_t(k * length));
  }

private:
  /// Makes rows up to `last` and drops those before `first`.
  void make_rows(std::int64_t first, std::int64_t last) {
    const auto length = std::size_t(audio::row_length(settings_.kind));
    auto next = first_ + std::int64_t(made_.size() / length);
    if (first > first_) {
      const auto drop = std::min(first, next) - first_;
      made_.erase(made_.begin(), made_.begin() + drop * std::int64_t(length));
      first_ += drop;
    }
    for (; next <= last; ++next) {
      made_.resize(made_.size() + length);
      const auto row = std::span(made_).last(length);
      if (encoder_) {
        std::vector<float> heard(std::size_t(audio::mel_window_rows) * audio::mel_bands);
        mel_.encoder_input(next, heard);
        encoder_->write("mel", heard);
        encoder_->run();
        encoder_->read("output", row);
      } else {
        mel_.mel_feature(next, row);
      }
    }
    mel_.forget(next);
  }

  window_settings settings_;
  audio::mel_windows mel_;
  std::shared_ptr<const audio::feature_rows> given_;
  std::unique_ptr<session> encoder_;
  std::vector<float> made_;  // rows first_, first_ + 1, ...
  std::int64_t first_ = 0, samples_ = 0;
  bool finished_ = false;
};

}  // namespace viseme::render
