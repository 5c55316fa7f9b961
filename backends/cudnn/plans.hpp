// The plans of a context, by their tasks.
#pragma once

#include <deque>
#include <variant>

#include <backends/cudnn/plan.hpp>
#include <backends/cudnn/product.hpp>

namespace viseme::backends {

/// A task as its library runs it; neither plan: by cuda's kernels.
using convolution_plan = std::variant<std::monostate, cudnn_plan, product_plan>;

/// A net has tens of them, looked up outside of recorded runs: a list.
class convolution_plans {
public:
  /// make(t) where it is not there yet. The answer stays valid.
  template <class Make>
  const convolution_plan& of(const convolution_task& t, Make&& make) {
    for (const auto& p : all_)
      if (p.task == t) return p.plan;
    return all_.emplace_back(t, make(t)).plan;
  }

private:
  struct planned {
    convolution_task task;
    convolution_plan plan;
  };
  std::deque<planned> all_;
};

}  // namespace viseme::backends
