// A person ready to be rendered: dataset, checkpoint and, for ave features, the audio encoder.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <viseme/audio/features.hpp>
#include <viseme/io/net_weights.hpp>
#include <viseme/io/sha256.hpp>
#include <viseme/media/dataset.hpp>
#include <viseme/render/renderer.hpp>
#include <viseme/run/runner.hpp>
#include <viseme/train/checkpoint.hpp>

namespace viseme::render {

struct person_files {
  std::filesystem::path dataset;
  std::filesystem::path checkpoint;                    ///< a file, or a folder: its largest number
  std::optional<std::filesystem::path> audio_encoder;  ///< AVE weights; needed for ave features unless rows are brought
  std::optional<std::string> features, width;          ///< for a .pth, which does not say them
  bool reference_window = false;                       ///< the reference's window rule at the ends of the sound
};

/// Throws `error` where a file is missing or broken, or checkpoint and options disagree.
inline std::shared_ptr<const person> load_person(device& on, const person_files& files) {
  person who;
  who.data = std::make_shared<const media::dataset>(media::dataset::open(files.dataset));
  const auto path = train::newest_checkpoint(files.checkpoint);
  const auto net = io::load_net(path, "unet", files.features, files.width);
  const auto info = train::info_of(net.spec, net.metadata, path.string());
  who.sound = {audio::parse_feature_kind(net.spec.features), info.fps, info.look_ahead,
               files.reference_window ? audio::window_rule::reference_rendering : audio::window_rule::edge};
  who.unet = on.prepare(net.spec, net.block);
  if (files.audio_encoder && who.sound.kind == audio::feature_kind::ave) {
    const auto own = info.audio_encoder_sha256;
    require(own.empty() || own == io::sha256_of(*files.audio_encoder), "'" + files.audio_encoder->string() + "'",
            "not the audio encoder that the checkpoint was trained with", "give that one");
    const auto encoder = io::load_net(*files.audio_encoder, "audio_encoder");
    who.audio_encoder = on.prepare(encoder.spec, encoder.block);
  }
  return std::make_shared<const person>(std::move(who));
}

}  // namespace viseme::render
