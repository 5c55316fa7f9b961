// Memory plan: buffers with lifetimes into one arena.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace viseme::graph {

inline constexpr std::size_t alignment = 256;
constexpr std::size_t aligned(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

/// A buffer needed from step `first` to step `last`, both included. bytes == 0 means none.
struct lifetime {
  std::size_t bytes = 0;
  int first = 0, last = 0;
  std::size_t offset = 0;  // the plan's answer
};

namespace detail {
inline std::size_t first_fit(std::vector<lifetime>& buffers, const std::vector<int>& order) {
  std::size_t total = 0;
  std::vector<const lifetime*> placed, clashing;
  for (int i : order) {
    auto& b = buffers[i];
    if (b.bytes == 0) continue;
    clashing.clear();
    for (const auto* p : placed)
      if (p->first <= b.last && b.first <= p->last) clashing.push_back(p);
    std::sort(clashing.begin(), clashing.end(), [](auto* a, auto* c) { return a->offset < c->offset; });
    b.offset = 0;
    for (const auto* p : clashing) {
      if (b.offset + b.bytes <= p->offset) break;
      b.offset = std::max(b.offset, aligned(p->offset + p->bytes));
    }
    placed.push_back(&b);
    total = std::max(total, aligned(b.offset + b.bytes));
  }
  return total;
}
}  // namespace detail

/// Sets every offset so that buffers alive at the same step do not overlap; returns the arena's size in bytes. First fit in order of
/// execution and by size, the smaller of both kept.
inline std::size_t place(std::vector<lifetime>& buffers) {
  std::vector<int> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return buffers[a].first < buffers[b].first; });
  auto by_time = buffers, by_size = buffers;
  const auto time_total = detail::first_fit(by_time, order);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return buffers[a].bytes > buffers[b].bytes; });
  const auto size_total = detail::first_fit(by_size, order);
  buffers = size_total < time_total ? by_size : by_time;
  return std::min(size_total, time_total);
}

}  // namespace viseme::graph
