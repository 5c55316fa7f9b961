// MobileOne's parallel branches into one convolution with bias: every branch is linear up to its norm, so weights and biases add up.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <viseme/graph/parameters.hpp>
#include <viseme/layers/batch_norm.hpp>

namespace viseme {

/// Block of the folded net from the block of the net with branches; parameters of one name are copied.
class branch_folding {
public:
  branch_folding(const std::vector<parameter_entry>& from, std::span<const float> block) : block_(block) {
    for (const auto& e : from) entries_.emplace(e.name, &e);
  }

  std::vector<float> operator()(const std::vector<parameter_entry>& to) const {
    std::vector<float> folded(block_size(to));
    for (const auto& e : to) {
      if (const auto same = entries_.find(e.name); same != entries_.end()) {
        std::copy_n(values(e.name), e.count, folded.data() + e.offset);
      } else if (e.name.ends_with(".weight")) {
        const auto bias = std::find_if(to.begin(), to.end(), [&](const auto& b) { return b.node == e.node && b.index == 1; });
        fold(e.name.substr(0, e.name.size() - 7), e, folded.data() + e.offset, folded.data() + bias->offset);
      }
    }
    return folded;
  }

private:
  const float* values(const std::string& name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : block_.data() + found->second->offset;
  }

  /// weight: (out, in per group, k, k)
  void fold(const std::string& block, const parameter_entry& e, float* weight, float* bias) const {
    const int out = int(e.sizes[0]), in = int(e.sizes[1]), taps = int(e.sizes[2] * e.sizes[3]), centre = taps / 2;
    std::vector<double> w(e.count), b(out);
    const auto with_norm = [&](const std::string& norm, auto&& add_kernel) {
      const float *gamma = values(norm + ".weight"), *beta = values(norm + ".bias"), *mean = values(norm + ".running_mean"), *var = values(norm + ".running_var");
      if (!gamma) return;
      for (int o = 0; o < out; ++o) {
        const double scale = gamma[o] / std::sqrt(double(var[o]) + batch_norm<1>::eps);
        add_kernel(o, scale);
        b[o] += beta[o] - mean[o] * scale;
      }
    };
    for (int branch = 0; branch < 6; ++branch) {
      const auto name = block + ".rbr_conv." + std::to_string(branch);
      with_norm(name + ".bn", [&](int o, double scale) {
        const float* kernel = values(name + ".conv.weight") + std::ptrdiff_t(o) * in * taps;
        for (int k = 0; k < in * taps; ++k) w[std::ptrdiff_t(o) * in * taps + k] += kernel[k] * scale;
      });
    }
    with_norm(block + ".rbr_scale.bn", [&](int o, double scale) {
      const float* kernel = values(block + ".rbr_scale.conv.weight") + std::ptrdiff_t(o) * in;
      for (int i = 0; i < in; ++i) w[(std::ptrdiff_t(o) * in + i) * taps + centre] += kernel[i] * scale;
    });
    with_norm(block + ".rbr_skip", [&](int o, double scale) { w[(std::ptrdiff_t(o) * in + o % in) * taps + centre] += scale; });
    std::copy(w.begin(), w.end(), weight);
    std::copy(b.begin(), b.end(), bias);
  }

  std::span<const float> block_;
  std::unordered_map<std::string, const parameter_entry*> entries_;
};

}  // namespace viseme
