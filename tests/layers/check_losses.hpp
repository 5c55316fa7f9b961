// One line tests one loss on one backend: value and gradients of `reference` by finite differences, the backend against it.
#pragma once

#include <tests/layers/check_layer.hpp>
#include <viseme/losses/losses.hpp>

namespace viseme::tests {

struct loss_case {
  shape size;
  numbers a, b;
  std::vector<float> labels;
  double weight = 0.25;
};

struct loss_result {
  double loss;
  numbers d_a, d_b;
};

/// Largest error: of the value and of gradients in parts of the largest, and of gradients added to what was there.
struct loss_bars {
  double value, gradient, sum;
};

inline loss_case random_case(shape s) {
  std::mt19937 generator(3);
  loss_case k{.size = s, .a = random_numbers(s.count(), generator), .b = random_numbers(s.count(), generator), .labels = {}};
  for (int n = 0; n < s.n; ++n) k.labels.push_back(float(n % 2));
  return k;
}

template <class Loss, class B>
loss_result run_loss(const loss_case& k, bool both, gradient_write write = gradient_write::overwrite, double before = NAN) {
  using T = typename B::scalar;
  block<B> a(k.a, k.size), b(k.b, k.size), d_a(numbers(k.a.size(), before)), d_b(numbers(k.a.size(), before));
  const block<B, float> labels(numbers(k.labels.begin(), k.labels.end()));
  loss_call<T> call{.a = {a.data, k.size, B::preferred}, .b = {b.data, k.size, B::preferred}, .labels = labels.data, .weight = k.weight,
                    .d_a = {d_a.data, k.size, B::preferred}, .d_b = {}, .write_a = write, .write_b = write};
  if (both) call.d_b = {d_b.data, k.size, B::preferred};
  const double loss = found_op<Loss, B>::run(context<B>(), call);
  return {loss, d_a.values(k.size), d_b.values(k.size)};
}

template <class Loss>
void check_gradient(const std::string& what, loss_case k, numbers loss_case::*of, const numbers& gradient) {
  constexpr double h = 1e-5;
  for (std::size_t i = 0; i < gradient.size(); i += 1 + gradient.size() / 16) {
    double& x = (k.*of)[i];
    const double at = x;
    x = at + h;
    const double above = run_loss<Loss, truth>(k, false).loss;
    x = at - h;
    const double below = run_loss<Loss, truth>(k, false).loss;
    x = at;
    BOOST_TEST(std::abs(gradient[i] - k.weight * (above - below) / (2 * h)) <= 1e-9, what << "[" << i << "] is " << gradient[i]);
  }
}

/// `both`: whether b's gradient is asked for too.
template <class Loss, class B>
void check_loss_on(const loss_case& k, const loss_result& want, bool both, loss_bars bar) {
  const auto have = run_loss<Loss, B>(k, both);
  BOOST_TEST(std::abs(have.loss - want.loss) <= bar.value * want.loss, "loss " << have.loss << ", want " << want.loss);
  check_near("gradient of a", have.d_a, want.d_a, bar.gradient, 1e-9);
  if (both) check_near("gradient of b", have.d_b, want.d_b, bar.gradient, 1e-9);
  auto added = run_loss<Loss, B>(k, both, gradient_write::accumulate, 2);
  for (auto& d : added.d_a) d -= 2;
  check_near("added gradient", added.d_a, want.d_a, bar.sum, 0.1);
}

/// The reference itself.
template <class Loss>
loss_result check_reference(const loss_case& k) {
  const auto want = run_loss<Loss, truth>(k, true);
  check_gradient<Loss>("gradient of a", k, &loss_case::a, want.d_a);
  check_gradient<Loss>("gradient of b", k, &loss_case::b, want.d_b);
  return want;
}

}  // namespace viseme::tests
