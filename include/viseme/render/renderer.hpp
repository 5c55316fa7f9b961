// Sound in, talking frames out: the streaming class every front end uses.
#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/audio/log_mel.hpp>
#include <viseme/media/dataset.hpp>
#include <viseme/render/face_painter.hpp>
#include <viseme/render/frame_source.hpp>
#include <viseme/render/frame_walk.hpp>
#include <viseme/render/kept_encoder.hpp>
#include <viseme/render/sound_features.hpp>
#include <viseme/render/stage_times.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::render {

/// What many users share: weights on a device and the person's folder. Immutable.
struct person {
  std::shared_ptr<const media::dataset> data;
  std::shared_ptr<const model> unet;
  std::shared_ptr<const model> audio_encoder;  ///< for ave; else empty
  window_settings sound;
};

struct renderer_options {
  std::optional<rational> fps;                        ///< of the pictures; default: the recording's
  std::int64_t start_frame = 0;
  bool loop_back = true;
  std::optional<std::int64_t> expected_samples;       ///< length of the sound, where known: the video then ends where it began
  std::shared_ptr<const audio::feature_rows> features;  ///< rows made elsewhere
  blend_rule blend = blend_rule::feather;
  frame_format result = frame_format::bgr;            ///< i420: for the encoder, where the device makes it; else BGR
  std::size_t cache_bytes = std::size_t(256) << 20;   ///< for decoded frames
  std::size_t encoder_bytes = std::size_t(512) << 20; ///< for what the net's image encoder makes of a frame; 0: compute it every time
};

/// One user's rendering: push() sound, pull() frames. A frame comes as soon as the sound its window shows is there, and is the same however
/// the sound was cut. In all, ceil(samples x fps / 16000) frames. Not for two threads at once.
class renderer {
public:
  renderer(std::shared_ptr<const person> who, renderer_options options)
      : person_(std::move(who)), options_(std::move(options)), fps_(options_.fps.value_or(person_->data->fps())),
        features_(person_->sound, person_->audio_encoder, options_.features),
        walk_(person_->data->frames(), {options_.start_frame, options_.loop_back, steps()}),
        source_(person_->data, [this](std::int64_t i) { return walk_.at(walk_step(i)); }, options_.cache_bytes), net_(*person_->unet, person_->data->frames(), options_.encoder_bytes),
        painter_(make_face_painter(net_, {person_->data->size().width, person_->data->size().height, options_.blend, options_.result})),
        window_(std::size_t(audio::row_length(person_->sound.kind)) * audio::window_rows) {}
  renderer(const renderer&) = delete;

  /// Mono samples at 16 kHz, any number of them.
  void push(std::span<const float> samples) {
    times_.measure(stage::audio, [&] { features_.push(samples); });
  }
  /// The sound is complete.
  void finish() {
    times_.measure(stage::audio, [&] { features_.finish(); });
  }

  /// The next frame, of the recording's size, in BGR or as `renderer_options::result` says; false where more sound is needed, or after
  /// the last one.
  bool pull(cv::Mat& frame) {
    if (!ready()) return false;
    times_.measure(stage::whole, [&] { draw(frame); });
    ++frames_;
    return true;
  }

  /// Frames pulled so far.
  std::int64_t frames() const { return frames_; }
  /// Frames that the sound pushed so far covers.
  std::int64_t covered() const { return frames_covering(features_.samples(), audio::sample_rate, fps_); }
  rational fps() const { return fps_; }
  const stage_times& times() const { return times_; }
  const kept_encoder& encoder() const { return net_; }

private:
  /// At another rate than the recording's its frames are repeated or left out: motion keeps its speed.
  std::int64_t walk_step(std::int64_t i) const { return audio::row_at(i, fps_, person_->data->fps()); }
  std::int64_t feature_row(std::int64_t i) const { return audio::row_at(i, fps_, person_->sound.fps); }
  std::optional<std::int64_t> steps() const {
    if (!options_.expected_samples) return {};
    const auto frames = frames_covering(*options_.expected_samples, audio::sample_rate, fps_);
    return frames > 0 ? walk_step(frames - 1) + 1 : 0;
  }
  bool ready() const { return frames_ < covered() && features_.ready(feature_row(frames_)); }

  void draw(cv::Mat& frame) {
    // The window is read for frames without a face too: rows must be asked for in order, and features cost little.
    times_.measure(stage::features, [&] { features_.window(feature_row(frames_), window_); });
    auto [number, picture, decoding_ms] = source_.next();
    if (decoding_ms > 0) times_.add(stage::decode, decoding_ms);
    frame = std::move(picture);
    painter_->draw(frame, number, person_->data->record(number), window_, times_);
  }

  std::shared_ptr<const person> person_;
  renderer_options options_;
  rational fps_;
  sound_features features_;
  frame_walk walk_;
  frame_source source_;
  kept_encoder net_;
  std::unique_ptr<face_painter> painter_;
  std::vector<float> window_;
  stage_times times_;
  std::int64_t frames_ = 0;
};

}  // namespace viseme::render
