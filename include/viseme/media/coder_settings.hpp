// One scale of speed and one of quality, x264's, in the words of FFmpeg's encoders.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <viseme/media/av.hpp>

namespace viseme::media {

/// x264's presets, and NVIDIA's that are about as fast in proportion.
struct coder_preset {
  std::string_view name, of_nvidia;
};
inline constexpr std::array<coder_preset, 10> coder_presets{{{"ultrafast", "p1"},
                                                             {"superfast", "p1"},
                                                             {"veryfast", "p2"},
                                                             {"faster", "p3"},
                                                             {"fast", "p3"},
                                                             {"medium", "p4"},
                                                             {"slow", "p5"},
                                                             {"slower", "p6"},
                                                             {"veryslow", "p7"},
                                                             {"placebo", "p7"}}};

/// `settings` of an encoder for a preset's name and a quality from 0 (exact) to 51. An encoder's own presets are passed on to it. Throws `error`
/// for one that x264 does not know, which it would report on stderr itself.
inline void set_speed_and_quality(av::dictionary& settings, const AVCodec& coder, const std::string& preset, int quality) {
  const std::string_view name = coder.name;
  const auto known = std::ranges::find(coder_presets, preset, &coder_preset::name);
  if (name.ends_with("_nvenc")) {
    settings.set("preset", known == coder_presets.end() ? preset : std::string(known->of_nvidia));
    if (quality == 0) return settings.set("tune", "lossless");
    settings.set("rc", "vbr");
    settings.set("b", "0");
    return settings.set("cq", std::to_string(std::min(quality, 51)));
  }
  require(!name.starts_with("libx264") || known != coder_presets.end(), "preset '" + preset + "'", "unknown",
          "use ultrafast, veryfast, medium, slow...");
  settings.set("crf", std::to_string(quality));
  settings.set("preset", preset);
  if (coder.id == AV_CODEC_ID_VP9) {
    settings.set("deadline", "good");
    settings.set("cpu-used", "4");
    settings.set("row-mt", "1");
  }
}

}  // namespace viseme::media
