// Values that lie in the concatenation they become part of, so that joining moves nothing.
#pragma once

#include <span>
#include <vector>

#include <viseme/run/program.hpp>
#include <viseme/run/shape_plan.hpp>

namespace viseme {

/// Where a value lies: alone, or as the channels from `first` on of `whole`, which may lie in another in turn.
struct joined_value {
  int whole = -1;
  int first = 0;
};

/// Of every value of a run of `steps`, those that are computed. What is fed, wanted or kept lies alone, and what an op wants without gaps.
template <class B>
std::vector<joined_value> join_in_place(std::span<const step<B>> steps, const shape_plan& shapes) {
  const int values = shapes.net.values();
  std::vector<joined_value> joined(values);
  std::vector<bool> settled(values);
  for (int v = 0; v < values; ++v) settled[v] = shapes.fed[v] || shapes.wanted[v];
  for (const auto& s : steps) {
    if (!shapes.computes(s.out) || !s.needs_dense) continue;
    settled[s.out] = true;
    for (int k = 0; k < s.in.count; ++k) settled[s.in.id[k]] = true;
  }
  for (const auto& s : steps) {
    if (!shapes.computes(s.out) || !s.joins_in_place) continue;
    for (int k = 0, first = 0; k < s.in.count; first += shapes.size[s.in.id[k++]].c)
      if (const int v = s.in.id[k]; !settled[v]) joined[v] = {s.out, first}, settled[v] = true;
  }
  return joined;
}

}  // namespace viseme
