// The UNet while rendering. Its image encoder does not see the sound, and a person's frames come back: what it makes of a frame is kept, so
// that from the second time on only the decoder runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <viseme/run/runner.hpp>

namespace viseme::render {

/// `inc`, the encoder's first step, is computed from the image every time: it is three times as large as the others together and cheap.
inline const std::vector<std::string> kept_steps{"down1", "down2", "down3", "down4", "down5"};

/// One user's. Memory is bounded: once it is used up, frames that are kept stay and others are computed anew every time. On a walk to and fro
/// that serves as many frames as replacing the oldest would, on one that starts over far more, and it copies nothing twice.
class kept_encoder {
public:
  /// `frames` there are, of which as many are kept as `bytes` hold; 0: none. Rounded to bf16 a kept frame takes half the memory of fp32.
  kept_encoder(const model& unet, std::int64_t frames, std::size_t bytes, kept_as how = kept_as::bf16)
      : session_(unet.make_session(
            {.batch = 1, .image = {0, 0}, .cut = {{}, {}, bytes > 0 ? kept_steps : std::vector<std::string>{}}, .keep_as = how})),
        kept_(std::size_t(frames)), room_(bytes) {}

  /// Whether run() of this frame starts behind the encoder.
  bool keeps(std::int64_t frame) const { return kept_.at(std::size_t(frame)) != nullptr; }

  /// The face of a frame for a window of sound, shapes as the net's. `image` must be the same every time a frame comes.
  void run(std::int64_t frame, std::span<const float> image, std::span<const float> audio, std::span<float> output) {
    session_->write("image", image);
    hear(audio);
    if (keeps(frame)) {
      session_->resume(*kept_[std::size_t(frame)]);
    } else {
      session_->run();
      keep(frame);
    }
    session_->wait();
    session_->read("output", output);
  }
  /// The same in parts, with a painter that has the frame, and draws into it.
  void hear(std::span<const float> audio) { session_->write("audio", audio); }
  void draw(std::int64_t frame, frame_painter& frames, pixel_square face) {
    if (keeps(frame)) {
      frames.draw(face, *kept_[std::size_t(frame)]);
    } else {
      frames.draw(face);
      keep(frame);
    }
    session_->wait();
  }

  /// Of frames in the device's memory, or null; see session::make_painter.
  std::unique_ptr<frame_painter> make_painter(const frame_options& o) { return session_->make_painter(o); }

  /// Frames kept, and the memory they take.
  std::int64_t frames() const { return frames_; }
  std::size_t bytes() const { return std::size_t(frames_) * session_->kept_bytes(); }

private:
  void keep(std::int64_t frame) {
    const auto size = session_->kept_bytes();
    if (size == 0 || size > room_) return;
    kept_[std::size_t(frame)] = session_->keep();
    room_ -= size;
    ++frames_;
  }

  std::unique_ptr<session> session_;
  std::vector<std::unique_ptr<const kept_values>> kept_;
  std::size_t room_;
  std::int64_t frames_ = 0;
};

}  // namespace viseme::render
