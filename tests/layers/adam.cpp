// Five steps of Adam against the formula of torch.optim.Adam, written out.
#include "check_layer.hpp"

#include <viseme/optim/adam.hpp>

using namespace viseme;
using namespace viseme::tests;

namespace {

constexpr int step_count = 5;
constexpr viseme::adam rule{.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};

numbers gradient_of(int step, std::size_t count) {
  std::mt19937 generator(step);
  return random_numbers(count, generator);
}

numbers by_formula(numbers w, double scale) {
  numbers m(w.size()), v(w.size());
  for (int t = 1; t <= step_count; ++t) {
    const auto g = gradient_of(t, w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      m[i] = rule.beta1 * m[i] + (1 - rule.beta1) * scale * g[i];
      v[i] = rule.beta2 * v[i] + (1 - rule.beta2) * scale * g[i] * scale * g[i];
      const double unbiased_m = m[i] / (1 - std::pow(rule.beta1, t)), unbiased_v = v[i] / (1 - std::pow(rule.beta2, t));
      w[i] -= rule.lr * unbiased_m / (std::sqrt(unbiased_v) + rule.eps);
    }
  }
  return w;
}

template <class B>
numbers by_backend(const numbers& start, double scale) {
  block<B> w(start), m(numbers(start.size(), 0)), v(numbers(start.size(), 0));
  for (int t = 1; t <= step_count; ++t) {
    block<B> g(gradient_of(t, start.size()));
    found_op<viseme::adam, B>::run(context<B>(), adam_call<typename B::scalar>{w.data, m.data, v.data, g.data, start.size(), t, rule, scale});
  }
  return w.values();
}

void check(std::size_t count, double scale) {
  const auto start = gradient_of(99, count), want = by_formula(start, scale);
  check_near("reference", by_backend<truth>(start, scale), want, 1e-12);
  check_near("cpu", by_backend<fast>(start, scale), want, 1e-6);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(adam)

BOOST_AUTO_TEST_CASE(as_in_torch) {
  for (std::size_t count : {1, 7, 33, 40000}) check(count, 1);
}

BOOST_AUTO_TEST_CASE(scaled_gradients) { check(100, 1.0 / 1024); }

BOOST_AUTO_TEST_SUITE_END()
