#include <bench/peers/onednn.hpp>

bool viseme::bench::has_onednn() { return false; }
std::unique_ptr<viseme::bench::onednn_layer> viseme::bench::make_onednn_layer(const layer_info&, std::span<const float>, int) {
  return nullptr;
}
