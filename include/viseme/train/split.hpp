// Which frames a net learns from and which are held out to measure it.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/media/dataset.hpp>

namespace viseme::train {

struct split {
  std::vector<std::int64_t> training, held_out;
};

/// The last `fraction` of the frames is held out, and the 15 frames before it are left out of both: their sound windows (16 rows) overlap.
/// Only frames with a face and a feature row count. Throws `error` for a fraction outside [0, 0.9] or fewer than two training frames.
inline split split_frames(const media::dataset& data, const audio::feature_rows& features, double fraction) {
  require(fraction >= 0 && fraction <= 0.9, "held-out part " + std::to_string(fraction), "not within 0 to 0.9", "use 0.1");
  const auto frames = std::min(data.frames(), features.rows());
  const auto first = frames - std::int64_t(std::ceil(double(frames) * fraction));
  const auto gap = first < frames ? audio::window_rows - 1 : 0;
  split s;
  for (std::int64_t i = 0; i < frames; ++i) {
    if (!data.record(i).valid) continue;
    if (i < first - gap) s.training.push_back(i);
    if (i >= first) s.held_out.push_back(i);
  }
  require(s.training.size() >= 2, "dataset '" + data.folder().string() + "'",
          std::to_string(s.training.size()) + " frames left to train on, two are needed", "record more, or hold out less");
  return s;
}

}  // namespace viseme::train
