// Adam on the parameters, which are float whatever the activations are.
#pragma once

#include <cmath>

#include <backends/simt/backend.hpp>
#include <kernels/simt/adam.hpp>
#include <viseme/optim/adam.hpp>

namespace viseme {

template <class P, class T>
struct op<adam, backends::simt_backend<P, T>> {
  static void run(typename P::context& c, const adam_call<master_of<T>>& call) {
    if (!call.count) return;
    if (simt::in_vectors<4>(call.weight, call.first_moment, call.second_moment, call.gradient)) update<4>(c, call);
    else update<1>(c, call);
  }

private:
  template <int N>
  static void update(typename P::context& c, const adam_call<float>& call) {
    const auto& r = call.rule;
    using kernel = simt::adam_update<N>;
    const kernel k{.count = call.count, .weight = call.weight, .first_moment = call.first_moment, .second_moment = call.second_moment,
                   .gradient = call.gradient, .scale = float(call.gradient_scale), .keep1 = float(r.beta1), .take1 = float(1 - r.beta1),
                   .keep2 = float(r.beta2), .take2 = float(1 - r.beta2), .step = float(r.lr / (1 - std::pow(r.beta1, double(call.step)))),
                   .correction = float(1 / std::sqrt(1 - std::pow(r.beta2, double(call.step)))), .epsilon = float(r.eps)};
    launch(c, simt::flat_grid(call.count, N, kernel::threads), k);
  }
};

}  // namespace viseme
