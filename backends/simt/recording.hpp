// Work that is recorded once and replayed.
#pragma once

#include <optional>
#include <utility>

#include <backends/simt/backend.hpp>

namespace viseme {

/// The first run does the work as it goes, which loads the kernels and grows what grows; the second records it; later ones replay that:
/// what the work would do by then is not asked again, so what changes from run to run must be in the place's memory.
/// The place's `graph`: made from a context and the work, which only launches, copies and zeroes; `launch(context)` does it all.
template <class P, class T>
struct recording<backends::simt_backend<P, T>> {
  template <class F>
  void run(typename P::context& c, F&& work) {
    if (!graph_ && !std::exchange(warm_, true)) return work();
    if (!graph_) graph_.emplace(c, work);
    graph_->launch(c);
  }

private:
  std::optional<typename P::graph> graph_;
  bool warm_ = false;
};

}  // namespace viseme
