// Timing and order statistics: what a run costs once it is warm.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <thread>
#include <vector>

namespace viseme::bench {

/// Milliseconds of repeated runs. `spread`: from the first quartile to the third, over the median.
struct statistics {
  double median_ms = 0, p95_ms = 0, min_ms = 0, spread = 0;
  int runs = 0;
};

/// `times` is not empty; percentiles are by nearest rank.
inline statistics summarise(std::vector<double> times) {
  std::ranges::sort(times);
  const auto n = times.size();
  const auto median = n % 2 ? times[n / 2] : (times[n / 2 - 1] + times[n / 2]) / 2;
  const auto rank = [&](double part) { return times[std::size_t(std::ceil(part * double(n))) - 1]; };
  return {median, rank(0.95), times.front(), median > 0 ? (rank(0.75) - rank(0.25)) / median : 0, int(n)};
}

template <class F>
double milliseconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// Runs once and returns its milliseconds.
using timed_run = std::function<double()>;

/// Runs the contestants in turns, A B C A B C, until each has had `seconds` on average and `least` turns. Warm them up before.
/// Other engines leave threads spinning for a moment after their turn, hence the pause between turns. A turn is `burst` runs; where it is
/// more than one, another run before them wakes threads and caches up again and is not counted.
inline std::vector<statistics> interleave(std::span<const timed_run> contestants, double seconds, int least = 3, int burst = 1) {
  const auto pause = std::chrono::milliseconds(contestants.size() > 1 ? 20 : 0);
  std::vector<std::vector<double>> times(contestants.size());
  double spent = 0;
  for (int round = 0; round < least || spent < 1e3 * seconds * double(contestants.size()); ++round)
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      std::this_thread::sleep_for(pause);
      if (burst > 1) contestants[i]();
      for (int k = 0; k < burst; ++k) {
        times[i].push_back(contestants[i]());
        spent += times[i].back();
      }
    }
  std::vector<statistics> results;
  for (auto& t : times) results.push_back(summarise(std::move(t)));
  return results;
}

}  // namespace viseme::bench
