#include "check_simt.hpp"
#include <tests/layers/check_losses.hpp>

namespace losses_suite {

using namespace viseme;
using namespace viseme::tests;

template <class T>
loss_case rounded_case(loss_case k) {
  for (auto* v : {&k.a, &k.b})
    for (auto& x : *v) x = double(float(T(float(x))));
  return k;
}

bool same_bits(const loss_result& a, const loss_result& b) { return a.loss == b.loss && a.d_a == b.d_a && a.d_b == b.d_b; }

/// Gradients are small beside their divisor: halves have their roundings, and fp16 its smallest steps.
template <class Loss>
void check_loss(shape s) {
  for_each_scalar([&]<class T>(T) {
    BOOST_TEST_CONTEXT("size " << text(s)) {
      using B = under_test<T>;
      auto k = rounded_case<T>(random_case(s));
      if constexpr (std::is_same_v<T, fp16>) k.weight = 64;
      const auto want = run_loss<Loss, truth>(k, true);
      const loss_bars bar{1e-6, bars_of<T>().backward, std::is_same_v<T, float> ? 1e-5 : 32 * bars_of<T>().sum};
      for (const bool both : {false, true}) check_loss_on<Loss, B>(k, want, both, bar);
      const auto have = run_loss<Loss, B>(k, true);
      in_every_order<B>([&] { BOOST_TEST(same_bits(run_loss<Loss, B>(k, true), have), "results depend on the order of threads"); });
    }
  });
}

BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(absolute) {
  check_loss<l1_loss>({2, 3, 7, 33});
  check_loss<l1_loss>({1, 64, 33, 33});
  check_loss<l1_loss>({1, 1, 1, 1});
}

BOOST_AUTO_TEST_CASE(squared) {
  check_loss<mse_loss>({3, 19, 7, 1});
  check_loss<mse_loss>({1, 3, 33, 33});
}

BOOST_AUTO_TEST_CASE(cosine) {
  check_loss<cosine_bce_loss>({2, 512, 1, 1});
  check_loss<cosine_bce_loss>({3, 33, 1, 1});
  check_loss<cosine_bce_loss>({5, 7, 2, 3});
}

BOOST_AUTO_TEST_CASE(values_by_hand) {
  using B = under_test<float>;
  loss_case k{.size = {1, 2, 1, 1}, .a = {1, 0}, .b = {0, 3}, .labels = {1}};
  BOOST_TEST((run_loss<l1_loss, B>(k, false).loss) == 2.0);
  BOOST_TEST((run_loss<mse_loss, B>(k, false).loss) == 5.0);
  BOOST_TEST((run_loss<cosine_bce_loss, B>(k, false).loss) == double(std::log(2.0f)));
}

BOOST_AUTO_TEST_CASE(extreme_embeddings_stay_finite) {
  using B = under_test<float>;
  const loss_case opposite{.size = {1, 2, 1, 1}, .a = {1, 0}, .b = {-1, 0}, .labels = {1}};
  const loss_case same{.size = {1, 3, 1, 1}, .a = {0.3, 0.7, 0.1}, .b = {0.3, 0.7, 0.1}, .labels = {0}};
  const loss_case nothing{.size = {1, 3, 1, 1}, .a = {0, 0, 0}, .b = {0.3, 0.7, 0.1}, .labels = {0}};
  BOOST_TEST((run_loss<cosine_bce_loss, B>(opposite, true).loss) == 100.0);
  for (const auto& k : {opposite, same, nothing}) {
    const auto r = run_loss<cosine_bce_loss, B>(k, true);
    BOOST_TEST((std::isfinite(r.loss) && r.loss > 0));
    for (const auto& gradient : {r.d_a, r.d_b})
      for (double d : gradient) BOOST_TEST(std::isfinite(d));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace losses_suite
