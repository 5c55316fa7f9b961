// Losses: value and gradients of `reference` by finite differences, `cpu` against it.
#include "check_layer.hpp"

using namespace viseme;
using namespace viseme::tests;

namespace {

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

loss_case random_case(shape s) {
  std::mt19937 generator(3);
  loss_case k{.size = s, .a = random_numbers(s.count(), generator), .b = random_numbers(s.count(), generator), .labels = {}};
  for (int n = 0; n < s.n; ++n) k.labels.push_back(float(n % 2));
  return k;
}

template <class Loss, class B>
loss_result run_loss(const loss_case& k, bool both, gradient_write write = gradient_write::overwrite, double before = NAN) {
  using T = typename B::scalar;
  block<B> a(k.a, k.size), b(k.b, k.size), d_a(numbers(k.a.size(), before)), d_b(numbers(k.a.size(), before));
  loss_call<T> call{.a = {a.data, k.size, B::preferred}, .b = {b.data, k.size, B::preferred}, .labels = k.labels.data(), .weight = k.weight, .d_a = {d_a.data, k.size, B::preferred}, .d_b = {}, .write_a = write, .write_b = write};
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

template <class Loss>
void check_loss(shape s, bool both) {
  BOOST_TEST_CONTEXT("size " << text(s)) {
    const auto k = random_case(s);
    const auto want = run_loss<Loss, truth>(k, true);
    check_gradient<Loss>("gradient of a", k, &loss_case::a, want.d_a);
    check_gradient<Loss>("gradient of b", k, &loss_case::b, want.d_b);
    const auto have = run_loss<Loss, fast>(k, both);
    BOOST_TEST(std::abs(have.loss - want.loss) <= 1e-6 * want.loss);
    check_near("gradient of a", have.d_a, want.d_a, 1e-5, 1e-9);
    if (both) check_near("gradient of b", have.d_b, want.d_b, 1e-5, 1e-9);
    auto added = run_loss<Loss, fast>(k, both, gradient_write::accumulate, 2);
    for (auto& d : added.d_a) d -= 2;
    check_near("added gradient", added.d_a, want.d_a, 1e-5, 0.1);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(absolute) {
  check_loss<l1_loss>({2, 3, 7, 33}, false);
  check_loss<l1_loss>({1, 1, 1, 1}, false);
}

BOOST_AUTO_TEST_CASE(squared) {
  check_loss<mse_loss>({3, 19, 7, 1}, false);
  check_loss<mse_loss>({1, 3, 33, 33}, false);
}

BOOST_AUTO_TEST_CASE(cosine) {
  check_loss<cosine_bce_loss>({2, 33, 1, 1}, true);
  check_loss<cosine_bce_loss>({5, 7, 2, 1}, true);
}

BOOST_AUTO_TEST_CASE(values_by_hand) {
  loss_case k{.size = {1, 2, 1, 1}, .a = {1, 0}, .b = {0, 3}, .labels = {1}};
  BOOST_TEST((run_loss<l1_loss, truth>(k, false).loss) == 2.0);
  BOOST_TEST((run_loss<mse_loss, truth>(k, false).loss) == 5.0);
  BOOST_TEST((run_loss<cosine_bce_loss, truth>(k, false).loss) == std::log(2.0));
}

BOOST_AUTO_TEST_CASE(opposite_embeddings_stay_finite) {
  loss_case k{.size = {1, 2, 1, 1}, .a = {1, 0}, .b = {-1, 0}, .labels = {1}};
  const auto r = run_loss<cosine_bce_loss, truth>(k, true);
  BOOST_TEST(r.loss == 100.0);
  for (double d : r.d_a) BOOST_TEST(std::isfinite(d));
}

BOOST_AUTO_TEST_SUITE_END()
