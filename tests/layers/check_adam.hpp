// Five steps of Adam against the formula of torch.optim.Adam, written out.
#pragma once

#include <tests/layers/check_layer.hpp>
#include <viseme/optim/adam.hpp>

namespace viseme::tests {

inline constexpr int adam_steps = 5;
inline constexpr viseme::adam adam_rule{.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};

inline numbers adam_gradient(int step, std::size_t count) {
  std::mt19937 generator(step);
  return random_numbers(count, generator);
}

inline numbers adam_by_formula(numbers w, double scale) {
  numbers m(w.size()), v(w.size());
  for (int t = 1; t <= adam_steps; ++t) {
    const auto g = adam_gradient(t, w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      m[i] = adam_rule.beta1 * m[i] + (1 - adam_rule.beta1) * scale * g[i];
      v[i] = adam_rule.beta2 * v[i] + (1 - adam_rule.beta2) * scale * g[i] * scale * g[i];
      const double unbiased_m = m[i] / (1 - std::pow(adam_rule.beta1, t)), unbiased_v = v[i] / (1 - std::pow(adam_rule.beta2, t));
      w[i] -= adam_rule.lr * unbiased_m / (std::sqrt(unbiased_v) + adam_rule.eps);
    }
  }
  return w;
}

/// `first`: where in its memory the block begins.
template <class B>
numbers adam_by_backend(const numbers& start, double scale, std::size_t first = 0) {
  using master = master_of<typename B::scalar>;
  using masters = block<B, master>;
  const auto behind = [&](const numbers& values) {
    numbers all(first, 7);
    all.insert(all.end(), values.begin(), values.end());
    return masters(all);
  };
  const auto w = behind(start), m = behind(numbers(start.size(), 0)), v = behind(numbers(start.size(), 0));
  for (int t = 1; t <= adam_steps; ++t) {
    const auto g = behind(adam_gradient(t, start.size()));
    const adam_call<master> call{w.data + first, m.data + first, v.data + first, g.data + first, start.size(), t, adam_rule, scale};
    found_op<viseme::adam, B>::run(context<B>(), call);
  }
  auto all = w.values();
  for (std::size_t i = 0; i < first; ++i) BOOST_TEST(all[i] == 7);
  all.erase(all.begin(), all.begin() + first);
  return all;
}

}  // namespace viseme::tests
