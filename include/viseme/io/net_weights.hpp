// A net's flat block of weights from a checkpoint file, with what the file says of itself.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <viseme/io/checkpoint.hpp>
#include <viseme/io/load.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::io {

/// Weights ready for `device::prepare` or `device::train`.
struct net_weights {
  net_spec spec;
  std::vector<float> block;
  std::map<std::string, std::string> metadata;
};

/// Names of a net's published file that the net does not use: VGG-19's later layers.
inline load_options unused_by(const net_spec& spec) { return spec.net == "vgg19" ? whole_vgg19() : load_options{}; }

/// The flat block of `spec` from a checkpoint already read. Throws one `error` naming everything that is missing, unexpected or of
/// another shape, or if a weight is not a finite number.
inline std::vector<float> block_of(const checkpoint& file, const net_spec& spec, const std::string& what) {
  const auto table = checkpoint_parameters(spec);
  const auto tensors = load_strict(file, table, what, unused_by(spec));
  std::vector<float> block(block_size(table));
  for (const auto& entry : table) {
    const auto values = tensors.at(entry.name).to_float();
    for (const float v : values) require(std::isfinite(v), what, "'" + entry.name + "' holds a value that is no number", "train or download it again");
    std::copy(values.begin(), values.end(), block.begin() + std::ptrdiff_t(entry.offset));
  }
  return net_block(spec, std::move(block));
}

/// The weights of `net` from a checkpoint already read, which errors call `what`. Features and width are the file's own where its metadata
/// has them; what is asked for must then agree. A file without metadata needs `features` where the net has kinds of them; its width is
/// `width`, else wide. Throws `error`.
inline net_weights net_from(checkpoint file, const std::string& what, const std::string& net, const std::optional<std::string>& features = {},
                            const std::optional<std::string>& width = {}) {
  const auto stated = [&](const std::string& key) -> std::optional<std::string> {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::nullopt : std::optional(found->second);
  };
  const auto choose = [&](const std::string& key, const std::optional<std::string>& asked) {
    const auto own = stated(key);
    require(!own || !asked || *own == *asked, what, "its " + key + " is " + own.value_or("") + ", not " + asked.value_or(""),
            "leave --" + key + " out or give another checkpoint");
    return own ? own : asked;
  };
  if (const auto own = stated("net")) require(*own == net, what, "it holds the net " + *own + ", not " + net, "give a checkpoint of " + net);
  net_spec spec{.net = net};
  if (net == "unet" || net == "syncnet") {
    const auto kind = choose("features", features);
    require(kind.has_value(), what, "it does not say which sound features it was trained with", "say --features mel, ave, hubert or wenet");
    spec.features = *kind;
  }
  if (net == "unet") spec.width = choose("width", width).value_or("wide");
  auto block = block_of(file, spec, net + " weights " + what);
  return {std::move(spec), std::move(block), std::move(file.metadata)};
}

/// Reads the weights of `net` from a file, as `net_from` says.
inline net_weights load_net(const std::filesystem::path& path, const std::string& net, const std::optional<std::string>& features = {},
                            const std::optional<std::string>& width = {}) {
  return net_from(read_checkpoint(path), "'" + path.string() + "'", net, features, width);
}

}  // namespace viseme::io
