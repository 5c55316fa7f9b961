// y = gamma (x - mean) / sqrt(var + eps) + beta, statistics of the batch in training, running ones otherwise.
#pragma once

#include <cmath>

#include <backends/reference/backend.hpp>
#include <viseme/layers/batch_norm.hpp>

namespace viseme {

namespace backends {

/// Batch norm of any number of channels.
template <class T>
struct normalization {
  using norm = batch_norm<1>;

  static void forward(host_context& c, const forward_call<T>& call) {
    const auto x = call.in[0];
    const int C = call.out.size.c;
    const auto [gamma, beta, running_mean, running_var] = std::array{call.parameters[0], call.parameters[1], call.parameters[2], call.parameters[3]};
    const double count = double(x.size.pixels());
    c.threads.run(C, [&, gamma = gamma, beta = beta, running_mean = running_mean, running_var = running_var](int ch) {
      double mean = running_mean[ch], var = running_var[ch];
      if (call.statistics) {
        mean = var = 0;
        each(x, [&](int n, int h, int w) { mean += x(n, ch, h, w); });
        mean /= count;
        each(x, [&](int n, int h, int w) { var += (x(n, ch, h, w) - mean) * (x(n, ch, h, w) - mean); });
        var /= count;
        running_mean[ch] = T((1 - norm::momentum) * running_mean[ch] + norm::momentum * mean);
        running_var[ch] = T((1 - norm::momentum) * running_var[ch] + norm::momentum * var * (count > 1 ? count / (count - 1) : 1));
      }
      const double scale = 1 / std::sqrt(var + norm::eps);
      if (call.statistics) call.statistics[ch] = T(mean), call.statistics[C + ch] = T(scale);
      each(x, [&](int n, int h, int w) { call.out(n, ch, h, w) = T((x(n, ch, h, w) - mean) * scale * gamma[ch] + beta[ch]); });
    });
  }

  static void backward(host_context& c, const backward_call<T>& call) {
    const auto x = call.in[0];
    const int C = call.out.size.c;
    const auto dy = call.d_out;
    const double count = double(dy.size.pixels());
    c.threads.run(C, [&](int ch) {
      const bool batch = call.statistics != nullptr;
      const double mean = batch ? call.statistics[ch] : call.parameters[2][ch];
      const double scale = batch ? double(call.statistics[C + ch]) : 1 / std::sqrt(double(call.parameters[3][ch]) + norm::eps);
      double sum = 0, dot = 0;
      if (batch || call.d_parameters[0])
        each(dy, [&](int n, int h, int w) {
          sum += dy(n, ch, h, w);
          dot += dy(n, ch, h, w) * (x(n, ch, h, w) - mean) * scale;
        });
      if (call.d_parameters[0]) {
        call.d_parameters[0][ch] += T(dot);
        call.d_parameters[1][ch] += T(sum);
      }
      if (!call.d_in[0]) return;
      const double factor = scale * call.parameters[0][ch];
      each(dy, [&](int n, int h, int w) {
        const double g = dy(n, ch, h, w), centred = batch ? g - sum / count - (x(n, ch, h, w) - mean) * scale * dot / count : g;
        put(call.d_in[0](n, ch, h, w), centred * factor, call.write[0]);
      });
    });
  }

  template <class F>
  static void each(view<const T> x, F&& f) {
    for (int n = 0; n < x.size.n; ++n)
      for (int h = 0; h < x.size.h; ++h)
        for (int w = 0; w < x.size.w; ++w) f(n, h, w);
  }
};

}  // namespace backends

template <int C, class T>
struct op<batch_norm<C>, backends::reference<T>> : backends::normalization<T> {};

}  // namespace viseme
