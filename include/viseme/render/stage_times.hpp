// Where the time goes: milliseconds of every stage of every frame.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

namespace viseme::render {

/// `net` is every run of the net; `net_cold` those with the image encoder, `net_warm` those that started from a kept one.
enum class stage { audio, features, decode, crop, net, net_cold, net_warm, blend, encode, whole };
inline constexpr std::array<std::string_view, 10> stage_names{
    "audio", "features", "decode", "crop", "net", "net_cold", "net_warm", "blend", "encode", "whole"};

/// Milliseconds; p95 means that 95 of 100 were no slower.
struct time_summary {
  double median = 0, p95 = 0, p99 = 0;
  std::size_t runs = 0;
};

/// Not for two threads at once. Memory is bounded: beyond 2^20 runs a stage's earliest times are overwritten.
class stage_times {
public:
  void add(stage s, double milliseconds) {
    auto& list = times_[std::size_t(s)];
    auto& count = counts_[std::size_t(s)];
    if (list.size() < most)
      list.push_back(float(milliseconds));
    else
      list[count % most] = float(milliseconds);
    ++count;
  }

  /// Runs `work` and adds the time it took.
  template <class Work>
  decltype(auto) measure(stage s, Work&& work) {
    struct stopwatch {
      stage_times& times;
      stage s;
      std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
      ~stopwatch() { times.add(s, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count()); }
    } watch{*this, s};
    return work();
  }

  time_summary summary(stage s) const {
    auto sorted = times_[std::size_t(s)];
    if (sorted.empty()) return {};
    std::ranges::sort(sorted);
    const auto at = [&](double part) { return double(sorted[std::min(sorted.size() - 1, std::size_t(part * double(sorted.size())))]); };
    return {at(0.5), at(0.95), at(0.99), counts_[std::size_t(s)]};
  }

private:
  static constexpr std::size_t most = std::size_t(1) << 20;
  std::array<std::vector<float>, stage_names.size()> times_;
  std::array<std::size_t, stage_names.size()> counts_{};
};

}  // namespace viseme::render
