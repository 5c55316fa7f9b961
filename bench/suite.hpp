// What a measured case is to the program: a name and what measures it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <bench/ceilings.hpp>
#include <bench/peers/peer.hpp>
#include <bench/report.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::bench {

/// How this run of the program measures.
struct setting {
  std::shared_ptr<device> on;
  dtype scalar = dtype::fp32;
  double seconds = 3;         // for a net; shorter things take a part of it
  double speech_seconds = 4;  // that a render renders
  ceilings top;
  std::vector<peer> peers;  // of nets, those that have run so far
  bool onednn = false;      // the peer of layers

  /// "cpu/fp32"
  std::string engine() const { return on->backend() + "/" + text(scalar); }
  /// Whether the device has gradients in this dtype.
  bool trains() const { return on->backend() != "cpu" || scalar == dtype::fp32; }
};

struct suite_case {
  std::string name;
  std::function<case_result(setting&)> measure;
  std::function<double(device&)> own_peak_mb = {};  // nets: to be called in a fresh process
};

/// Largest absolute difference of two outputs. Throws `error` where their sizes differ.
inline double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  require(a.size() == b.size(), "peer", "it gives " + std::to_string(b.size()) + " numbers for " + std::to_string(a.size()),
          "see its script");
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
  return largest;
}

std::vector<suite_case> net_suite(const setting&);
std::vector<suite_case> layer_suite(const setting&);
std::vector<suite_case> pipeline_suite(const setting&);
std::vector<suite_case> convolution_suite(const setting&);
std::vector<suite_case> product_suite(const setting&);
std::vector<suite_case> build_suite();

}  // namespace viseme::bench
