// The nets that are exported.
#pragma once

#include <vector>

#include <viseme/run/runner.hpp>

namespace viseme::tests {

inline std::vector<net_spec> every_net() {
  std::vector<net_spec> nets;
  for (const char* features : {"mel", "hubert", "wenet"}) {
    for (const char* width : {"wide", "mobile"}) nets.push_back({"unet", features, width});
    nets.push_back({"syncnet", features, "wide"});
  }
  for (const char* net : {"audio_encoder", "pfld", "vgg19"}) nets.push_back({net, "ave", "wide"});
  return nets;
}

inline std::string text(const net_spec& s) { return s.net + " " + s.features + " " + s.width; }

}  // namespace viseme::tests
