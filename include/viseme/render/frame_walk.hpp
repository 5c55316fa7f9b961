// Which of the person's frames is shown at every step of a video that may be longer than the recording.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>

namespace viseme::render {

struct walk_options {
  std::int64_t start = 0;                ///< first frame shown, modulo the frames there are
  bool loop_back = true;                 ///< walk to and fro; else forward, and from frame 0 again after the last
  std::optional<std::int64_t> length;    ///< steps in all, where known: a walk to and fro then ends where it began
};

/// Frame numbers of a walk through `frames` frames. To and fro, neighbouring steps are never more than one frame apart.
///
/// To and fro without a length: up to the last frame, down to the first, and so on. With a length T the first half is that walk and the second
/// half the same backwards, so that the last step is at the start again: the reference's rule "turn at half of all frames", kept also where the
/// recording is the shorter one.
class frame_walk {
public:
  frame_walk(std::int64_t frames, const walk_options& options)
      : frames_(frames), start_(frames > 0 && options.start >= 0 ? options.start % frames : 0), loop_back_(options.loop_back), length_(options.length) {
    if (frames < 1 || options.start < 0 || options.length.value_or(0) < 0) throw std::logic_error("frame_walk: no frames, or a negative start or length");
  }

  /// Frame at step i >= 0, in constant time.
  std::int64_t at(std::int64_t i) const {
    if (!loop_back_) return (start_ + i % frames_) % frames_;
    if (length_) i = std::max<std::int64_t>(0, std::min(i, *length_ - 1 - i));
    const auto period = std::max<std::int64_t>(1, 2 * (frames_ - 1));
    const auto phase = (start_ + i % period) % period;
    return std::min(phase, period - phase) % frames_;
  }

private:
  std::int64_t frames_, start_;
  bool loop_back_;
  std::optional<std::int64_t> length_;
};

}  // namespace viseme::render
