// The kinds of audio features, and the shapes of their 16-row windows as net inputs. `mel` has the shapes of `ave`.
#pragma once

#include <viseme/core/shape.hpp>

namespace viseme {

enum class audio_features { ave, hubert, wenet };

/// The UNet's audio input (N, C, H, W) for N samples.
constexpr shape audio_window(audio_features f, int n) {
  switch (f) {
    case audio_features::hubert: return {n, 32, 32, 32};
    case audio_features::wenet: return {n, 256, 16, 32};
    default: return {n, 32, 16, 16};
  }
}

/// SyncNet's; its wenet layer has 128 channels, half of what a wenet window holds (a fault of the reference kept for its checkpoints).
constexpr shape sync_audio_window(audio_features f, int n) {
  return f == audio_features::wenet ? shape{n, 128, 16, 32} : audio_window(f, n);
}

}  // namespace viseme
