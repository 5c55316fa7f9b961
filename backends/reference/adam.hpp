// Adam on a flat block.
#pragma once

#include <cmath>

#include <backends/reference/backend.hpp>
#include <viseme/optim/adam.hpp>

namespace viseme {

template <class T>
struct op<adam, backends::reference<T>> {
  static void run(backends::host_context& c, const adam_call<T>& call) {
    const auto& r = call.rule;
    const double correct1 = 1 - std::pow(r.beta1, double(call.step)), correct2 = std::sqrt(1 - std::pow(r.beta2, double(call.step)));
    constexpr std::size_t chunk = 1 << 14;
    c.threads.run(int((call.count + chunk - 1) / chunk), [&](int task) {
      for (std::size_t i = task * chunk; i < std::min(call.count, (task + 1) * chunk); ++i) {
        const double g = call.gradient[i] * call.gradient_scale;
        const double m = r.beta1 * call.first_moment[i] + (1 - r.beta1) * g, v = r.beta2 * call.second_moment[i] + (1 - r.beta2) * g * g;
        call.first_moment[i] = T(m);
        call.second_moment[i] = T(v);
        call.weight[i] = T(call.weight[i] - r.lr / correct1 * m / (std::sqrt(v) / correct2 + r.eps));
      }
    });
  }
};

}  // namespace viseme
