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

/// Milliseconds of repeated runs.
struct statistics {
  double median_ms = 0, p95_ms = 0, min_ms = 0;
  int runs = 0;
};

/// `times` is not empty; the 95th percentile is by nearest rank.
inline statistics summarise(std::vector<double> times) {
  std::ranges::sort(times);
  const auto n = times.size();
  const auto median = n % 2 ? times[n / 2] : (times[n / 2 - 1] + times[n / 2]) / 2;
  return {median, times[std::size_t(std::ceil(0.95 * double(n))) - 1], times.front(), int(n)};
}

template <class F>
double milliseconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// Runs once and returns its milliseconds.
using timed_run = std::function<double()>;

/// Runs the contestants in turns, A B C A B C, until each has had `seconds` on average and `least` runs. Warm them up before.
/// Contestants in other processes leave threads spinning for a moment after their turn, hence the pause between turns.
inline std::vector<statistics> interleave(std::span<const timed_run> contestants, double seconds, int least = 3) {
  const auto pause = std::chrono::milliseconds(contestants.size() > 1 ? 20 : 0);
  std::vector<std::vector<double>> times(contestants.size());
  double spent = 0;
  for (int round = 0; round < least || spent < 1e3 * seconds * double(contestants.size()); ++round)
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      std::this_thread::sleep_for(pause);
      times[i].push_back(contestants[i]());
      spent += times[i].back();
    }
  std::vector<statistics> results;
  for (auto& t : times) results.push_back(summarise(std::move(t)));
  return results;
}

}  // namespace viseme::bench
