// L1, MSE, and BCE on the cosine of two embeddings.
#pragma once

#include <backends/reference/normalize.hpp>
#include <viseme/losses/losses.hpp>

namespace viseme {
namespace backends {

/// Mean of value(a - b), and weight slope(a - b) / count into the gradients of both.
template <class T, class Value, class Slope>
double mean_difference(host_context& c, const loss_call<T>& call, Value&& value, Slope&& slope) {
  const auto a = call.a, b = call.b;
  const double count = double(a.size.count());
  double total = 0;
  for (int n = 0; n < a.size.n; ++n)
    total += op<l2_normalize, reference<T>>::sum(a.size, [&](int ch, int h, int w) { return value(double(a(n, ch, h, w)) - b(n, ch, h, w)); });
  const auto gradient = [&](double sign) {
    return [&, sign](int n, int ch, int h, int w) { return sign * call.weight * slope(double(a(n, ch, h, w)) - b(n, ch, h, w)) / count; };
  };
  if (call.d_a) write_each(c, call.d_a, call.write_a, gradient(1));
  if (call.d_b) write_each(c, call.d_b, call.write_b, gradient(-1));
  return total / count;
}

}  // namespace backends

template <class T>
struct op<l1_loss, backends::reference<T>> {
  static double run(backends::host_context& c, const loss_call<T>& call) {
    return backends::mean_difference(c, call, [](double d) { return std::abs(d); }, [](double d) { return double(d > 0) - double(d < 0); });
  }
};

template <class T>
struct op<mse_loss, backends::reference<T>> {
  static double run(backends::host_context& c, const loss_call<T>& call) {
    return backends::mean_difference(c, call, [](double d) { return d * d; }, [](double d) { return 2 * d; });
  }
};

template <class T>
struct op<cosine_bce_loss, backends::reference<T>> {
  using norm = op<l2_normalize, backends::reference<T>>;

  static double run(backends::host_context& c, const loss_call<T>& call) {
    constexpr double eps = 1e-8, log_floor = -100;
    const auto a = call.a, b = call.b;
    const int samples = a.size.n;
    double total = 0;
    for (int n = 0; n < samples; ++n) {
      const double length_a = norm::norm(a, n), length_b = norm::norm(b, n);
      const double used_a = std::max(length_a, eps), used_b = std::max(length_b, eps);
      const double cosine = norm::sum(a.size, [&](int ch, int h, int w) { return double(a(n, ch, h, w)) * b(n, ch, h, w); }) / (used_a * used_b);
      const double p = (1 + cosine) / 2, label = call.labels[n];
      total -= label * std::max(std::log(p), log_floor) + (1 - label) * std::max(std::log(1 - p), log_floor);
      // d BCE / dp with PyTorch's guard, then d cos / da = b / (|a| |b|) - cos a / |a|^2.
      const double slope = call.weight / samples * (p - label) / std::max(p * (1 - p), 1e-12) / 2;
      const auto gradient = [&](view<T> to, gradient_write write, view<const T> self, view<const T> other, double length, double used) {
        if (!to) return;
        to.data += n * to.step.n;
        to.size.n = 1;
        backends::write_each(c, to, write, [&](int, int ch, int h, int w) {
          const double along = length < eps ? 0 : cosine * self(n, ch, h, w) / (used * used);
          return slope * (other(n, ch, h, w) / (used_a * used_b) - along);
        });
      };
      gradient(call.d_a, call.write_a, a, b, length_a, used_a);
      gradient(call.d_b, call.write_b, b, a, length_b, used_b);
    }
    return total / samples;
  }
};

}  // namespace viseme
